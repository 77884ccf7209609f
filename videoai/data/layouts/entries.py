"""Annotation files entry by entry: CSV, JSON, JSON lines, plain lines. Every complaint starts with `file:LINE`, in a
JSON list with `file:LINE, item NUMBER`, since a whole list may stand on one line."""

import json
import math
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

from videoai.core.messages import near_names
from videoai.data.lists.csv_file import CsvFile
from videoai.data.lists.target_columns import NO_LABEL, Kinds, fault_of_cell

_OPENING, _BETWEEN, _BLANK = re.compile(r"\s*\[?\s*"), re.compile(r"[\s,]*"), re.compile(r"\s*")


class Entry:
    """What an annotation file says of one clip."""

    __slots__ = ("fields", "where")

    def __init__(self, fields: dict[str, Any], where: Callable[[], str]) -> None:
        self.fields, self.where = fields, where

    def fail(self, problem: str) -> NoReturn:
        """Raises ValueError: `file:LINE: problem`."""
        raise ValueError(f"{self.where()}: {problem}")

    def text(self, key: str) -> str:
        """A text that is there and not empty; a number counts as text."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.fail(f"no {key!r} here, or it is neither text nor number; there are {', '.join(self.fields)}")
        text = str(value).strip()
        return text or self.fail(f"{key} is empty; fill it in or delete the entry")

    def targets(self, kinds: Kinds) -> tuple[str, ...]:
        """What stands in the columns of targets, as text; "" = missing."""
        texts = []
        for name, kind in kinds.items():
            if name not in self.fields:
                self.fail(f"no {name!r} here, a target ({kind}); there are {', '.join(self.fields)}")
            value = self.fields[name]
            text = "" if value is None else str(value).strip()
            if fault := fault_of_cell(name, kind, text):
                self.fail(fault)
            texts.append(text)
        return tuple(texts)

    def label_beside(self, key: str, kinds: Kinds) -> str:
        """The label of a clip; where targets are asked for, one for all clips that have none."""
        has_own = self.fields.get(key) not in (None, "") and kinds.get(key) != "value"
        return NO_LABEL if kinds and not has_own else self.text(key)

    def number(self, key: str) -> int:
        text = self.text(key)
        return int(text) if text.isdecimal() else self.fail(f"{key} is {text!r}; a whole number, 0 or more, is allowed")

    def seconds(self, key: str) -> float:
        """Seconds, also written as hours:minutes:seconds."""
        text = self.text(key)
        try:
            seconds = sum(float(part) * 60**power for power, part in enumerate(reversed(text.split(":"))))
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds >= 0):
            self.fail(f"{key} is {text!r}; seconds such as 1.5, or hours:minutes:seconds, are allowed")
        return seconds


def csv_entries(path: str) -> Iterator[Entry]:
    """The lines below the header, by column. Raises: FileNotFoundError, ValueError."""
    file, record = CsvFile(path), 0
    for chunk in file.chunks():
        for fields in zip(*chunk, strict=True):
            record += 1
            yield Entry(dict(zip(file.header, map(str.strip, fields), strict=True)), partial(_csv_line, file, record))


def json_entries(path: str) -> Iterator[Entry]:
    """The objects of a JSON list, or one object a line. Raises: FileNotFoundError, ValueError."""
    text, decoder = read_text(path), json.JSONDecoder()
    position, counted_to, line, number = _after(_OPENING, text, 0), 0, 1, 0
    is_list = "[" in text[:position]
    while position < len(text) and text[position] != "]":
        line, counted_to = line + text.count("\n", counted_to, position), position
        number += 1
        where = partial(_place, path, line, number if is_list else None)
        try:
            fields, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise ValueError(_not_json(path, error)) from None
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits; a thousand brackets
            raise ValueError(f"{where()}: {error}") from None
        if not isinstance(fields, dict):
            raise ValueError(f"{where()}: {str(fields)[:40]!r}; an object such as {{...}} is needed for each clip")
        yield Entry(fields, where)
        position = _after(_BETWEEN, text, position)
    if is_list and position == len(text):
        line += text.count("\n", counted_to)
        raise ValueError(f"{_place(path, line)}: the list has no end, so the file is cut off; this is not JSON")
    position = _after(_BLANK, text, position + is_list)
    if position < len(text):
        line += text.count("\n", counted_to, position)
        raise ValueError(f"{_place(path, line)}: {text[position:][:40]!r} follows the end; this is not JSON")


def load_json(path: str) -> Any:
    """A whole JSON file. Raises: FileNotFoundError, ValueError."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(_not_json(path, error)) from None


def line_entries(path: str) -> Iterator[tuple[str, Entry]]:
    """Lines that are not blank, stripped. Raises: FileNotFoundError, ValueError."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield line.strip(), Entry({}, partial(_place, path, number))


def read_text(path: str) -> str:
    """A UTF-8 file. Raises: FileNotFoundError, ValueError with the line at fault."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: no such file of annotations.{near_names(path)}")
    with open(path, "rb") as file:
        raw = file.read()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8") from None


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _place(path: str, line: int, item: int | None = None) -> str:
    """``item``: in a JSON list, the first is 1."""
    return f"{path}:{line}" + (f", item {item}" if item else "")


def _not_json(path: str, error: json.JSONDecodeError) -> str:
    return f"{path}:{error.lineno}: {error.msg} at character {error.colno} of the line; this is not JSON"


def _csv_line(file: CsvFile, record: int) -> str:
    return _place(file.path, file.line(record)[0])
