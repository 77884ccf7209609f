"""The YAML files of ``configs/`` and of the user's own folder (``--config-dir``): where they are, what they hold, and
what is wrong with one before Hydra reads it."""

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from videoai.core.messages import did_you_mean

logger = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parents[1]
# A wheel carries the files inside the package; in a source tree they stand beside it.
CONFIGS = _PACKAGE / "configs" if (_PACKAGE / "configs").is_dir() else _PACKAGE.parent / "configs"
GROUPS = tuple(sorted(path.name for path in CONFIGS.iterdir() if path.is_dir()))
DEFAULT = re.compile(r"(?:override )?/(\w+)(?:@_global_\.\1)?")  # the group in an entry of a list of defaults
YAML_1_1 = re.compile(r"[-+]?(0[0-7_]*[1-7][0-7_]*|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")  # octal, base 60
GLOBAL = "# @package _global_"  # the first line of a file whose keys stand at the top


def own_files(config_dir: str | None) -> list[Path]:
    """The user's own files in the folders of groups, whatever their ending."""
    files = sorted(Path(config_dir).glob("*/*.y*ml")) if config_dir else []
    return [file for file in files if file.parent.name in GROUPS and file.is_file()]


def check_own_files(config_dir: str | None) -> None:
    """Warns of a folder whose name is nearly that of a group. Raises: ValueError: a file that would not be read: it has
    the name of one of ours, or ends in .yml."""
    for file in Path(config_dir).glob("*.y*ml") if config_dir else ():
        logger.warning("%s is not read: files stand in folders of groups, such as experiment/", os.path.relpath(file))
    for file in Path(config_dir).glob("*/*.y*ml") if config_dir else ():
        if file.parent.name not in GROUPS and (hint := did_you_mean(file.parent.name, GROUPS)):
            logger.warning("%s is not read: no group is called '%s'.%s", os.path.relpath(file), file.parent.name, hint)
    for file in own_files(config_dir):
        group, shown = file.parent.name, os.path.relpath(file)
        if file.suffix == ".yml":
            raise ValueError(f"{shown}: only files that end in .yaml are read. Rename it to {file.stem}.yaml")
        if (CONFIGS / group / file.name).is_file():
            raise ValueError(
                f"{shown} has the name of a preset of videoai, which would be read instead. Rename it, such as "
                f"my_{file.name}, and choose it with {group}=my_{file.stem}"
            )


def check_chosen(
    group: str, name: str, config_dir: str | None, above: Sequence[Path] = (), *, warn: bool = False
) -> None:
    """A file of the user's own that is chosen, and those that its list of defaults chooses. ``above``: the files that
    chose it. ``warn``: of settings of Hydra, which are those of a multirun.

    Raises: ValueError: not UTF-8, no settings, another first line than ``GLOBAL``, a default that cannot be followed.
    """
    import yaml

    if config_dir and group in GROUPS and (os.path.dirname(name) or name.endswith(".yaml")):
        raise ValueError(f"{group}={name}: give the name alone of a file that stands in {group}/, without its ending.")
    for file in own_files(config_dir):
        if (file.parent.name, file.stem) != (group, name):
            continue
        shown, text = os.path.relpath(file), read_utf8(file)
        check_first_line(shown, group, text)
        try:
            check_numbers(shown, text)
            node = yaml.safe_load(text) or {}
        except yaml.YAMLError:
            return  # Hydra reads it, too, and says where
        if not isinstance(node, dict) or not all(isinstance(key, str) and key for key in node):
            raise ValueError(f"{shown}: a file holds settings, each as NAME: VALUE, and the names are text.")
        if wrong := [key for key, value in node.items() if key in GROUPS and isinstance(value, list | str)]:
            raise ValueError(
                f"{shown}: {wrong[0]}={node[wrong[0]]!r}: write its settings below it, each as NAME: VALUE; a file is "
                f"chosen under defaults: - override /{wrong[0]}: NAME"
            )
        if dotted := [key for key in node if "." in key]:
            raise ValueError(
                f"{shown}: '{dotted[0]}': a key of a file has no dot. Write {dotted[0].rpartition('.')[2]}: below "
                f"{dotted[0].rpartition('.')[0]}:"
            )
        if warn and "hydra" in node:
            logger.warning("%s: the settings below hydra: are not used; they count under -m only", shown)
        if file in above:
            raise ValueError(f"{shown}: chooses itself, by way of its list of defaults.")
        for chosen, choice in defaults_of(shown, group, node.get("defaults", [])):
            check_chosen(chosen, choice, config_dir, [*above, file], warn=warn)


def check_first_line(shown: str, group: str, text: str) -> None:
    """Raises: ValueError: an experiment without ``GLOBAL``, or another file with a package of Hydra."""
    first = text.splitlines()[0] if text else ""
    if more := re.findall(r"^#\s*@package\s.*", text, re.MULTILINE)[1:]:
        raise ValueError(f"{shown}: {more[0]!r} is a second package. Leave one such line, the first of the file.")
    if group == "experiment" and not _is_global(text):
        given = f"is {first!r} and must be" if first else "must be"
        raise ValueError(f"{shown}: its first line {given} '{GLOBAL}'. Without it nothing is set.")
    if group not in ("experiment", "gan") and (line := re.search(r"^\s*#\s*@package.*", text, re.MULTILINE)):
        raise ValueError(
            f"{shown}: has the line {line[0].strip()!r}, which only files of experiment have. Leave it out."
        )


def check_numbers(shown: str, text: str) -> None:
    """Raises: ValueError: a number that YAML 1.1 reads as another one than it looks like: 010 is 8, 1:30 is 90."""
    import yaml

    for token in yaml.scan(text):
        if isinstance(token, yaml.ScalarToken) and token.plain and YAML_1_1.fullmatch(token.value):
            place, read = f"{shown}, line {token.start_mark.line + 1}", yaml.safe_load(token.value)
            raise ValueError(f"{place}: YAML reads {token.value} as {read}. Write {read}, or '{token.value}' for text.")


def defaults_of(shown: str, group: str, defaults: Any) -> Iterator[tuple[str, str]]:
    """(group, name) of each file that a list of defaults chooses. Raises: ValueError: an entry that Hydra would pass
    over, or that chooses a group twice."""
    seen: set[str] = set()
    if not isinstance(defaults, list):
        raise ValueError(f"{shown}: defaults={defaults!r}: give a list: - override /optim: NAME")
    if "_self_" in defaults[:-1]:
        raise ValueError(
            f"{shown}: what stands behind _self_ in its list of defaults would replace settings of this file. Put "
            "_self_ last"
        )
    for entry in defaults:
        if entry == "_self_":
            continue
        key, value = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (f"/{group}", entry)
        match = DEFAULT.fullmatch(str(key))
        if not match or not isinstance(value, str) or "/" in value:
            raise ValueError(f"{shown}: cannot follow the default {entry!r}. Write - override /GROUP: NAME")
        if match[1] == "experiment" and isinstance(entry, dict):
            raise ValueError(f"{shown}: {entry!r} would do nothing. Another experiment below this one: - {value}")
        if match[1] != group and group not in ("experiment", "gan") and "@_global_." not in str(key):
            form = f"- override /{match[1]}@_global_.{match[1]}: {value}"
            raise ValueError(f"{shown}: {entry!r} would set {group}.{match[1]}. From a file of {group} write {form}")
        if match[1] in seen:
            raise ValueError(f"{shown}: chooses {match[1]} twice. Leave one of them.")
        seen.add(match[1])
        yield match[1], value


def read_utf8(file: Path) -> str:
    """Raises: ValueError: another encoding, or a byte order mark, which would hide the first line."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{os.path.relpath(file)}: this is not UTF-8 ({error}). Save it as UTF-8.") from error
    if text.startswith("\ufeff"):
        raise ValueError(f"{os.path.relpath(file)}: begins with a byte order mark (BOM). Save it as UTF-8 without.")
    return text


def place_of(words: str, overrides: Sequence[str], config_dir: str | None) -> str:
    """``conf/experiment/mine.yaml: `` for a file of the user's own that holds ``words``, those that ``overrides``
    choose before others; or nothing."""
    chosen = {f"{file.parent.name}={file.stem}": file for file in own_files(config_dir)}
    files = sorted(chosen.items(), key=lambda named: named[0] not in overrides)
    found = (file for _, file in files if words in file.read_text(errors="replace"))
    return next((f"{os.path.relpath(file)}: " for file in found), "")


def choices_of(group: str, config_dir: str | None = None) -> list[str]:
    """The names of a group's files."""
    folders = [CONFIGS / group, *([Path(config_dir) / group] if config_dir else [])]
    return sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})


def options_of(group: str, name: str, config_dir: str | None = None) -> dict[str, Any] | None:
    """The keys that a preset of ours holds, or of ``config_dir``, without what it picks from other groups; None = no
    such preset."""
    import yaml

    files = [Path(folder) / group / f"{name}.yaml" for folder in (CONFIGS, config_dir) if folder]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
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
        is_global = _is_global(text)
        path = key.split(".") if is_global or group is None else key.split(".")[1:]
        is_about = group is None or is_global or key.startswith(f"{group}.")
        if (key == group and not is_global) or (is_about and _holds(yaml.safe_load(text), path)):
            is_own = config_dir and file.is_relative_to(os.path.abspath(config_dir))
            return os.path.relpath(file) if is_own else str(file)
    return None


def keys_beside_targets(choices: Mapping[str, str | None], config_dir: str | None) -> dict[str, list[str]]:
    """The keys that a chosen experiment gives a group together with ``_target_``, by group: the other options there are
    those of a preset, and not of the class."""
    import yaml

    chosen = [file for _, file in _chosen_files({"experiment": choices.get("experiment")}, config_dir)]
    settings = yaml.safe_load(chosen[0].read_text()) if chosen else {}
    nodes = {group: node for group, node in (settings or {}).items() if isinstance(node, Mapping)}
    return {group: [*node] for group, node in nodes.items() if node.get("_target_")}


def _chosen_files(choices: Mapping[str, str | None], config_dir: str | None) -> Iterator[tuple[str | None, Path]]:
    folders = [*([Path(os.path.abspath(config_dir))] if config_dir else []), CONFIGS]
    for group, name in choices.items():
        yield from ((group, file) for folder in folders if name and (file := folder / group / f"{name}.yaml").is_file())


def _holds(node: Any, path: Sequence[str]) -> bool:
    for part in path:
        node = {str(key): value for key, value in node.items()} if isinstance(node, Mapping) else {}
        if part not in node:
            return False
        node = node[part]
    return bool(path)


def _is_global(text: str) -> bool:
    return re.match(r"#\s*@package\s+_global_\s*$", text, re.MULTILINE) is not None
