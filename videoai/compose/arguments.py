"""The words of a command line: flags, groups, settings; paths as typed; old names with a note."""

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from videoai.settings.data import DataSettings
from videoai.settings.layouts import LAYOUTS
from videoai.settings.parse import HINTS, is_group, type_hints
from videoai.settings.renamed import renamed_override
from videoai.settings.setting import setting_of

logger = logging.getLogger(__name__)


NOT_ASCII = re.compile(r"""[^\s,:=\[\]{}'"]*[^\x00-\x7f][^,:=\[\]{}'"]*""")  # a word with a letter beyond ASCII


class Arguments(NamedTuple):
    """What was typed behind a verb."""

    config_dir: str | None  # folder of the user's own YAML files
    overrides: list[str]  # key=value, with today's names, paths quoted for Hydra


def read_arguments(cls: type, arguments: Sequence[str]) -> Arguments:
    """Raises: ValueError: no such folder, an unknown flag, or a word without ``=``."""
    config_dir, rest = split_config_dir(arguments)
    for word in rest:
        if word.startswith(("+", "~", "hydra.")):
            raise ValueError(f"'{word}': settings are key=value; +, ~ and hydra.* are of no use here.")
        if word.startswith("-") or "=" not in word:
            raise ValueError(
                f"'{word}' is not understood{written(cls, word, rest)}: settings are key=value, flags are --help, "
                "--config-dir DIR and, for train, --cfg and -m."
            )
    last = {word.partition("=")[0]: word for word in rest}  # as Hydra takes them: a script may add words
    for word in dict.fromkeys(rest):
        if (counts := last[word.partition("=")[0]]) != word:
            logger.warning("%s is not used: %s comes after it", word, counts)
    return Arguments(config_dir, [quoted(cls, renamed_override(word, logger.warning)) for word in rest])


def written(cls: type, word: str, words: Sequence[str]) -> str:
    """``--lr 0.1`` and ``--lr=0.1`` as a setting of ``cls``: ``; write optim.lr=0.1``. Nothing where there is none."""
    name, equals, value = word.lstrip("-").replace("-", "_").partition("=")
    key = HINTS.get(name, name)
    following = words[words.index(word) + 1 : words.index(word) + 2]
    value = value if equals else next(iter(following), "")
    is_known = key.partition(".")[0] in {f.name for f in fields(cls)}
    return f"; write {key}={value or 'VALUE'}" if is_known and "=" not in value else ""


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
        if parsed.is_sweep_override():
            raise ValueError(several(override))
        put(nested, override.partition("=")[0], _plain(value))
    return nested


def several(override: str) -> str:
    """Why ``key=a,b`` is refused where no sweep runs."""
    key, _, value = override.partition("=")
    return (
        f"{override}: more than one value. Give one, a list as '{key}=[{value}]', or a text with commas as "
        f"'{key}=\"{value}\"'."
    )


def put(nested: dict[str, Any], key: str, value: Any) -> None:
    """Set ``a.b`` in a nested dict; a value that stood for ``a`` gives way, and what is no setting is refused later."""
    *parents, leaf = key.split(".")
    for parent in parents:
        if not isinstance(nested.get(parent), dict):
            nested[parent] = {}
        nested = nested[parent]
    nested[leaf] = value


def quoted(cls: type, override: str) -> str:
    """A path is taken as typed: quoted for Hydra's grammar, unless the person did, or meant null."""
    key, _, value = override.partition("=")
    if value == "null" or value[:1] in ("'", '"', ""):
        return override
    if key.lstrip("+") not in path_settings(cls):
        is_plain = value.isascii() or '"' in value or "'" in value  # Hydra's grammar knows words of ASCII only
        return override if is_plain else f"{key}=" + NOT_ASCII.sub(lambda word: f'"{word[0]}"', value)
    # In Hydra's grammar a backslash counts before a quote only.
    escaped = re.sub(r'(\\*)("|$)', lambda run: run[1] * 2 + ('\\"' if run[2] else ""), value)
    return f'{key}="{escaped}"'


@cache
def path_settings(cls: type) -> frozenset[str]:
    """The keys of the settings of ``cls`` that are marked as paths."""
    return frozenset(_paths(cls, ""))


def _paths(cls: type, prefix: str) -> list[str]:
    hints = type_hints(cls)
    keys = [f"{prefix}{f.name}" for f in fields(cls) if setting_of(f).path]
    groups = {f"{prefix}{f.name}.": hints[f.name] for f in fields(cls) if is_group(hints[f.name])}
    keys += [key for start, group in groups.items() for key in _paths(group, start)]
    return (
        keys + [key for layout in LAYOUTS.values() for key in _paths(layout, prefix)] if cls is DataSettings else keys
    )


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
    if folder is not None and not (folder and Path(folder).is_dir()):
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
