"""The columns of a CSV file of clips, and which lines hold what. No object is kept per line: a million lines fit."""

import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import compress
from operator import ne
from typing import NamedTuple, NoReturn

import numpy as np
from numpy import ndarray

from videoai.core.messages import truncated_list
from videoai.core.paths import composed
from videoai.data.lists.csv_file import CsvFile
from videoai.data.lists.items import Vocabulary

SECONDS = ("start_seconds", "end_seconds")
NO_NUMBER = -1.0  # stands for a text that is no number of seconds
# What os.path.normpath would change, or leads out of the root, in paths that stand between line ends.
UNUSUAL = (f"{os.sep}{os.sep}", f"{os.sep}.", f"{os.sep}\n", f"\n{os.sep}", "\n.")

Where = Mapping[str, object]  # column -> value or list of values, compared as text


class Column(NamedTuple):
    """The texts of a column: each distinct one once, and its number on every line."""

    codes: ndarray  # int32 [N]
    texts: list[str]

    @classmethod
    def of(cls, lines: list[str]) -> "Column":
        """From the text of every line; the numbers compare as the texts do.

        Sorting a million paths takes half the time of looking each up in a dict that no longer fits the caches.
        """
        order = sorted(range(len(lines)), key=lines.__getitem__)
        texts = [lines[line] for line in order]
        is_new = [True, *map(ne, texts[1:], texts)]
        codes = np.empty(len(lines), np.int32)
        codes[order] = np.cumsum(is_new, dtype=np.int32) - 1
        return cls(codes, list(compress(texts, is_new)))

    def holds(self, *texts: str) -> ndarray:
        """bool [N]: the lines where one of the texts stands."""
        wanted = set(texts)
        return np.isin(self.codes, [code for code, text in enumerate(self.texts) if text in wanted])

    def used(self) -> list[str]:
        """The texts that stand on these lines, in the order in which they first do."""
        return [self.texts[code] for code in dict.fromkeys(self.codes.tolist())]


@dataclass(frozen=True)
class ClipTable:
    """Lines of a CSV file."""

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
        matches = np.ones(len(self), bool)
        for name, value in where.items():
            self.file.position(name, asked_by)
            column = self.columns[name]
            allowed = {_as_text(one) for one in (value if isinstance(value, list | tuple | set) else [value])}
            hits = matches & column.holds(*allowed)
            if not hits.any():
                values = truncated_list(sorted(column._replace(codes=column.codes[matches]).used()))
                wanted = f"{name} = {' or '.join(sorted(allowed))}"
                self.file.fail(1, f"{asked_by} wants {wanted}, but the lines left hold {values}; change {asked_by}")
            matches = hits
        return matches

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
    at = {name: file.position(name, "the header") for name in ("path", *file.header)}
    vocabularies = {name: Vocabulary() for name in columns if name in at}
    paths: list[str] = []
    parts: dict[str, list[ndarray]] = defaultdict(list)
    for chunk in file.chunks():
        texts = {name: list(map(str.strip, chunk[at[name]])) for name in {"path", *vocabularies, *SECONDS} & {*at}}
        paths += _normalised(texts["path"], root)
        for name, coding in vocabularies.items():
            is_plain = "".join(texts[name]).isascii()  # one look for all of them
            parts[name].append(coding.codes(texts[name] if is_plain else list(map(composed, texts[name]))))
        for name in {*SECONDS} & {*at}:
            parts[f"number of {name}"].append(_seconds(texts[name]))
    if not paths:
        file.fail(2, "there is no clip below the header; add one line per clip")
    whole = {name: np.concatenate(part) for name, part in parts.items()}
    return ClipTable(
        file,
        np.arange(1, len(paths) + 1),
        Column.of(paths),
        {name: Column(whole[name], list(coding)) for name, coding in vocabularies.items()},
        {name: whole[f"number of {name}"] for name in SECONDS if name in at},
    )


def first_alike(path: ndarray, start: ndarray, end: ndarray) -> ndarray:
    """int64 [N], the first line that lists the same stretch of the same file: the line itself, if all is well."""
    first = np.arange(len(path))
    if np.bincount(path).max(initial=0) < 2:  # no file twice, and no need to sort
        return first
    order = np.lexsort((end, start, path))  # keeps the order of lines that are alike
    path, start, end = path[order], start[order], end[order]
    alike = (path[1:] == path[:-1]) & (start[1:] == start[:-1])
    alike &= (end[1:] == end[:-1]) | (np.isnan(end[1:]) & np.isnan(end[:-1]))
    leads = np.concatenate([[True], ~alike])
    first[order] = order[np.flatnonzero(leads)[np.cumsum(leads) - 1]]
    return first


def relative(path: str, root: str) -> str:
    """The normalised path below root; unchanged but normalised when it lies elsewhere."""
    path = os.path.normpath(path)
    path = path[1:] if path.startswith(2 * os.sep) else path  # normpath keeps two, which Linux takes for one
    return path[len(root) :].lstrip(os.sep) if path.startswith(root.rstrip(os.sep) + os.sep) else path


def _normalised(texts: list[str], root: str) -> list[str]:
    """As below for each text. Most tables hold plain names, which one look at all of them together tells."""
    together = "\n".join(("", *texts, ""))
    return [_below(text, root) for text in texts] if any(mark in together for mark in UNUSUAL) else texts


def _below(text: str, root: str) -> str:
    """The normalised path below root; nothing stays nothing."""
    path = os.path.normpath(text) if text else text
    return relative(os.path.join(root, path), root) if path.startswith((".", os.sep)) else path


def _seconds(texts: list[str]) -> ndarray:
    """float64 [N], NaN for nothing, NO_NUMBER."""
    try:
        seconds = np.array(list(map(float, texts)))
    except ValueError:  # something stands there that is no number, or nothing
        seconds = np.array([_number(text) for text in texts])
    wrong = ~((seconds >= 0) & (seconds < np.inf))
    seconds[wrong] = [NO_NUMBER if texts[line] else np.nan for line in np.flatnonzero(wrong)]
    return seconds


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return NO_NUMBER


def _as_text(value: object) -> str:
    """As it stands in a table: YAML's true is ``true``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
