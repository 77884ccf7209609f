"""The labels of clips that have several: a table as people write it -> label sets."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy import ndarray

from videoai.core.messages import pluralize
from videoai.core.types import LabelSpan
from videoai.data.lists.clip_table import SECONDS, ClipTable, Column, first_alike
from videoai.data.lists.items import Vocabulary
from videoai.data.lists.label_sets import LabelSets
from videoai.data.lists.label_texts import SECONDS_COLUMN, SEPARATOR, UNKNOWN_COLUMN, split_labels, with_bars


def as_sets(table: ClipTable) -> tuple[ClipTable, list[str]]:
    """One line a clip, its labels with bars between them, whichever way they were written; and what to say of it."""
    notes, column = [], table.columns["label"]
    texts, way = with_bars(column.texts)
    if way:
        notes.append(f"labels are written as {way}, and cut there.")
        cut = Column.of([texts[code] for code in column.codes.tolist()])
        table = replace(table, columns={**table.columns, "label": cut})
    start, end = (table.seconds.get(name, np.full(len(table), np.nan)) for name in SECONDS)
    first = first_alike(table.paths.codes, np.where(np.isnan(start), 0.0, start), end)
    num_lines = len(table)
    is_partial = UNKNOWN_COLUMN in table.columns  # lines of one clip could contradict each other: listed twice
    if (first < np.arange(num_lines)).any() and not is_partial and not table.paths.holds("").any():
        table = _join_lines(table, first)
        notes.append(
            f"{num_lines} lines are {pluralize(len(table), 'clip')}: the labels of lines with one path belong together."
        )
    return table, notes


def read_label_sets(table: ClipTable) -> tuple[ndarray, list[str], LabelSets]:
    """The number of each line's label set, the names of the classes, and the sets."""
    labels, names = table.columns["label"], Vocabulary()
    nothing = Column(np.zeros(len(table), np.int32), [""])
    seconds, unknown = (table.columns.get(name, nothing) for name in (SECONDS_COLUMN, UNKNOWN_COLUMN))
    keys = labels.codes.astype(np.int64) * len(seconds.texts) + seconds.codes
    keys = keys * len(unknown.texts) + unknown.codes
    keys, first, numbers = np.unique(keys, return_index=True, return_inverse=True)

    def sets() -> Iterator[list[LabelSpan]]:
        for key, line in zip(keys.tolist(), first.tolist(), strict=True):
            key, without = divmod(key, len(unknown.texts))
            label, times = divmod(key, len(seconds.texts))
            try:
                spans = split_labels(labels.texts[label], seconds.texts[times], unknown.texts[without])
            except ValueError as error:
                table.fail_at(line, str(error))
            yield [LabelSpan(names[span.label], *span[1:]) for span in spans]

    label_sets = LabelSets.of(sets())  # fills ``names``
    return numbers, list(names), label_sets


def _join_lines(table: ClipTable, first: np.ndarray) -> ClipTable:
    """The labels of lines that list the same stretch of the same file stand on the first of them.

    Args:
        first: int64 [N], for each line the first that lists the same.
    Raises: ValueError: lines of one clip that name several splits.
    """
    lines = np.arange(len(table))
    _check_one_split(table, first)
    columns, has_label = dict(table.columns), ~table.columns["label"].holds("")
    for name in {"label", SECONDS_COLUMN} & table.columns.keys():
        parts: dict[int, list[str]] = defaultdict(list)
        for line, text in zip(first[has_label].tolist(), columns[name].codes[has_label].tolist(), strict=True):
            parts[line].append(columns[name].texts[text])
        joined = {line: SEPARATOR.join(texts) if any(texts) else "" for line, texts in parts.items()}
        columns[name] = Column.of([joined.get(line, "") for line in lines.tolist()])
    return replace(table, columns=columns).select(first == lines)


def _check_one_split(table: ClipTable, first: np.ndarray) -> None:
    if "split" in table.columns:
        codes = table.columns["split"].codes
        differs = codes != codes[first]
        if differs.any():
            index = int(differs.argmax())
            number, other = table.line(int(first[index]))
            _, here = table.line(index)
            both = f"{here['split']!r} here and in {other['split']!r} on line {number}"
            table.fail_at(index, f"{here['path']} is in split {both}; a clip has one split")
