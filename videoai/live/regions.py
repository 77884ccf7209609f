"""Parts of the picture that are judged each by itself: regions that stay, and boxes that move, such as of persons.

A table says where they are: ``region,x,y,w,h``, x and y of the left upper corner, in pixels of the picture as shown, or
all from 0 to 1 as shares of it. With ``seconds`` a box holds at that time, and between two times it moves along a
straight line; with ``path`` it holds for that source alone.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from torch import Tensor

from videoai.data.faces.crop import resized
from videoai.data.faces.table import SIDES, check_numbers, read_numbers
from videoai.data.lists.csv_file import CsvFile

ASKED_BY = "a table of regions"
MIN_SIDE = 2  # pixels of a region; less cannot be scaled to a picture


@dataclass(frozen=True)
class Region:
    """One region, or one thing that moves."""

    name: str
    boxes: npt.NDArray[np.float64] = field(repr=False)  # [N, 4] x, y, w, h in the order of time
    seconds: npt.NDArray[np.float64] | None = field(repr=False)  # [N]; None = one box, which holds always
    are_shares: bool  # parts of width and height; False = pixels

    def box(self, seconds: float) -> npt.NDArray[np.float64] | None:
        """[4] x, y, w, h at a time; None = it is not there yet, or no more."""
        if self.seconds is None:
            return self.boxes[0]
        if not self.seconds[0] <= seconds <= self.seconds[-1]:
            return None
        return np.array([np.interp(seconds, self.seconds, values) for values in self.boxes.T])

    def cut_out(self, picture: Tensor, seconds: float) -> Tensor | None:
        """uint8 [C, H, W] -> uint8 [C, h, w]; None = it is not there then. Raises: ValueError: outside the picture."""
        box = self.box(seconds)
        if box is None:
            return None
        height, width = picture.shape[1:]
        left, top, wide, high = box * ((width, height) * 2) if self.are_shares else box
        x, y = round(max(left, 0)), round(max(top, 0))
        right, bottom = round(min(left + wide, width)), round(min(top + high, height))
        if right - x < MIN_SIDE or bottom - y < MIN_SIDE:
            raise ValueError(
                f"the region {self.name} (x={left:g} y={top:g} w={wide:g} h={high:g} px at {seconds:.2f} s) shows "
                f"nothing of pictures of {width} x {height} px. Boxes are in pixels of the picture as shown."
            )
        return picture[:, y:bottom, x:right]


def scaled(picture: Tensor, side: int) -> Tensor:
    """uint8 [C, H, W] -> uint8 [C, h, w] whose shorter side is ``side``."""
    height, width = picture.shape[1:]
    share = side / min(height, width)
    return resized(picture, (max(side, round(height * share)), max(side, round(width * share))))


def read_regions(path: str, sources: Sequence[str]) -> Mapping[str, list[Region]]:
    """Source -> its regions, in the order of the table. sources: as their answers call them.

    Raises: FileNotFoundError. ValueError: a column that lacks, a line that is no box, a source without a region.
    """
    file = CsvFile(path)
    at = {name: file.position(name, ASKED_BY) for name in ("region", *SIDES)}
    at |= {name: file.position(name, ASKED_BY) for name in ("path", "seconds") if name in file.header}
    names, numbers = read_lines(file, at)
    boxes = np.stack([numbers[side] for side in SIDES], axis=1)
    are_shares = bool((boxes >= 0).all() and (boxes[:, :2] + boxes[:, 2:] <= 1 + 1e-9).all())
    found: dict[str, list[Region]] = {}
    for source in sources:
        mine = [(place, name) for place, (name, of) in enumerate(names) if not of or is_same(of, source)]
        found[source] = regions_of(file, mine, boxes, numbers.get("seconds"), are_shares=are_shares)
        if not found[source]:
            raise ValueError(f"{path}: has no region of {source}. Add one, or leave the column path empty for all.")
    return found


def read_lines(
    file: CsvFile, at: Mapping[str, int]
) -> tuple[list[tuple[str, str]], dict[str, npt.NDArray[np.float64]]]:
    """Name and path of each line, and the columns of numbers. Raises: ValueError: a line that is no box, or none."""
    names: list[tuple[str, str]] = []
    columns: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in at if name not in ("region", "path")}
    for chunk in file.chunks():
        first = 1 + len(names)
        numbers = {name: read_numbers(file, name, chunk[at[name]], first) for name in columns}
        check_numbers(file, numbers, first, whole=False)
        for name, values in numbers.items():
            columns[name].append(values)
        paths = chunk[at["path"]] if "path" in at else [""] * len(chunk[0])
        names += zip(map(str.strip, chunk[at["region"]]), map(str.strip, paths), strict=True)
    if not names:
        file.fail(2, "there is no region below the header; add one line per region")
    return names, {name: np.concatenate(values) for name, values in columns.items()}


def regions_of(
    file: CsvFile,
    lines: Sequence[tuple[int, str]],
    boxes: npt.NDArray[np.float64],
    seconds: npt.NDArray[np.float64] | None,
    *,
    are_shares: bool,
) -> list[Region]:
    """lines: place and name of each. Raises: ValueError: without a name, or twice at one time."""
    places: dict[str, list[int]] = {}
    for place, name in lines:
        if not name:
            file.fail(file.line(1 + place)[0], "the region has no name")
        places.setdefault(name, []).append(place)
    regions = list[Region]()
    for name, own in places.items():
        times = None if seconds is None else seconds[own]
        if len(own) > (1 if times is None else len({*times.tolist()})):
            file.fail(file.line(1 + own[-1])[0], f"the region {name} is there twice; boxes that move need seconds")
        order = np.argsort(times, kind="stable") if times is not None else np.zeros(1, np.int64)
        regions.append(Region(name, boxes[own][order], None if times is None else times[order], are_shares))
    return regions


def is_same(written: str, source: str) -> bool:
    """Whether a path of the table is a source."""
    return written == source or os.path.realpath(written) == os.path.realpath(source)
