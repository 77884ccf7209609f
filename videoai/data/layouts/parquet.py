"""Parquet files with a column of videos, as Hugging Face's datasets write them (a feature ``Video``).

    data/train-00000-of-00002.parquet:   video {bytes, path}   label (a number; the schema names the classes)

Videos are read where they lie, or, where the file holds only paths, from these.
"""

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from videoai.core.messages import did_you_mean
from videoai.data.layouts.annotations import Annotated, manifest_from_annotations
from videoai.data.layouts.entries import Entry
from videoai.data.layouts.members import MadeSplits, manifest_from_members, split_of
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.column_names import LABEL, like
from videoai.data.lists.listing import Row
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.shards.rows import ROW, open_parquet, row_name

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile


class Columns(NamedTuple):
    """Which columns count, and what numbers in the label stand for."""

    video: str
    label: str | None  # None = there is none beside the targets
    names: list[str]  # [] = labels stand for themselves
    kinds: Kinds  # columns that are targets


def detect(tree: Survey) -> Candidate | None:
    files = tree.packed_files(".parquet")
    try:
        found = [path for path in files if _video_columns(open_parquet(path))]
    except (ImportError, OSError, ValueError) as error:
        return Candidate("parquet", {"root": tree.root}, f"{len(files)} Parquet files; {error}")
    if not found:
        return None
    root = found[0] if not tree.num_folders else tree.root
    settings, file = {"root": root}, open_parquet(found[0])
    videos, labels = _video_columns(file), _label_columns(file)
    why = f"{len(found)} Parquet files with videos in {', '.join(videos)}"
    why += f", labels in {', '.join(labels)}" if labels else ", and no column that is called like a label"
    settings |= {"video": videos[0]} if len(videos) > 1 else {}
    settings |= {"label": labels[0]} if len(labels) > 1 else {}
    return Candidate("parquet", settings, why)


def from_parquet(
    root: str,
    *,
    video: str | None = None,
    label: str | None = None,
    columns: Kinds | None = None,
    **options: Unpack[MadeSplits],
) -> Manifest:
    """Reads the labels of every file.

    Args:
        root: the folder of the .parquet files, or one of them. train, validation, test in the name of a file or of its
            folder is the split of its rows.
        video: the column of the videos; None = the only one.
        label: the column of the classes; None = the only one of a usual name.
        columns: columns that are targets, and their kinds; a label is then not needed.
    Raises:
        ImportError: pyarrow is not installed. ValueError: no Parquet, or columns that are not there.
    """
    tree = survey(root)
    files = [path for path in tree.packed_files(".parquet") if _video_columns(_opened(path))]
    if not files:
        raise ValueError(
            f"{root}: no .parquet file with a column of videos here (bytes, or a struct of bytes and path)"
        )
    chosen = {path: _columns(path, video, label, columns or {}) for path in files}
    if all(_holds_bytes(path, chosen[path].video) for path in files):
        rows = (row for path in files for row in _rows(path, chosen[path], tree.root))
        return manifest_from_members(rows, tree.root, root, prefix=ROW, columns=columns, **options)
    clips = (clip for path in files for clip in _clips(path, chosen[path]))
    return manifest_from_annotations(clips, tree.root, root, columns=columns, **options)


def _opened(path: str) -> "ParquetFile":
    try:
        return open_parquet(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}; this is no Parquet file, or it is cut off") from None


def _features(file: "ParquetFile") -> dict[str, dict[str, Any]]:
    """What Hugging Face's datasets say of the columns."""
    said = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
    return said.get("info", {}).get("features", {})


def _video_columns(file: "ParquetFile") -> list[str]:
    features = _features(file)
    fields = {field.name: str(field.type) for field in file.schema_arrow}
    if named := [name for name in fields if features.get(name, {}).get("_type") == "Video"]:
        return named
    other = {name for name in fields if features.get(name, {}).get("_type") in ("Image", "Audio")}
    return [
        name
        for name, kind in fields.items()
        if name not in other and (kind in ("binary", "large_binary") or kind.startswith("struct<bytes: "))
    ]


def _label_columns(file: "ParquetFile") -> list[str]:
    features = _features(file)
    named = [name for name in file.schema_arrow.names if features.get(name, {}).get("_type") == "ClassLabel"]
    return named or like(file.schema_arrow.names, LABEL)


def _columns(path: str, video: str | None, label: str | None, kinds: Kinds) -> Columns:
    file = _opened(path)
    for name in kinds:
        _one("columns", name, [], file, path)
    chosen_video, usual = _one("video", video, _video_columns(file), file, path), _label_columns(file)
    if kinds and label is None and len(usual) != 1:
        return Columns(chosen_video, None, [], kinds)
    chosen = _one("label", label, usual, file, path)
    return Columns(chosen_video, chosen, list(_features(file).get(chosen, {}).get("names") or []), kinds)


def _one(setting: str, wanted: str | None, usual: list[str], file: "ParquetFile", path: str) -> str:
    there = file.schema_arrow.names
    if wanted is not None and wanted not in there:
        hint = did_you_mean(wanted, there)
        raise ValueError(f"{path}: data.{setting}={wanted}, but the columns are {', '.join(there)}.{hint}")
    if wanted is None and len(usual) != 1:
        found = f"{', '.join(usual)} could all be it" if usual else "none has a usual name"
        raise ValueError(f"{path}: which column is the {setting}? Of {', '.join(there)}, {found}: data.{setting}=NAME")
    return wanted or usual[0]


def _holds_bytes(path: str, video: str) -> bool:
    file = _opened(path)
    names = [file.metadata.schema.column(index).path for index in range(file.metadata.num_columns)]
    if f"{video}.bytes" not in names:
        return True
    column = names.index(f"{video}.bytes")
    groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
    nulls = [group.column(column).statistics for group in groups]
    return any(about is None or about.null_count < group.num_rows for about, group in zip(nulls, groups, strict=True))


def _entries(path: str, columns: Columns) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Number, label and targets of each row."""
    read = [*dict.fromkeys([*([columns.label] if columns.label else []), *columns.kinds])]
    for row, fields in enumerate(_opened(path).read(columns=read).to_pylist()):
        entry = Entry(fields, lambda row=row: f"{path}, row {row}")
        yield row, _label(entry, columns), entry.targets(columns.kinds)


def _label(entry: Entry, columns: Columns) -> str:
    if not columns.names:
        return entry.label_beside(columns.label or "", columns.kinds)
    value = entry.fields[columns.label or ""]
    if isinstance(value, int) and 0 <= value < len(columns.names):
        return columns.names[value]
    return entry.fail(f"{columns.label} is {value!r}; the schema names {len(columns.names)} classes, 0 is the first")


def _rows(path: str, columns: Columns, root: str) -> Iterator[Row]:
    below = os.path.relpath(path, root)
    for row, label, targets in _entries(path, columns):
        yield Row(row_name(below, row, columns.video), label, split_of(path), targets=targets)


def _clips(path: str, columns: Columns) -> Iterator[Annotated]:
    held = _opened(path).read(columns=[f"{columns.video}.path"]).column(columns.video).to_pylist()
    for (_, label, targets), value in zip(_entries(path, columns), held, strict=True):
        clip = Annotated(str(value["path"]), label, split_of(path), beside=os.path.dirname(path))
        yield clip._replace(targets=targets)
