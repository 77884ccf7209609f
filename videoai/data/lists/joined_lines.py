"""A table with one label a line -> one line a clip, for sets in which a clip has several labels."""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from videoai.data.lists.clip_table import ClipTable, Column
from videoai.data.lists.label_texts import SECONDS_COLUMN, SEPARATOR


def join_lines(table: ClipTable, first_alike: np.ndarray) -> ClipTable:
    """The labels of lines that list the same stretch of the same file stand on the first of them.

    Args:
        first_alike: int64 [N], for each line the first that lists the same.
    Raises: ValueError: lines of one clip that name several splits.
    """
    lines = np.arange(len(table))
    _check_one_split(table, first_alike)
    columns = dict(table.columns)
    for name in {"label", SECONDS_COLUMN} & table.columns.keys():
        parts: dict[int, list[str]] = defaultdict(list)
        for line, text in zip(first_alike.tolist(), columns[name].codes.tolist(), strict=True):
            parts[line].append(columns[name].texts[text])
        joined = {line: SEPARATOR.join(texts) if any(texts) else "" for line, texts in parts.items()}
        columns[name] = Column.of([joined.get(line, "") for line in lines.tolist()])
    return replace(table, columns=columns).select(first_alike == lines)


def _check_one_split(table: ClipTable, first_alike: np.ndarray) -> None:
    if "split" in table.columns:
        codes = table.columns["split"].codes
        differs = codes != codes[first_alike]
        if differs.any():
            index = int(differs.argmax())
            number, other = table.line(int(first_alike[index]))
            _, here = table.line(index)
            both = f"{here['split']!r} here and in {other['split']!r} on line {number}"
            table.fail_at(index, f"{here['path']} is in split {both}; a clip has one split")
