"""What a set lists, faults and all. The readers of training stop at the first fault; a check must name every one."""

import csv
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from videoai.core.natural_order import natural_order
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.column_names import ours
from videoai.data.lists.label_texts import SEPARATOR, with_bars
from videoai.data.lists.listing import SPLIT_NAMES, SPLITS
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS, class_folders_of


class ListFault(NamedTuple):
    """What is plain from the list alone."""

    kind: str  # "empty_class", "label_without_class" or "label_out_of_range"
    path: str  # the video's; "" = the whole set
    detail: str


class Entry(NamedTuple):
    """One clip as listed."""

    path: str  # absolute
    labels: tuple[str, ...]  # the names of its classes; () = none is given
    split: str = "train"
    group: str | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None


def list_folder(root: str | Path, **_: Any) -> tuple[Manifest, list[ListFault]]:
    """Class folders as data=folder reads them, also when some are empty; files also when they are broken links.

    No split is made where there is none. Other settings of the data set are taken and ignored.
    """
    root = os.path.abspath(os.path.expanduser(root))
    entries: list[Entry] = []
    classes: set[str] = set()
    for folder in class_folders_of(root):
        classes.add(folder.label)
        entries += [Entry(path, (folder.label,), folder.split or "train") for path in _videos(folder.path)]
    return _listed(entries, natural_order(classes), root, root)


def list_csv(
    path: str | Path, root: str | Path | None = None, *, multi_label: bool = False, **_: Any
) -> tuple[Manifest, list[ListFault]]:
    """A table as data=csv reads it, also when files or labels are missing. A line without a path is passed over.

    No split is made where there is none, and no line is left out. Other settings are taken and ignored.
    """
    path = os.path.abspath(os.path.expanduser(path))
    root = os.path.abspath(os.path.expanduser(root)) if root else os.path.dirname(path)
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header = file.readline()
        file.seek(0)
        lines = list(csv.DictReader(file, delimiter=max(",;\t", key=header.count)))
    cut = SEPARATOR if multi_label else None
    name_of = {key: (key or "").strip() for line in lines[:1] for key in line}
    with suppress(ValueError):  # what training complains about
        name_of |= {key: ours(tuple(name_of.values())).get(name, name) for key, name in name_of.items()}
    named = [{name_of.get(key, ""): _text(value) for key, value in line.items()} for line in lines]
    if multi_label:
        texts = with_bars([fields.get("label", "") for fields in named])[0]
        named = [{**fields, "label": text} for fields, text in zip(named, texts, strict=True)]
    entries = [_entry(fields, root, cut) for fields in named]
    valid = [entry for entry in entries if entry]
    classes = natural_order({label for entry in valid for label in entry.labels})
    return _listed(valid, classes, path, root, multi_label=multi_label)


LENIENT = {"folder": list_folder, "csv": list_csv}  # name of a data set -> how to list it when training rejects it


def with_known_labels(manifest: Manifest) -> tuple[Manifest, list[ListFault]]:
    """The items whose label is the number of a class, and a fault for each of the others."""
    num_classes, faults, splits = len(manifest.classes), [], {}
    for split, items in manifest.splits.items():
        clip, label = items.label_pairs()
        is_known = np.ones(len(items), bool)
        is_known[clip[(label < 0) | (label >= num_classes)]] = False
        splits[split] = items[is_known]
        for item in items[~is_known]:
            wrong = ", ".join(str(label) for label in item.labels if not 0 <= label < num_classes)
            detail = f"label {wrong} in {split}; there are classes 0 .. {num_classes - 1}"
            faults.append(ListFault("label_out_of_range", item.path, detail))
    if not faults:
        return manifest, []
    return Manifest(manifest.classes, splits, manifest.source, manifest.notes, manifest.root), faults


def _listed(
    entries: list[Entry], classes: list[str], source: str, root: str, *, multi_label: bool = False
) -> tuple[Manifest, list[ListFault]]:
    filled = {label for entry in entries for label in entry.labels}
    learnt = {label for entry in entries if entry.split == "train" for label in entry.labels}
    faults = [ListFault("empty_class", "", f"class {name} has no videos") for name in classes if name not in filled]
    label_of = {name: label for label, name in enumerate(classes)}
    splits: dict[str, list[VideoItem]] = {split: [] for split in SPLITS}
    for entry in entries:
        if not entry.labels and not multi_label:
            faults.append(ListFault("label_without_class", entry.path, "it has no label"))
            continue
        for label in entry.labels:
            if label not in learnt:
                detail = f"labelled '{label}' in {entry.split}, which train lacks"
                faults.append(ListFault("label_without_class", entry.path, detail))
        labels = [label_of[label] for label in entry.labels]
        stretch = entry.start_seconds, entry.end_seconds, entry.group
        spans = tuple(map(LabelSpan, labels)) if multi_label else None
        splits[entry.split].append(VideoItem(entry.path, MULTI_LABEL if multi_label else labels[0], *stretch, spans))
    return Manifest(tuple(classes), splits, source, (), root), faults  # pyright: ignore[reportArgumentType]


def _entry(line: dict[str, str], root: str, cut: str | None) -> Entry | None:
    if not line.get("path"):
        return None
    label = line.get("label", "")
    return Entry(
        os.path.normpath(os.path.join(root, line["path"])),
        tuple(filter(None, map(str.strip, label.split(cut) if cut else [label]))),
        SPLIT_NAMES.get(line.get("split", "").lower(), "train"),
        line.get("group") or None,
        _seconds(line.get("start_seconds")) or 0.0,
        _seconds(line.get("end_seconds")),
    )


def _text(value: str | list[str] | None) -> str:
    return value.strip() if isinstance(value, str) else ""  # a list: fields beyond the header


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None  # the strict reader says where


def _videos(folder: str) -> Iterator[str]:
    """Everything named as a video is, also what is none. A folder that is linked twice is read once."""
    visited: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(parent)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = natural_order(name for name in folders if name[0] != ".")
        for name in sorted(names):
            if name[0] != "." and os.path.splitext(name)[1].lower() in VIDEO_EXTENSIONS:
                yield os.path.join(parent, name)
