"""The YAML files of ``configs/`` and of the user's own folder, composed by Hydra into one plain dict."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from videoai.core.messages import did_you_mean
from videoai.settings.parse import unknown

_PACKAGE = Path(__file__).resolve().parents[1]
# A wheel carries the files inside the package; in a source tree they stand beside it.
CONFIGS = _PACKAGE / "configs" if (_PACKAGE / "configs").is_dir() else _PACKAGE.parent / "configs"
GROUPS = tuple(sorted(path.name for path in CONFIGS.iterdir() if path.is_dir()))
GRAMMAR_ERRORS = ("mismatched input", "no viable alternative", "extraneous", "token recognition")


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
    search = [f"hydra.searchpath=[file://{os.path.abspath(config_dir)}]"] if config_dir else []
    try:
        return _composed(job, [*search, *map(forced, overrides)])
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{os.path.relpath(mark.name)}:{mark.line + 1}: " if mark else ""
        raise ValueError(f"{place}this is no YAML: {error.problem}.") from error
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise ValueError(
            _one_line(str(error) or f"a key or value that YAML allows and settings do not ({error!r})")
        ) from error


def check_own_files(config_dir: str | None) -> None:
    """Raises: ValueError: a file that would not be read, because it has the name of one of ours or ends in .yml."""
    for file in sorted(Path(config_dir).glob("*/*.y*ml")) if config_dir else ():
        group, shown = file.parent.name, os.path.relpath(file)
        if group in GROUPS and file.suffix == ".yml":
            raise ValueError(f"{shown}: only files that end in .yaml are read. Rename it to {file.stem}.yaml")
        if group in GROUPS and (CONFIGS / group / file.name).is_file():
            raise ValueError(
                f"{shown} has the name of a preset of videoai, which would be read instead. Rename it, such as "
                f"my_{file.name}, and choose it with {group}=my_{file.stem}"
            )


def check_choice(override: str, config_dir: str | None) -> None:
    """Raises: ValueError: a group gets a value and not the name of a file: ``optim=3``, ``data={...}``."""
    group, _, value = override.partition("=")
    if group in GROUPS and (value[:1] in "[{" or value == "null" or value.replace(".", "", 1).isdecimal()):
        names = ", ".join(choices_of(group, config_dir))
        raise ValueError(
            f"{override}: {group} takes a name ({names}). Single settings are given one by one: {group}.KEY=VALUE"
        )


def choices_of(group: str, config_dir: str | None = None) -> list[str]:
    """The names of a group's files."""
    folders = [CONFIGS / group, *([Path(config_dir) / group] if config_dir else [])]
    return sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})


def options_of(group: str, name: str) -> dict[str, Any] | None:
    """The keys that a preset of ours holds, without what it picks from other groups; None = no such preset."""
    import yaml

    file = CONFIGS / group / f"{name}.yaml"
    if not file.is_file():
        return None
    return {key: value for key, value in (yaml.safe_load(file.read_text()) or {}).items() if key != "defaults"}


def comments_of(group: str, name: str, config_dir: str | None = None) -> dict[str, str]:
    """The comment behind each key of a preset: ``width: 16  # channels`` -> ``{"width": "channels"}``."""
    files = [file for _, file in _chosen_files({group: name}, config_dir)]
    lines = files[0].read_text().splitlines() if files else []
    return {match[1]: match[2] for line in lines if (match := re.match(r"(\w+):.*?\s#\s+(.*)", line))}


def origin_of(key: str, choices: Mapping[str, str | None], config_dir: str | None) -> str | None:
    """The file that sets ``key``, among those that were chosen; None = the command line did."""
    import yaml

    for group, file in _chosen_files(choices, config_dir):
        text = file.read_text()
        is_global = re.match(r"#\s*@package\s+_global_", text) is not None
        path = key.split(".") if is_global or group is None else key.split(".")[1:]
        is_about = group is None or is_global or key.startswith(f"{group}.")
        if (key == group and not is_global) or (is_about and _holds(yaml.safe_load(text), path)):
            is_own = config_dir and file.is_relative_to(os.path.abspath(config_dir))
            return os.path.relpath(file) if is_own else str(file)
    return None


def _chosen_files(choices: Mapping[str, str | None], config_dir: str | None) -> Iterator[tuple[str | None, Path]]:
    folders = [*([Path(os.path.abspath(config_dir))] if config_dir else []), CONFIGS]
    for group, name in choices.items():
        yield from ((group, file) for folder in folders if name and (file := folder / group / f"{name}.yaml").is_file())


def _holds(node: Any, path: Sequence[str]) -> bool:
    for part in path:
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    return bool(path)


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


def _one_line(text: str) -> str:
    first = text.splitlines()[0].replace("++", "")
    if missing := re.search(r"Could not find '([^']+)/([^']*)'", text):
        group, name = missing[1], missing[2]
        listed = text.partition("Available options")[2].partition("Config search")[0]
        available = sorted(re.findall(r"\t(\w\S*)", listed)) or choices_of(group)
        return f"{group}={name}: no such choice.{did_you_mean(name, available)} Choose from: {', '.join(available)}."
    if missing := re.search(r"In '([^']+)': Could not load '([^']+)/([^']*)'", text):
        file, group, name = missing.groups()
        known = choices_of(group)
        return (
            f"{file}.yaml: {group}={name}: no such choice.{did_you_mean(name, known)} Choose from: {', '.join(known)}."
        )
    if missing := re.search(r"Could not override '(\w+)'. No match in the defaults list", text):
        return unknown(missing[1], [])
    if ambiguous := re.search(r"Ambiguous value for argument '(.+?)'", text):
        key, _, values = ambiguous[1].replace("++", "").partition("=")
        return f"{key}={values}: one run for each value: videoai train -m ...; a list: {key}=[{values}]"
    if any(words in text for words in GRAMMAR_ERRORS):
        return f"cannot read the setting ({first}). Give key=value; quote special characters: 'key=\"a b\"'"
    if twice := re.search(r"(\w+) appears more than once in the final defaults list", text):
        return f"{twice[1]} is chosen twice. In a file of your own write: - override /{twice[1]}: NAME"
    if "Config group override must be" in text or "Could not load" in text:
        return f"{', '.join(GROUPS)} take the name of a file. ({first})"
    return " ".join(text.splitlines()[:2]).replace("++", "")
