"""What a checkpoint's data node may hold: for each layout the settings that select local videos, and their values.

A list of what is allowed. What is not here is refused, or left out where it says only how videos are read.
"""

import os
import stat
from collections.abc import Callable, Mapping
from glob import escape, glob, has_magic
from reprlib import Repr
from typing import Any

from videoai.core.paths import is_url

# How videos are read: nothing of it is taken from a checkpoint, and at these values nothing is lost.
HOW_TO_READ = {"num_workers": "auto", "decoder": "pyav", "isolated": False, "verify": True}
FILES, FOLDERS = ("path", "class_names", "quarantine"), ("root",)
PATHS = (*FILES, *FOLDERS, "annotations")
SHARES = ("val_fraction", "test_fraction", "split_seed")
OFFICIAL = ("root", "annotations", "val_fraction", "split_seed", "max_missing_fraction")  # test is published
ANNOTATED = (*OFFICIAL, "test_fraction")
LAYOUTS: dict[str, tuple[str, ...]] = {
    "activitynet": ANNOTATED,
    "charades": (*OFFICIAL, "codes", "multi_label"),
    "crema_d": ("root", *SHARES),
    "csv": ("path", "root", "where", "val_where", "test_where", "split_by", "multi_label", *SHARES),
    "dfew": (*OFFICIAL, "fold"),
    "diving48": OFFICIAL,
    "epic_kitchens": (*ANNOTATED, "target"),
    "folder": ("root", "split_by", *SHARES),
    "hmdb51": (*OFFICIAL, "fold"),
    "jester": ANNOTATED,
    "json": ("path", "root", "multi_label", *SHARES, "max_missing_fraction"),
    "kinetics": (*ANNOTATED, "trimmed"),
    "list": (*ANNOTATED, "class_names"),
    "motion16": ("size", "level", "seed"),
    "ravdess": ("root", *SHARES),
    "shards": ("path",),
    "ssv2": ANNOTATED,
    "table": (*ANNOTATED, "video", "label", "start", "end", "split", "group"),
    "ucf101": (*OFFICIAL, "fold"),
}
# Which clips are left out, what an image folder's rate is, and what a mirrored or reversed clip shows.
OF_EVERY_LAYOUT = ("only", "quarantine", "frame_fps", "max_bad_fraction")
OF_EVERY_LAYOUT += ("flip", "flip_labels", "reverse", "reverse_labels", "directional")

MAX_TEXT = 1000  # characters of a name
MAX_NAMES = 100_000  # of classes or columns
MAX_PATH = 4096  # characters, Linux's PATH_MAX
NO_DISK = ("/proc", "/sys")  # files there are the kernel's, though they look regular

_brief = Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 100


def settings_of(layout: str) -> tuple[str, ...]:
    """The keys that a checkpoint may set."""
    return (*LAYOUTS[layout], *OF_EVERY_LAYOUT)


def fault_of(key: str, value: Any) -> str:
    """What is wrong with the value of a setting, as the end of "which ..."; "" = nothing."""
    if key in PATHS:
        return "" if value is None else path_fault(key, value)
    allowed, meant = VALUES[key]
    return "" if allowed(value) else f"is not {meant}"


def path_fault(key: str, path: Any) -> str:
    """Why a path is not that of local data, which are a file or a folder as the key wants; "" = it is. Follows links;
    of ``annotations`` the last part may be a pattern."""
    if not isinstance(path, str) or not 0 < len(path) <= MAX_PATH:
        return "is no path"
    if is_url(path):
        return "is a URL"
    if path.startswith("//") or os.path.abspath(path) != path:
        return "is not a plain absolute path"
    folder, name = os.path.split(path)
    if key == "annotations" and has_magic(name) and not has_magic(folder) and not os.path.lexists(path):
        faults = [_kind_fault(key, found) for found in glob(os.path.join(escape(folder), name))]
        return max(faults, default="is not there")
    return _kind_fault(key, path)


def belongs_to_system(path: str) -> bool:
    """Whether an absolute path leads to what is no file on a disk."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in NO_DISK)


def in_short(value: Any) -> str:
    """A value as a message shows it: on one line, without control characters, cut off where it is long."""
    try:
        return _brief.repr(value)
    except ValueError:  # an int of more digits than Python writes out
        return "(a number of very many digits)"


def _kind_fault(key: str, path: str) -> str:
    try:
        real = os.path.realpath(path, strict=True)
        mode = os.stat(real).st_mode
    except (OSError, ValueError):  # ValueError: a null byte
        return "is not there"
    if belongs_to_system(real):
        return "is no file on a disk"
    if stat.S_ISREG(mode) and key not in FOLDERS:
        return ""
    if stat.S_ISDIR(mode) and key not in ("class_names", "quarantine"):
        return ""
    return "is no folder" if key in FOLDERS else "is no regular file"


# ---- values


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_share(value: Any) -> bool:
    return _is_number(value, 0, 1)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_rate(value: Any) -> bool:
    return value is None or (_is_number(value, 0, 1e6) and value > 0)


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_name(value: Any) -> bool:
    return value is None or _is_text(value)


def _are_names(value: Any) -> bool:
    return value is None or (isinstance(value, list) and len(value) <= MAX_NAMES and all(map(_is_text, value)))


def _is_scalar(value: Any) -> bool:
    return _is_name(value) or isinstance(value, bool) or _is_number(value, -(2.0**63), 2.0**63)


def _is_where(value: Any) -> bool:
    """``{fold: 4, clean: [1, 2]}``; a column that is called 2020 comes as a number."""
    if value is None:
        return True
    if not isinstance(value, Mapping) or len(value) > MAX_NAMES:
        return False
    columns = all(_is_text(column) or _is_count(column) for column in value)
    return columns and all(
        all(map(_is_scalar, wanted)) if isinstance(wanted, list) else _is_scalar(wanted) for wanted in value.values()
    )


def _are_pairs(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, Mapping) and all(map(_is_scalar, (*value.keys(), *value.values())))


Rule = tuple[Callable[[Any], bool], str]
SHARE: Rule = (_is_share, "a number from 0 to 1")
COUNT: Rule = (_is_count, "a whole number, 0 or more")
RATE: Rule = (_is_rate, "a number above 0")
FLAG: Rule = (_is_flag, "true or false")
NAME: Rule = (_is_name, "a name")
NAMES: Rule = (_are_names, "a list of names")
WHERE: Rule = (_is_where, "columns and their values")
PAIRS: Rule = (_are_pairs, "pairs of names")
VALUES: dict[str, Rule] = {
    **dict.fromkeys(("val_fraction", "test_fraction", "max_missing_fraction", "max_bad_fraction"), SHARE),
    **dict.fromkeys(("flip", "reverse"), SHARE),
    **dict.fromkeys(("split_seed", "seed", "fold"), COUNT),
    **dict.fromkeys(("multi_label", "codes", "trimmed", "directional"), FLAG),
    **dict.fromkeys(("split_by", "target", "size", "level"), NAME),
    **dict.fromkeys(("video", "label", "start", "end", "split", "group"), NAME),
    **dict.fromkeys(("where", "val_where", "test_where"), WHERE),
    **dict.fromkeys(("flip_labels", "reverse_labels"), PAIRS),
    "only": NAMES,
    "frame_fps": RATE,
}
