"""A table with a column for each class, 1, 0 or nothing: as multi-label annotations are often exchanged."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from videoai.data.lists.clip_table import SECONDS, ClipTable, Column
from videoai.data.lists.column_names import OURS, group_like, split_like
from videoai.data.lists.csv_file import CsvFile
from videoai.data.lists.label_texts import SEPARATOR, UNKNOWN_COLUMN

HAS = ("1", "1.0", "true")
LACKS = ("0", "0.0", "false")
UNKNOWN = ("", "-1", "-1.0", "nan", "na", "none", "null")  # -1 as in CheXpert: uncertain, and left out
ALLOWED = "1 (has it), 0 (has it not), nothing or -1 (not annotated)"


def check_label_columns(file: CsvFile, names: Sequence[str], *, multi_label: bool) -> None:
    """Raises: ValueError: such columns without several labels or beside a column label, twice, or not there."""
    given = f"data.label_columns=[{','.join(names)}]"
    if not multi_label:
        file.fail(1, f"{given} are several labels a clip: set data.multi_label=true too")
    if "label" in file.header:
        file.fail(1, f"{given} with a column {file.written('label')}: labels stand in one of the two; leave one out")
    if doubled := [name for name in names if names.count(name) > 1 or SEPARATOR in name]:
        file.fail(1, f"{given}: {doubled[0]!r} is named twice, or holds a {SEPARATOR}, which separates labels")
    for name in names:
        file.position(name, "data.label_columns")


def with_label_columns(table: ClipTable, names: Sequence[str]) -> ClipTable:
    """The table with the columns ``label`` and ``unknown_labels`` in the place of one for each class.

    Raises: ValueError: a cell that is none of ``ALLOWED``.
    """
    kinds = np.stack([_kinds(table, name) for name in names], axis=1)  # int8 [N, K]: 1, 0, -1
    rows, which = np.unique(kinds, axis=0, return_inverse=True)
    which = which.reshape(-1).astype(np.int32)

    def column(kind: int) -> Column:
        texts = [SEPARATOR.join(name for name, cell in zip(names, row, strict=True) if cell == kind) for row in rows]
        return Column.of([texts[number] for number in which.tolist()])

    columns = {name: each for name, each in table.columns.items() if name not in names}
    return replace(table, columns={**columns, "label": column(1), UNKNOWN_COLUMN: column(-1)})


def _kinds(table: ClipTable, name: str) -> np.ndarray:
    """int8 [N]: 1 = the clip has the class, 0 = not, -1 = unknown."""
    column = table.columns[name]
    kind_of = {**dict.fromkeys(HAS, 1), **dict.fromkeys(LACKS, 0), **dict.fromkeys(UNKNOWN, -1)}
    if wrong := [text for text in column.used() if text.lower() not in kind_of]:
        index = int(column.holds(wrong[0]).argmax())
        table.fail_at(index, f"{name} is {wrong[0]!r}; allowed: {ALLOWED}")
    return np.array([kind_of.get(text.lower(), 0) for text in column.texts], np.int8)[column.codes]


def likely_label_columns(file: CsvFile) -> list[str]:
    """The columns that hold nothing but 1, 0 and nothing in the first lines, and have no other meaning."""
    others = {"path", *OURS, *SECONDS, *split_like(file.header), *group_like(file.header)}
    cells, first = {*HAS, *LACKS, *UNKNOWN}, next(file.chunks(), [])
    texts = {name: {text.strip().lower() for text in column} for name, column in zip(file.header, first, strict=False)}
    return [name for name, held in texts.items() if name not in others and held <= cells and held & {*HAS}]
