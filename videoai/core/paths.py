"""Paths and URLs as text: which is which, and how one is shown to a person."""

import os
import unicodedata
from functools import lru_cache
from pathlib import Path

from videoai.core.messages import names_in


def is_url(location: str) -> bool:
    return "://" in location


def display_path(path: Path | str) -> str:
    """A path as a person would type it: relative when it lies below the current folder."""
    path = os.fspath(path)
    if is_url(path):
        return path
    path = os.path.abspath(path)
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path


def composed(text: str) -> str:
    """In Unicode's composed form (NFC): macOS may store the names of files decomposed, and lists are composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class Spelling:
    """Finds files below root whose names differ from those asked for in the form of their characters alone."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._names = lru_cache(maxsize=16)(self._read)

    def on_disk(self, path: str) -> str | None:
        """The path below root as the disk spells it; None = not there."""
        found = ""
        for part in path.split(os.sep):
            name = self._names(found).get(composed(part))
            if name is None:
                return None
            found = os.path.join(found, name)
        return found

    def _read(self, folder: str) -> dict[str, str]:
        return {composed(name): name for name in names_in(os.path.join(self.root, folder))}
