"""Classes as a person writes them: ``opening a door,falling``, or a file of one class a line."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from videoai.core.messages import truncated_list

Classes = str | Sequence[str] | Mapping[str, str | Sequence[str]]
ClassTexts = dict[str, list[str]]  # the name of a class -> what is said of it

HOW = "Name two or more: classes='opening a door,falling', or classes=FILE.txt with one a line"


def read_classes(given: Classes) -> ClassTexts:
    """Each class with its phrasings. ``fall: falling | a person falls`` is class fall in two; without a name the first
    one is it.

    Args:
        given: a text of classes with commas between them, the path of a file, a list, or names with their phrasings.
    Raises: FileNotFoundError; ValueError: no two classes, one twice, or one without a phrasing.
    """
    if isinstance(given, Mapping):
        named = [(name, [said] if isinstance(said, str) else [*said]) for name, said in given.items()]
    else:
        named = [_named(line) for line in lines_of(given, "classes")]
    texts = dict(named)
    if len(texts) < len(named):
        names = [name for name, _ in named]
        twice = [name for name in texts if names.count(name) > 1]
        raise ValueError(f"classes: {truncated_list(twice)} stands there twice. Write name: one | other, in one line.")
    if silent := [name for name, said in texts.items() if not all(one.strip() for one in said) or not said]:
        raise ValueError(f"classes: nothing is said of {truncated_list(silent)}. Write name: text, or text alone.")
    if len(texts) < 2:
        raise ValueError(f"classes: {len(texts)} given, and an answer chooses between them. {HOW}.")
    return texts


class Line(NamedTuple):
    """An entry, and where it stands: ``templates=FILE:3``, or ``templates``."""

    place: str
    text: str


def lines_of(given: str | Sequence[str], key: str) -> list[str]:
    """The entries of a list, of a text with commas between them, or of a file of one a line. ``key``: the setting.

    In a file, empty lines and those that begin with # are left out. Raises: FileNotFoundError, ValueError.
    """
    return [line.text for line in placed_lines(given, key)]


def placed_lines(given: str | Sequence[str], key: str) -> list[Line]:
    """As ``lines_of``, each with its place."""
    words = [given] if isinstance(given, str) else [*given]
    if len(words) != 1:
        return [Line(key, word) for word in words]
    path = os.path.expanduser(words[0])
    if path.endswith(".txt") or os.path.isfile(path):
        return _lines(Path(path), key)
    text = re.sub(r"^\[(.*)\]$", r"\1", words[0].strip())
    return [Line(key, word.strip().strip("'\"")) for word in text.split(",") if word.strip()]


def texts_of_names(names: Sequence[str]) -> ClassTexts:
    """Class names of data as words: ``opening_door`` is opening door, ``ApplyLipstick`` Apply Lipstick."""
    return {name: [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip()] for name in names}


def _lines(path: Path, key: str) -> list[Line]:
    if not path.is_file():
        raise FileNotFoundError(f"{key}={path}: no such file. Give a file of one a line, or the texts themselves.")
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{key}={path}: no text file in UTF-8.") from error
    numbered = enumerate(lines, start=1)
    return [Line(f"{key}={path}:{number}", line) for number, line in numbered if line and not line.startswith("#")]


def _named(line: str) -> tuple[str, list[str]]:
    """``name: text | text`` or ``text | text``."""
    name, colon, said = line.partition(":")
    texts = [text.strip() for text in (said if colon else line).split("|")]
    return (name.strip() if colon else texts[0]), texts
