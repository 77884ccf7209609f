"""A CSV file read in chunks of lines. Every complaint starts with `file.csv:LINE`."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, Literal, NoReturn

from videoai.core.messages import did_you_mean, near_names, truncated_list
from videoai.data.lists.items import CHUNK
from videoai.data.media import BadVideo, sniff

Delimiter = Literal["auto", ",", ";", "\t"]
DELIMITERS = (",", ";", "\t")


class CsvFile:
    """UTF-8 text, a header, and as many fields on every line; blank lines do not count.

    A record is the position of a line among those that are not blank, the header being 0. Its line number is looked up
    when there is something to complain about, by reading the file again: nobody pays for it before.

    Raises: FileNotFoundError, or ValueError with the line at fault; `chunks` and `line` do too.
    """

    def __init__(
        self,
        path: str,
        delimiter: Delimiter = "auto",
        *,
        rename: Callable[[tuple[str, ...]], Mapping[str, str]] = lambda header: {},
    ) -> None:
        """``rename``: a header -> columns that get another name here. It may raise ValueError."""
        if os.path.isdir(path):
            raise ValueError(f"{path}: a folder, but data=csv reads a file. Class folders: data=folder data.root=PATH")
        if not os.path.isfile(path):
            raise FileNotFoundError(f"{path}: no such CSV file.{near_names(path)}")
        self.path, self.delimiter = path, delimiter
        with self._reader() as reader:
            self.header = [name.strip() for name in next(_filled(reader), [])]
        if not self.header:
            raise ValueError(f"{path}:1: the file is empty; the first line must be a header: path,label")
        doubled = {name for name in self.header if self.header.count(name) > 1}
        if doubled:
            names = truncated_list(sorted(name or "''" for name in doubled))
            self.fail(1, f"the header names {names} twice; rename one of them")
        try:
            self.renamed = rename(tuple(self.header))
        except ValueError as error:
            self.fail(1, str(error))
        self.header = [self.called(name) for name in self.header]

    def fail(self, line: int, problem: str) -> NoReturn:
        raise ValueError(f"{self.path}:{line}: {problem}")

    def called(self, name: str) -> str:
        """What a column of the file is called here."""
        return self.renamed.get(name, name)

    def written(self, name: str) -> str:
        """What a column that is called so here is called in the file."""
        return next((theirs for theirs, ours in self.renamed.items() if ours == name), name)

    def position(self, name: str, asked_by: str) -> int:
        """The position of a column. Raises ValueError naming the columns there are."""
        if name not in self.header:
            hint = did_you_mean(name, self.header)
            self.fail(1, f"{asked_by} needs the column {name!r}; columns here: {', '.join(self.header)}.{hint}")
        return self.header.index(name)

    def chunks(self) -> Iterator[list[tuple[str, ...]]]:
        """The columns of some thousand lines at a time."""
        first = 1
        with self._reader() as reader:
            records = islice(_filled(reader), 1, None)
            while chunk := list(islice(records, CHUNK)):
                self._check_width(chunk, first)
                yield list(zip(*chunk, strict=True))
                first += len(chunk)

    def line(self, record: int) -> tuple[int, list[str]]:
        """The number of the line of a record, and its fields."""
        with self._reader() as reader:
            fields = next(islice(_filled(reader), record, None))
            return reader.line_num, [field.strip() for field in fields]

    def _check_width(self, chunk: list[list[str]], first: int) -> None:
        widths = list(map(len, chunk))
        if widths.count(len(self.header)) < len(chunk):
            width = next(width for width in widths if width != len(self.header))
            self.fail(
                self.line(first + widths.index(width))[0],
                f"{width} fields, but the header names {len(self.header)} (separated by {self.delimiter!r}); "
                "quote fields that contain the separator",
            )

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        try:
            with open(self.path, encoding="utf-8-sig", newline="") as file:
                if self.delimiter == "auto":
                    header = next(filter(str.strip, file), "")
                    self.delimiter = max(DELIMITERS, key=header.count)
                    file.seek(0)
                reader = csv.reader(file, delimiter=self.delimiter, strict=True)
                try:
                    yield reader
                except csv.Error as error:
                    self.fail(reader.line_num, f"{error}; check the quotes on this line")
        except UnicodeDecodeError:
            self._fail_not_utf8()

    def _fail_not_utf8(self) -> NoReturn:
        with suppress(BadVideo):
            container = sniff(self.path)
            raise ValueError(
                f"{self.path}: this is a video ({container}), not a table of videos. Give the folder of your clips, or "
                "a table with the header path,label."
            )
        with open(self.path, "rb") as file:
            raw = file.read()
        try:
            raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            problem = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"
            raise ValueError(f"{self.path}:{line}: {problem}") from None
        raise ValueError(f"{self.path}: changed while it was read; try again")


def _filled(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    return (fields for fields in reader if "".join(fields).strip())
