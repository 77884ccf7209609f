"""Files that training leaves out: a CSV file ``path,reason[,detail]``, as ``videoai data check`` writes it."""

import csv
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from videoai.core.files import csv_bytes, write_atomic
from videoai.core.messages import pluralize
from videoai.data.lists.manifest import Manifest

HEADER = ("path", "reason", "detail")


def write_quarantine(target: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """One line a file and reason, paths relative to the folder of the file, so that both can move together."""
    relative = ((os.path.relpath(path, target.parent), reason, detail) for path, reason, detail in rows)
    write_atomic(target, csv_bytes(HEADER, relative))


def read_quarantine(path: str | Path) -> set[str]:
    """Absolute paths. Raises: FileNotFoundError, ValueError: not such a file."""
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.isfile(path):
        raise FileNotFoundError(f"data.quarantine={path}: no such file. videoai data check writes one.")
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        reader = csv.DictReader(file)
        if "path" not in (reader.fieldnames or ()):
            raise ValueError(f"{path}:1: the column path is missing; {', '.join(HEADER)} are expected.")
        return {os.path.normpath(os.path.join(os.path.dirname(path), row["path"])) for row in reader}


def without_quarantined(manifest: Manifest, path: str | Path) -> Manifest:
    """Training clips of listed files are left out. In val and test they stay: a score never leaves out silently what it
    cannot read.

    Raises: FileNotFoundError, ValueError: no such file, or nothing would be left to train on.
    """
    listed = read_quarantine(path)
    train = manifest.splits["train"]
    keep = np.fromiter((os.path.normpath(item.path) not in listed for item in train), bool, len(train))
    if not keep.any():
        raise ValueError(f"data.quarantine={path}: it lists every training clip of {manifest.source}.")
    num_held_out = sum(
        os.path.normpath(item.path) in listed for split in ("val", "test") for item in manifest.splits.get(split, ())
    )
    note = f"quarantine {path}: left {pluralize(len(train) - keep.sum(), 'clip')} out of train."
    if num_held_out:
        note += f" {num_held_out} in val and test are listed too, and stay: what cannot be read counts as wrong."
    return replace(manifest, splits=manifest.splits | {"train": train[keep]}, notes=(*manifest.notes, note))
