"""Videos inside files that other programs packed: the path of one says which bytes of the file it is.

    range::/data/train-000.tar#0001.mp4@1536+204800

No index is needed where videos are read, so workers open the file, take a range and decode it.
"""

import os
import re
from typing import NamedTuple

RANGE = "range::"  # before the path of the file
WHERE = re.compile(r"(.+?)#(.*)@(\d+)\+(\d+)", re.DOTALL)


class Range(NamedTuple):
    """Some bytes of a file."""

    file: str
    name: str  # the video's own
    offset: int
    size: int

    def unique_name(self) -> str:
        """What a copy may be called: ``train-000/0001.mp4``."""
        return f"{os.path.splitext(os.path.basename(self.file))[0]}/{self.name}"


def range_name(file: str, name: str, offset: int, size: int) -> str:
    """What a video is called: the file below the root, its own name there, and its bytes."""
    return f"{file}#{name}@{offset}+{size}"


def range_of(path: str) -> Range:
    """Raises: ValueError: the path is that of no range."""
    if not path.startswith(RANGE) or not (found := WHERE.fullmatch(path.removeprefix(RANGE))):
        raise ValueError(f"{path!r} is no range of bytes: {RANGE}FILE#NAME@OFFSET+SIZE")
    return Range(found[1], found[2], int(found[3]), int(found[4]))
