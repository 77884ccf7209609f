"""Reads a CSV file of clips into checked columns. Every complaint starts with `file.csv:LINE`.

The header must name `path` and `label`; `split`, `group`, `start_seconds` and `end_seconds` mean something too, and any
other column can be used to select lines or to keep clips together.
"""

import math
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, NoReturn

import numpy as np
from numpy import ndarray

from videoai.data.csv_file import CsvFile
from videoai.data.hints import did_you_mean, names_in, some
from videoai.data.items import Coding, Items
from videoai.data.listing import SPLIT_NAMES, SPLITS, Listing

SECONDS = ("start_seconds", "end_seconds")
NO_NUMBER = -1.0  # stands for a text that is no number of seconds

Where = Mapping[str, object]  # column -> value or list of values, compared as text


class Column(NamedTuple):
    """The texts of a column: each distinct one once, and its number on every line."""

    codes: ndarray  # int32 [N]
    coding: Coding

    def holds(self, *texts: str) -> ndarray:
        """bool [N]: the lines where one of the texts stands."""
        return np.isin(self.codes, [self.coding[text] for text in texts if text in self.coding])

    def used(self) -> list[str]:
        """The texts that stand on some line, in the order in which they first do."""
        texts = list(self.coding)
        return [texts[code] for code in np.flatnonzero(np.bincount(self.codes)).tolist()]


@dataclass(frozen=True)
class ClipTable:
    """Lines of a CSV file. Of a million no object per line is kept."""

    file: CsvFile
    record: ndarray  # int64 [N], where the lines stand in the file
    paths: Column  # normalised, below root
    columns: dict[str, Column]  # the columns asked for, if they are there
    seconds: dict[str, ndarray]  # float64 [N], NaN where nothing stands, or NO_NUMBER

    def __len__(self) -> int:
        return len(self.record)

    def fail_at(self, index: int, problem: str) -> NoReturn:
        self.file.fail(self.line(index)[0], problem)

    def line(self, index: int) -> tuple[int, dict[str, str]]:
        """The number of a line in the file, and what stands there by column."""
        number, fields = self.file.line(int(self.record[index]))
        return number, dict(zip(self.file.header, fields, strict=True))

    def is_filled(self, name: str) -> bool:
        return name in self.columns and not self.columns[name].holds("").all()

    def matching(self, where: Where, asked_by: str) -> ndarray:
        """bool [N]: every named column holds the value, or one of the values. Raises ValueError when no line does."""
        found = np.ones(len(self), bool)
        for name, value in where.items():
            self.file.position(name, asked_by)
            column = self.columns[name]
            allowed = {_as_text(one) for one in (value if isinstance(value, list | tuple | set) else [value])}
            hits = found & column.holds(*allowed)
            if not hits.any():
                there = some(sorted(column._replace(codes=column.codes[found]).used()))
                wanted = f"{name} = {' or '.join(sorted(allowed))}"
                self.file.fail(1, f"{asked_by} wants {wanted}, but the lines left hold {there}; change {asked_by}")
            found = hits
        return found

    def select(self, lines: ndarray) -> "ClipTable":
        """The lines where bool [N] is true."""
        return replace(
            self,
            record=self.record[lines],
            paths=self.paths._replace(codes=self.paths.codes[lines]),
            columns={name: column._replace(codes=column.codes[lines]) for name, column in self.columns.items()},
            seconds={name: seconds[lines] for name, seconds in self.seconds.items()},
        )


def read_table(file: CsvFile, *, root: str, columns: Collection[str]) -> ClipTable:
    """Reads paths, times, and of the other columns those asked for. Raises ValueError with the line at fault."""
    at = {name: file.position(name, "the header") for name in ("path", "label", *file.header)}
    paths, codings = Coding(), {name: Coding() for name in columns if name in at}
    parts: dict[str, list[ndarray]] = defaultdict(list)
    for chunk in file.chunks():
        texts = {name: [fields[at[name]].strip() for fields in chunk] for name in {"path", *codings, *SECONDS} & {*at}}
        parts["below root"].append(paths.codes([_below(text, root) for text in texts["path"]]))
        for name, coding in codings.items():
            parts[name].append(coding.codes(texts[name]))
        for name in {*SECONDS} & {*at}:
            parts[f"number of {name}"].append(np.array([_seconds(text) for text in texts[name]]))
    if not parts:
        file.fail(2, "there is no clip below the header; add one line per clip")
    whole = {name: np.concatenate(part) for name, part in parts.items()}
    return ClipTable(
        file,
        np.arange(1, len(whole["below root"]) + 1),
        Column(whole["below root"], paths),
        {name: Column(whole[name], coding) for name, coding in codings.items()},
        {name: whole[f"number of {name}"] for name in SECONDS if name in at},
    )


def list_clips(
    table: ClipTable, *, root: str, group_column: str | None, val_where: Where | None, test_where: Where | None
) -> Listing:
    """One clip per line, none twice. Raises ValueError with the line at fault."""
    split = _splits_from_where(table, {"val": val_where, "test": test_where})
    start, end = (table.seconds.get(name, np.full(len(table), np.nan)) for name in SECONDS)
    _refuse_bad_lines(table, start, end)
    if "split" in table.columns:
        said = table.columns["split"]
        meant = [SPLITS.index(SPLIT_NAMES[text.lower()]) if text.lower() in SPLIT_NAMES else -1 for text in said.coding]
        split = np.where(said.holds(""), split, np.array(meant, np.int8)[said.codes])
    labels = table.columns["label"]
    groups = table.columns[group_column] if group_column else Column(np.full(len(table), -1), Coding())
    items = Items.from_codes(
        table.paths.coding,
        groups.coding,
        table.paths.codes,
        labels.codes,
        np.where(np.isnan(start), 0.0, start),
        end,
        np.where(groups.holds(""), -1, groups.codes),
        root=root,
    )
    return Listing(items, list(labels.coding), split)


def check_files_exist(table: ClipTable, root: str) -> None:
    """One directory listing per folder rather than one stat per file: ten times as fast."""
    paths = table.paths.used()
    inside: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        cut = path.rfind(os.sep) + 1
        inside[path[:cut]].append(path[cut:])
    missing = []
    for folder, names in inside.items():
        there = names_in(os.path.join(root, folder))
        missing += [folder + name for name in names if name not in there]
    if missing:
        first_line = np.full(len(table.paths.coding), len(table))
        np.minimum.at(first_line, table.paths.codes, np.arange(len(table)))
        missing.sort(key=lambda path: first_line[table.paths.coding[path]])
        table.fail_at(
            int(first_line[table.paths.coding[missing[0]]]),
            f"{len(missing)} of {len(paths)} files are missing, first {', '.join(missing[:3])}. "
            f"Correct the paths, or set root to the folder they start from, now {root}",
        )


def relative(path: str, root: str) -> str:
    """The normalised path below root; unchanged but normalised when it lies elsewhere."""
    path = os.path.normpath(path)
    return path[len(root) :].lstrip(os.sep) if path.startswith(root.rstrip(os.sep) + os.sep) else path


def _below(text: str, root: str) -> str:
    """The normalised path below root; nothing stays nothing."""
    path = os.path.normpath(text)
    return path if path[0] not in "./" else relative(os.path.join(root, path), root) if text else ""


def _seconds(text: str) -> float:
    if not text:
        return math.nan
    try:
        seconds = float(text)
    except ValueError:
        return NO_NUMBER
    return seconds if 0 <= seconds < math.inf else NO_NUMBER


def _splits_from_where(table: ClipTable, wheres: dict[str, Where | None]) -> ndarray:
    """int8 [N], index into SPLITS, -1 = not said."""
    found = np.full(len(table), -1, np.int8)
    for split, where in wheres.items():
        if where:
            lines = table.matching(where, f"{split}_where")
            both = lines & (found >= 0)
            if both.any():
                table.fail_at(int(both.argmax()), "val_where and test_where both match this line; a clip has one split")
            found[lines] = SPLITS.index(split)
    return found


def _refuse_bad_lines(table: ClipTable, start: ndarray, end: ndarray) -> None:
    """Complains about the first line with a fault, and of its faults about the first."""
    begin = np.where(np.isnan(start), 0.0, start)
    same_as = _first_alike(table.paths.codes, begin, end)
    faults = {
        "path": table.paths.holds(""),
        "label": table.columns["label"].holds(""),
        "start_seconds": start == NO_NUMBER,
        "end_seconds": end == NO_NUMBER,
        "order": end <= begin,
        "split": _holds_no_split(table),
        "twice": same_as < np.arange(len(table)),
    }
    wrong = np.any(list(faults.values()), axis=0)
    if not wrong.any():
        return
    index = int(wrong.argmax())
    fault = next(name for name, lines in faults.items() if lines[index])
    _, here = table.line(index)
    if fault in ("path", "label"):
        problem = f"the {fault} is empty; fill it in or delete the line"
    elif fault in SECONDS:
        problem = f"{fault} is {here[fault]!r}; a number of seconds, 0 or more, such as 1.5 is allowed"
    elif fault == "order":
        problem = f"end_seconds {end[index]:g} must lie after start_seconds {begin[index]:g}"
    elif fault == "split":
        hint = did_you_mean(here["split"].lower(), SPLIT_NAMES)
        problem = f"split is {here['split']!r}; allowed: {', '.join(SPLIT_NAMES)}.{hint}"
    else:
        number, other = table.line(int(same_as[index]))
        labels = f"as {here['label']!r} here and as {other['label']!r}" if here["label"] != other["label"] else "here and"
        problem = f"{here['path']} is listed twice, {labels} on line {number}; delete one of the lines"
    table.fail_at(index, problem)


def _first_alike(path: ndarray, start: ndarray, end: ndarray) -> ndarray:
    """int64 [N], the first line that lists the same stretch of the same file: the line itself, if all is well."""
    first_alike = np.arange(len(path))
    order = np.lexsort((end, start, path))  # keeps the order of lines that are alike
    path, start, end = path[order], start[order], end[order]
    alike = (path[1:] == path[:-1]) & (start[1:] == start[:-1])
    alike &= (end[1:] == end[:-1]) | (np.isnan(end[1:]) & np.isnan(end[:-1]))
    leads = np.concatenate([[True], ~alike])
    first_alike[order] = order[np.flatnonzero(leads)[np.cumsum(leads) - 1]]
    return first_alike


def _holds_no_split(table: ClipTable) -> ndarray:
    if "split" not in table.columns:
        return np.zeros(len(table), bool)
    column = table.columns["split"]
    return column.holds(*(text for text in column.coding if text and text.lower() not in SPLIT_NAMES))


def _as_text(value: object) -> str:
    """As it stands in a table: YAML's true is ``true``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
