"""Reads a CSV file of clips into checked rows. Every complaint starts with `file.csv:LINE`.

The header must name `path` and `label`; `split`, `group`, `start_seconds` and `end_seconds` mean something too, and any
other column can be used to select rows or to keep clips together.
"""

import csv
import difflib
import io
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, NoReturn

SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
DELIMITERS = (",", ";", "\t")

Where = Mapping[str, object]  # column -> value or list of values, compared as text


class Row(NamedTuple):
    """One clip as found, the class by name, before labels and splits are settled."""

    path: str  # below the root, or absolute when it lies elsewhere
    label: str
    split: str | None = None
    group: str | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    line: int = 0


class Line(NamedTuple):
    number: int
    fields: list[str]


class ClipTable(NamedTuple):
    """The text of a CSV file: column names and, line by line, as many fields."""

    name: str
    columns: list[str]
    lines: list[Line]

    def fail(self, line: int, problem: str) -> NoReturn:
        raise ValueError(f"{self.name}:{line}: {problem}")

    def column(self, name: str, asked_by: str) -> int:
        """The position of a column. Raises ValueError naming the columns there are."""
        if name not in self.columns:
            hint = did_you_mean(name, self.columns)
            self.fail(1, f"{asked_by} needs the column {name!r}; columns here: {', '.join(self.columns)}.{hint}")
        return self.columns.index(name)

    def is_filled(self, name: str) -> bool:
        if name not in self.columns:
            return False
        position = self.columns.index(name)
        return any(line.fields[position] for line in self.lines)

    def matching(self, where: Where, asked_by: str) -> list[Line]:
        """The lines in which every named column holds the value, or one of the values. Raises ValueError for none."""
        found = self.lines
        for name, value in where.items():
            position = self.column(name, asked_by)
            allowed = {_as_text(one) for one in (value if isinstance(value, list | tuple | set) else [value])}
            hits = [line for line in found if line.fields[position] in allowed]
            if not hits:
                there = sorted({line.fields[position] for line in found})
                held = f"the lines left hold {some(there)}" if found else "the file has no lines"
                self.fail(1, f"{asked_by} wants {name} = {' or '.join(sorted(allowed))}, but {held}; change {asked_by}")
            found = hits
        return found


def read_table(path: str, *, delimiter: Literal["auto", ",", ";", "\t"] = "auto") -> ClipTable:
    """Splits a UTF-8 file into fields. Raises FileNotFoundError, or ValueError with the line at fault."""
    if os.path.isdir(path):
        raise ValueError(f"{path}: a folder, but data=csv reads a file. Class folders: data=folder data.root=PATH")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: no such CSV file.{near_names(path)}")
    with open(path, "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
    if delimiter == "auto":
        header = text.partition("\n")[0]
        delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        for fields in reader:
            lines.append(Line(reader.line_num, [field.strip() for field in fields]))
    except csv.Error as error:
        raise ValueError(f"{path}:{reader.line_num}: {error}; check the quotes on this line") from None
    lines = [line for line in lines if any(line.fields)]
    if not lines:
        raise ValueError(f"{path}:1: the file is empty; the first line must be a header: path,label")
    table = ClipTable(path, lines[0].fields, lines[1:])
    _check_shape(table, delimiter)
    return table


def parse_rows(
    table: ClipTable, *, root: str, group_column: str | None, val_where: Where | None, test_where: Where | None
) -> list[Row]:
    """Rows with paths below root, one per line, none twice. Raises ValueError with the line at fault."""
    split_by_line = _splits_from_where(table, {"val": val_where, "test": test_where})
    fields_of = {name: i for i, name in enumerate(table.columns)}
    rows: list[Row] = []
    seen: dict[tuple[str, float, float | None], Row] = {}
    for line in table.lines:
        path, label = line.fields[fields_of["path"]], line.fields[fields_of["label"]]
        if not path or not label:
            table.fail(line.number, f"the {'label' if path else 'path'} is empty; fill it in or delete the line")
        start = _seconds(table, line, "start_seconds", fields_of)
        end = _seconds(table, line, "end_seconds", fields_of)
        if end is not None and end <= (start or 0.0):
            table.fail(line.number, f"end_seconds {end:g} must lie after start_seconds {start or 0:g}")
        split = _split(table, line, fields_of) or split_by_line.get(line.number)
        group = line.fields[fields_of[group_column]] or None if group_column else None
        row = Row(relative(os.path.join(root, path), root), label, split, group, start or 0.0, end, line.number)
        twin = seen.setdefault((row.path, row.start_seconds, row.end_seconds), row)
        if twin is not row:
            labels = f"as {row.label!r} here and as {twin.label!r}" if row.label != twin.label else "here and"
            table.fail(line.number, f"{path} is listed twice, {labels} on line {twin.line}; delete one of the lines")
        rows.append(row)
    return rows


def check_files_exist(table: ClipTable, rows: Iterable[Row], root: str) -> None:
    """One directory listing per folder rather than one stat per file: 100,000 rows take a tenth of a second."""
    line_of: dict[str, int] = {}
    for row in rows:
        line_of.setdefault(row.path, row.line)
    listed: dict[str, set[str]] = {}
    missing = []
    for path in line_of:
        folder, name = os.path.split(path)
        if folder not in listed:
            listed[folder] = _names_in(os.path.join(root, folder))
        if name not in listed[folder]:
            missing.append(path)
    if missing:
        table.fail(
            line_of[missing[0]],
            f"{len(missing)} of {len(line_of)} files are missing, first {', '.join(missing[:3])}. "
            f"Correct the paths, or set root to the folder they start from, now {root}",
        )


def relative(path: str, root: str) -> str:
    """The normalised path below root; unchanged but normalised when it lies elsewhere."""
    path = os.path.normpath(path)
    return path[len(root) :].lstrip(os.sep) if path.startswith(root.rstrip(os.sep) + os.sep) else path


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """' Did you mean ...?' or nothing."""
    near = difflib.get_close_matches(name, list(allowed), n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def near_names(path: str) -> str:
    """A hint for a path that is not there: the deepest folder that is, and similar names in it."""
    folder, name = os.path.split(path)
    while not os.path.isdir(folder):
        folder, name = os.path.split(folder)
    return did_you_mean(name, _names_in(folder)) or f" The folder {folder} exists; check the name {name!r} in it."


def some(names: list[str], limit: int = 8) -> str:
    """The first few names, and how many more."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _names_in(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _check_shape(table: ClipTable, delimiter: str) -> None:
    doubled = {name for name in table.columns if table.columns.count(name) > 1}
    if doubled:
        table.fail(1, f"the header names {some(sorted(doubled))} twice; rename one of them")
    for name in ("path", "label"):
        table.column(name, "the header")
    for line in table.lines:
        if len(line.fields) != len(table.columns):
            table.fail(
                line.number,
                f"{len(line.fields)} fields, but the header names {len(table.columns)} (separated by {delimiter!r}); "
                "quote fields that contain the separator",
            )
    if not table.lines:
        table.fail(2, "there is no clip below the header; add one line per clip")


def _splits_from_where(table: ClipTable, wheres: dict[str, Where | None]) -> dict[int, str]:
    found: dict[int, str] = defaultdict(str)
    for split, where in wheres.items():
        for line in table.matching(where, f"{split}_where") if where else ():
            if line.number in found:
                table.fail(line.number, "val_where and test_where both match this line; a clip has one split")
            found[line.number] = split
    return found


def _split(table: ClipTable, line: Line, fields_of: dict[str, int]) -> str | None:
    text = line.fields[fields_of["split"]] if "split" in fields_of else ""
    if text and text.lower() not in SPLIT_NAMES:
        hint = did_you_mean(text.lower(), SPLIT_NAMES)
        table.fail(line.number, f"split is {text!r}; allowed: {', '.join(SPLIT_NAMES)}.{hint}")
    return SPLIT_NAMES[text.lower()] if text else None


def _seconds(table: ClipTable, line: Line, name: str, fields_of: dict[str, int]) -> float | None:
    text = line.fields[fields_of[name]] if name in fields_of else ""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        table.fail(line.number, f"{name} is {text!r}; a number of seconds, 0 or more, such as 1.5 is allowed")
    return seconds


def _as_text(value: object) -> str:
    """As it stands in a table: YAML's true is ``true``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
