"""The words of a command line: flags, groups, settings; paths as typed; old names with a note."""

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from videoai.settings import benchmarks, datasets, gan, study, training, verbs
from videoai.settings.data import LAYOUTS
from videoai.settings.parse import type_hints
from videoai.settings.renamed import renamed_override
from videoai.settings.setting import setting_of

logger = logging.getLogger(__name__)


class Arguments(NamedTuple):
    """What was typed behind a verb."""

    config_dir: str | None  # of the user's own YAML files
    overrides: list[str]  # key=value, with today's names, paths quoted for Hydra


def read_arguments(arguments: Sequence[str]) -> Arguments:
    """Raises: ValueError: no such folder, an unknown flag, or a word without ``=``."""
    config_dir, rest = split_config_dir(arguments)
    for word in rest:
        if word.startswith(("+", "~", "hydra.")):
            raise ValueError(f"'{word}': settings are key=value; +, ~ and hydra.* are of no use here.")
        if word.startswith("-") or "=" not in word:
            raise ValueError(
                f"'{word}' is not understood: settings are key=value, flags are --help, --config-dir DIR and, for "
                "train, --cfg and -m."
            )
    return Arguments(config_dir, [quoted(renamed_override(word, logger.warning)) for word in rest])


def keys_of(overrides: Sequence[str]) -> list[str]:
    """The keys that are set: ``["data", "trainer.max_steps"]``."""
    return [override.partition("=")[0] for override in overrides]


def values_of(overrides: Sequence[str]) -> dict[str, Any]:
    """``["top_k=3", "loading.num_workers=0"]`` -> a nested dict, by Hydra's grammar, without any file.

    Raises: ValueError: a value that cannot be read.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    nested: dict[str, Any] = {}
    for override in overrides:
        try:
            parsed = OverridesParser.create().parse_override(override)
            value = parsed.value()
        except HydraException as error:
            raise ValueError(
                f"cannot read the setting {override!r} ({str(error).splitlines()[0]}). Give key=value; quote special "
                "characters: 'key=\"a b\"'"
            ) from error
        put(nested, override.partition("=")[0], _plain(value))
    return nested


def put(nested: dict[str, Any], key: str, value: Any) -> None:
    """Set ``a.b`` in a nested dict."""
    *parents, leaf = key.split(".")
    for parent in parents:
        nested = nested.setdefault(parent, {})
    nested[leaf] = value


def quoted(override: str) -> str:
    """A path is taken as typed: quoted for Hydra's grammar, unless the person did, or meant null."""
    key, _, value = override.partition("=")
    if key.lstrip("+") not in path_settings() or value == "null" or value[:1] in ("'", '"', ""):
        return override
    # In Hydra's grammar a backslash counts before a quote only.
    escaped = re.sub(r'(\\*)("|$)', lambda run: run[1] * 2 + ('\\"' if run[2] else ""), value)
    return f'{key}="{escaped}"'


@cache
def path_settings() -> frozenset[str]:
    """The keys of all settings that are marked as paths."""
    whole = (training.TrainSettings, gan.TrainGanSettings, gan.EvaluateGanSettings, gan.GenerateSettings,
             verbs.EvaluateSettings, verbs.PredictSettings, datasets.InspectSettings, datasets.CheckSettings,
             datasets.PrepareSettings, benchmarks.DecodeSettings, benchmarks.LoaderSettings,
             study.FeatureStudySettings, study.GanStudySettings)  # fmt: skip
    layouts = {key for layout in LAYOUTS.values() for key in _paths(layout, "data.")}
    return frozenset({key for cls in whole for key in _paths(cls, "")} | layouts)


def _paths(cls: type, prefix: str) -> list[str]:
    hints, keys = type_hints(cls), []
    for f in fields(cls):
        if is_dataclass(hints[f.name]):
            keys += _paths(hints[f.name], f"{prefix}{f.name}.")
        elif setting_of(f).path:
            keys.append(f"{prefix}{f.name}")
    return keys


def split_config_dir(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """``--config-dir DIR`` or ``--config-dir=DIR``, and the other words. Raises: ValueError: no such folder."""
    rest, folder = list(arguments), None
    for place, argument in enumerate(arguments):
        if argument == "--config-dir" or argument.startswith("--config-dir="):
            is_separate = argument == "--config-dir"
            following = arguments[place + 1] if len(arguments) > place + 1 else ""
            folder = following if is_separate else argument.partition("=")[2]
            del rest[place : place + 1 + is_separate]
            break
    if folder is not None and not Path(folder).is_dir():
        raise ValueError(
            f"--config-dir {folder or '(nothing)'}: no such folder. Give one that holds model/, data/, ... with YAML."
        )
    return (os.path.abspath(folder) if folder else None), rest


def _plain(value: Any) -> Any:
    """Without Hydra's quoted strings."""
    from hydra.core.override_parser.types import QuotedString

    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {_plain(key): _plain(one) for key, one in value.items()} if isinstance(value, dict) else value
