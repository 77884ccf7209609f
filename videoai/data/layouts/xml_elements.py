"""XML of annotation tools, element by element. Every complaint starts with `file:LINE`."""

import os
from collections.abc import Iterator
from functools import partial
from xml.parsers import expat

from videoai.core.messages import near_names
from videoai.data.layouts.entries import Entry

CHUNK = 65536  # bytes


class Element:
    """A tag with what it holds."""

    __slots__ = ("children", "entry", "name", "text")

    def __init__(self, name: str, entry: Entry) -> None:
        self.name = name
        self.entry = entry  # the attributes, which complain with the line of the tag
        self.text = ""
        self.children: list[Element] = []

    def all(self, *names: str) -> Iterator["Element"]:
        """Elements of these names, at any depth, in the order of the file."""
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.all(*names)

    def said(self, name: str) -> str:
        """The text of the first element of this name; "" = there is none."""
        return next((found.text.strip() for found in self.all(name)), "")


def parts_of(path: str) -> Iterator[Element]:
    """The elements below the outermost one, one after the other, so that a large file is never held as a whole.

    Raises: FileNotFoundError. ValueError with the line: no XML, or one with definitions of entities of its own.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: no such file of annotations.{near_names(path)}")
    builder = _Builder(path)
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                builder.parser.Parse(chunk, False)
                yield from builder.take()
        builder.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(f"{path}:{error.lineno}: {expat.ErrorString(error.code)}; this is not XML") from None


class _Builder:
    """Collects what expat finds."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.open: list[Element] = []
        self.done: list[Element] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity

    def take(self) -> list[Element]:
        """What was completed since the last call."""
        done, self.done = self.done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name, Entry(attributes, partial(_place, self.path, self.parser.CurrentLineNumber)))
        if len(self.open) > 1:
            self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, name: str) -> None:
        element = self.open.pop()
        if len(self.open) == 1:
            self.done.append(element)

    def _text(self, text: str) -> None:
        self.open[-1].text += text

    def _entity(self, *_: object) -> None:
        where = _place(self.path, self.parser.CurrentLineNumber)
        raise ValueError(f"{where}: it defines entities, which may stand for anything; no annotation tool writes them")


def _place(path: str, line: int) -> str:
    return f"{path}:{line}"
