"""Paths and URLs as text: which is which, and how one is shown to a person."""

import os
from pathlib import Path


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
