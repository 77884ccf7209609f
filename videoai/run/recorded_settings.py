"""What a checkpoint's data node may hold: settings that select local videos, with values that their descriptions allow.

Allowed are the settings of the layout (``videoai/settings/layouts.py``) and of every data set (``data.py``). Anything
else is refused, or left out where it says only how videos are read.
"""

import os
import stat
from dataclasses import fields
from glob import escape, glob, has_magic
from reprlib import Repr
from typing import Any

from videoai.core.paths import is_url
from videoai.settings.data import DataSettings
from videoai.settings.layouts import LAYOUTS
from videoai.settings.loading import LoadingSettings
from videoai.settings.parse import default_values, type_hints
from videoai.settings.setting import allowed, checked, setting_of

# How videos are read: nothing of it is taken from a checkpoint, and at these values nothing is lost. Former checkpoints
# hold these among the settings of data.
HOW_TO_READ = {**default_values(LoadingSettings), "verify": True}
TAKEN = ("frame_fps", "max_bad_fraction")  # exceptions: the rate of image folders, and a limit that starts nothing
for key in TAKEN:
    del HOW_TO_READ[key]
FOLDERS, FILES = ("root",), ("class_names", "quarantine", "features")  # the other paths may be either

MAX_TEXT = 1000  # characters of a name
MAX_NAMES = 100_000  # number of classes or columns
MAX_DEPTH = 3  # nesting of lists and pairs, as in data.where={fold: [1, 2]}
MAX_BITS = 64  # bits of an integer
MAX_PATH = 4096  # characters, Linux's PATH_MAX
NO_DISK = ("/proc", "/sys")  # files there are the kernel's, though they look regular

_brief = Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 100


def settings_of(layout: str) -> tuple[str, ...]:
    """The keys that a checkpoint may set."""
    return tuple(key for key in _described(layout) if key not in ("name", *HOW_TO_READ, *_own_places(layout)))


def fault_of(layout: str, key: str, value: Any) -> str:
    """What is wrong with the value of a setting, as the end of "which ..."; "" = nothing."""
    kind, about = _described(layout)[key]
    if about.path:
        return "" if value is None else path_fault(key, value)
    if not _is_small(value):
        return "is too large"
    try:
        checked(key, value, kind, about)
    except ValueError:
        return f"is not allowed: {allowed(kind, about)}"
    return ""


def _described(layout: str) -> dict[str, tuple[Any, Any]]:
    """The annotation and description of every setting of a data node."""
    return {
        f.name: (type_hints(cls)[f.name], setting_of(f))
        for cls in (LAYOUTS[layout], DataSettings, LoadingSettings)
        for f in fields(cls)
        if not setting_of(f).rest
    }


def _own_places(layout: str) -> tuple[str, ...]:
    """Where the built-in set is rendered is not for a checkpoint to say."""
    return ("root",) if layout == "motion16" else ()


def _is_small(value: Any, depth: int = 0) -> bool:
    """Plain data of a size that a setting has."""
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, int):
        return value.bit_length() < MAX_BITS
    if value is None or isinstance(value, float):
        return True
    if not isinstance(value, list | tuple | dict) or len(value) > MAX_NAMES or depth == MAX_DEPTH:
        return False
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_small(part, depth + 1) for part in parts)


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
        faults = [_kind_fault(key, match) for match in glob(os.path.join(escape(folder), name))]
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
    if stat.S_ISDIR(mode) and key not in FILES:
        return ""
    return "is no folder" if key in FOLDERS else "is no regular file"
