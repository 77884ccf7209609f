"""Large manifests, kept with the other things that can be made again: reading and splitting a million lines takes time.

$VIDEOAI_CACHE/manifests holds one file per CSV file. It is used as long as that file's size and time of change, the
settings and FORMAT are those it was written with; whether the videos are there is looked up each time. A damaged file
is noticed by the checksums of its archive, and written again. No pickle is loaded.
"""

import io
import json
import logging
import os
from collections.abc import Mapping
from hashlib import blake2b
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from videoai.core.cache import cache_folder
from videoai.core.files import write_atomic
from videoai.data.lists.items import Items, StringTable
from videoai.data.lists.label_sets import LabelSets
from videoai.data.lists.listing import Together
from videoai.data.lists.target_columns import TargetColumn

logger = logging.getLogger(__name__)

FORMAT = 4  # to be raised when the same lines and settings would give another manifest
MIN_ITEMS = 100_000  # fewer are read in half a second
TEXTS = ("files", "groups")
COLUMNS = ("file", "label", "start_seconds", "end_seconds", "group")
SETS = ("ends", "label", "start_seconds", "end_seconds", "is_known")  # columns of a multi-label set


class Kept(NamedTuple):
    """What a manifest is made of, beside its source."""

    classes: tuple[str, ...]
    splits: dict[str, Items]  # selected from the same Items
    notes: tuple[str, ...]
    together: Together | None
    columns: tuple[TargetColumn, ...] = ()


def key_of(path: str, settings: Mapping[str, Any]) -> str:
    """What must be the same for a stored manifest to be used; path is absolute."""
    about = os.stat(path)
    return json.dumps([FORMAT, path, about.st_size, about.st_mtime_ns, settings], sort_keys=True, default=repr)


def store(path: str, key: str, kept: Kept) -> None:
    """Keeps a manifest under its key. A disk that is full or not ours costs a warning."""
    items = Items.join(list(kept.splits.values()))
    header = {
        "key": key,
        "root": items.root,
        "classes": kept.classes,
        "notes": kept.notes,
        "together": kept.together,
        "columns": [(column.name, column.kind, column.classes) for column in kept.columns],
        "sizes": {split: len(part) for split, part in kept.splits.items()},
    }
    arrays = {f"column_{name}": getattr(items, name) for name in COLUMNS}
    for name in TEXTS:
        arrays[f"{name}_block"], arrays[f"{name}_ends"] = getattr(items, name).arrays()
    if items.values is not None:
        arrays["values"] = items.values
    if items.label_sets:
        arrays |= {f"sets_{name}": getattr(items.label_sets, name) for name in SETS}
    packed = io.BytesIO()
    np.savez(packed, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
    try:
        write_atomic(_file(path), packed.getbuffer())
    except OSError as error:
        logger.warning("%s will be read again each time, because its manifest cannot be kept: %s", path, error)


def recall(path: str, key: str) -> Kept | None:
    """What was stored under the same key, or None."""
    try:
        with open(_file(path), "rb") as file, np.load(file, allow_pickle=False) as stored:
            header = json.loads(stored["header"].tobytes())
            if header["key"] != key:
                return None
            files, groups = (StringTable(stored[f"{name}_block"], stored[f"{name}_ends"]) for name in TEXTS)
            columns = (stored[f"column_{name}"] for name in COLUMNS)
            sets = LabelSets(*(stored[f"sets_{name}"] for name in SETS)) if "sets_ends" in stored else None
            values = stored.get("values")
            items = Items(files, groups, *columns, root=header["root"], label_sets=sets, values=values)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:  # TypeError: a bare array
        logger.warning("%s is damaged and will be written again: %s", _file(path), error)
        return None
    ends = [0, *accumulate(header["sizes"].values())]
    splits = {split: items[start:end] for split, (start, end) in zip(header["sizes"], pairwise(ends), strict=True)}
    together = Together(*header["together"]) if header["together"] else None
    targets = tuple(TargetColumn(name, kind, tuple(classes)) for name, kind, classes in header["columns"])
    return Kept(tuple(header["classes"]), splits, tuple(header["notes"]), together, targets)


def _file(path: str) -> Path:
    return cache_folder() / "manifests" / f"{blake2b(os.fsencode(path), digest_size=8).hexdigest()}.npz"
