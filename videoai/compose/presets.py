"""Presets and overrides, composed by Hydra into one plain dict."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoai.compose.files import CONFIGS, GROUPS, check_chosen, check_own_files, choices_of
from videoai.compose.hydra_errors import one_line

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

# What PyYAML was reading when it noticed a fault of an earlier line, and what a person calls it.
OPENED = {"flow sequence": "a [", "flow mapping": "a {", "quoted scalar": "a quote", "simple key": "a key"}
BUILT_IN = "motion16"  # the data set whose model configs/train.yaml names


def compose_presets(
    job: str, overrides: Sequence[str] = (), config_dir: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """``configs/JOB.yaml`` with ``GROUP=NAME`` and ``KEY=VALUE`` applied -> the dict, and which file each group took.

    Raises: ValueError: one line: a choice that there is not, or what Hydra cannot read.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import MarkedYAMLError

    check_own_files(config_dir)
    for override in overrides:
        check_choice(override, config_dir)
        group, _, name = override.partition("=")
        check_chosen(group, name, config_dir, warn=True)
    search = [f"hydra.searchpath=[file://{os.path.abspath(config_dir)}]"] if config_dir else []
    try:
        return _composed(job, [*search, *map(forced, with_model(job, overrides))])
    except MarkedYAMLError as error:
        raise ValueError(yaml_fault(error)) from error
    except (HydraException, OmegaConfBaseException, ValueError, RecursionError) as error:
        raise ValueError(one_line(error, overrides, config_dir)) from error


def yaml_fault(error: "MarkedYAMLError") -> str:
    """``FILE:LINE: this is no YAML: ...``.

    A bracket or quote that is never closed, and a key without its colon, are noticed on a later line only: the line is
    that where they stand.
    """
    words, mark = str(error.problem), error.problem_mark
    opened = next((name for part, name in OPENED.items() if part in (error.context or "")), None)
    if opened and error.context_mark:
        words, mark = f"{opened} begins here, and then: {words}", error.context_mark
    elif "mapping values" in words:
        words += "; the line has a second colon, or the one above has none"
    place = f"{os.path.relpath(mark.name)}:{mark.line + 1}: " if mark else ""
    return f"{place}this is no YAML: {words}."


def with_model(job: str, overrides: Sequence[str]) -> list[str]:
    """The overrides; data that are chosen without a model, or an experiment that names one, get ``model=auto``."""
    chosen = dict(override.split("=", 1) for override in overrides if "=" in override)
    is_open = job == "train" and not any(key in ("experiment", "model", "model._target_") for key in chosen)
    is_other = chosen.get("data", BUILT_IN) != BUILT_IN or "data.features" in chosen
    return [*overrides, *(["model=auto"] if is_open and is_other else [])]


def check_choice(override: str, config_dir: str | None) -> None:
    """Raises: ValueError: a group gets a value and not the name of a file: ``optim=3``, ``data={...}``."""
    group, _, value = override.partition("=")
    if group in GROUPS and value.endswith((".yaml", ".yml")):
        raise ValueError(
            f"{override}: give the name alone, {group}={Path(value).stem}, and its folder by --config-dir DIR"
        )
    if group in GROUPS and (value[:1] in "[{" or value == "null" or value.replace(".", "", 1).isdecimal()):
        names = ", ".join(choices_of(group, config_dir))
        raise ValueError(
            f"{override}: {group} takes a name ({names}). Single settings are given one by one: {group}.KEY=VALUE"
        )


def _composed(job: str, overrides: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf

    with initialize_config_dir(config_dir=str(CONFIGS), version_base="1.3"):
        try:
            config = compose(job, overrides=list(overrides), return_hydra_config=True)
        except HydraException as error:
            if "Could not override 'clip'" not in str(error):
                raise
            added = [re.sub("^clip=", "+clip@_global_.clip=", override) for override in overrides]
            config = compose(job, overrides=added, return_hydra_config=True)  # a model of one's own that picks no clip
    own = [key for key in config if key != "hydra"]  # a file may hold numbers as keys, which are refused later
    settings = OmegaConf.masked_copy(config, own)  # pyright: ignore[reportArgumentType]
    return OmegaConf.to_container(settings, resolve=True), by_group(config.hydra.runtime.choices)  # pyright: ignore[reportReturnType]


def by_group(choices: Mapping[Any, Any]) -> dict[str, str]:
    """Hydra's choices, ``clip@_global_.clip: 16x2x32``, by the names of the groups."""
    return {str(key).partition("@")[0]: value for key, value in choices.items() if not str(key).startswith("hydra")}


def forced(override: str) -> str:
    """Presets hold only what differs, so a setting need not stand in one: Hydra's ``++`` adds or replaces it."""
    return override if override.partition("=")[0] in GROUPS else f"++{override}"
