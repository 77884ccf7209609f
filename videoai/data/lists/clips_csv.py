"""Writes the table of clips that ``data=csv`` reads by name and ``data=shards`` by position."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from videoai.core.files import csv_bytes
from videoai.data.lists.label_texts import SECONDS_COLUMN, UNKNOWN_COLUMN, join_labels
from videoai.data.lists.listing import SPLITS, NamedSpan
from videoai.data.lists.target_columns import TargetColumn

if TYPE_CHECKING:  # torch takes 1.4 s to import, in each of the processes that pack
    from videoai.data.lists.manifest import Manifest

CLIP_COLUMNS = ("path", "label", "split", "group", "start_seconds", "end_seconds")
MULTI_LABEL_COLUMNS = (*CLIP_COLUMNS, SECONDS_COLUMN)
PARTLY_LABELLED_COLUMNS = (*MULTI_LABEL_COLUMNS, UNKNOWN_COLUMN)


def check_writable(manifest: "Manifest") -> None:
    """Raises: ValueError: the name of a class holds the character that separates labels, or clips have several labels
    and columns of targets."""
    if manifest.is_multi_label and manifest.columns:
        names = ", ".join(column.name for column in manifest.columns)
        raise ValueError(f"{manifest.source}: a table has several labels a clip or columns of targets ({names}).")
    if manifest.is_multi_label:
        join_labels([*map(NamedSpan, manifest.classes)])


def clips_csv(manifest: "Manifest", located: Mapping[str, str], *, keep_label: bool = False) -> bytes:
    """The table as the bytes of a CSV file.

    Args:
        located: the path of an item -> the path in the table.
        keep_label: whether the label stands there beside a target of that name, as readers by position want it.
    """
    if manifest.is_multi_label:
        columns = PARTLY_LABELLED_COLUMNS if manifest.has_unknown else MULTI_LABEL_COLUMNS
        rows = (row[: len(columns)] for row in _rows(manifest, located))
        return csv_bytes(columns, rows, errors="backslashreplace")
    columns, targets = CLIP_COLUMNS, [column.name for column in manifest.columns]
    if keep_label or "label" not in targets:
        return csv_bytes((*columns, *targets), _rows(manifest, located), errors="backslashreplace")
    kept = [at for at, name in enumerate((*columns, *targets)) if name != "label" or at >= len(columns)]
    rows = ([row[at] for at in kept] for row in _rows(manifest, located))
    return csv_bytes([(*columns, *targets)[at] for at in kept], rows, errors="backslashreplace")


def _rows(manifest: "Manifest", located: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    for split in SPLITS:
        for item in manifest.splits[split]:
            start, end = repr(item.start_seconds), "" if item.end_seconds is None else repr(item.end_seconds)
            if item.spans is None:
                label, times = manifest.classes[item.label], ()
            else:
                label, *times = join_labels([NamedSpan(manifest.classes[span.label], *span[1:]) for span in item.spans])
            targets = map(_target_text, manifest.columns, item.values)
            yield located[item.path], label, split, item.group or "", start, end, *times, *targets


def _target_text(column: TargetColumn, value: float | None) -> str:
    if value is None:
        return ""
    return column.classes[int(value)] if column.kind == "class" else repr(value)
