"""A table of boxes of faces: ``path,seconds,x,y,w,h[,score]``, or ``frame`` in place of ``seconds``.

Boxes are in pixels of the picture as shown, x and y of their left upper corner. A path is that of the table of clips,
below the folder of the data, or absolute. ``prepare`` writes such a table, and any detector may.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from videoai.core.files import csv_bytes
from videoai.core.messages import pluralize
from videoai.data.decode import Video
from videoai.data.faces.track import Box, Track, main_track
from videoai.data.lists.csv_file import CsvFile

COLUMNS = ("path", "seconds", "x", "y", "w", "h", "score")
SIDES = ("x", "y", "w", "h")
Rows = npt.NDArray[np.float64]  # [N, 6] time, x, y, w, h, score


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """The boxes of every video of a table."""

    file: str
    by_path: dict[str, Rows] = field(repr=False)  # in the order of time
    counts_frames: bool  # the times are numbers of frames, the first 0

    def track(self, video: Video, name: str) -> Track | None:
        """The main face of a video; None = the table has no box of it. Raises: ValueError: boxes of another video."""
        rows = self.by_path.get(name)
        if rows is None:
            rows = self.by_path.get(os.path.normpath(video.path))
        if rows is None:
            return None
        seconds = self._seconds(rows, video, name)
        self._check_inside(rows, video, name)
        boxes = [Box(*row) for row in rows[:, 1:].tolist()]
        moments = [
            (at, [box for _, box in group])
            for at, group in groupby(zip(seconds.tolist(), boxes, strict=True), lambda pair: pair[0])
        ]
        if all(len(found) == 1 for _, found in moments):
            return Track(tuple(at for at, _ in moments), tuple(found[0] for _, found in moments), is_alone=True)
        return main_track(moments, height=video.height, width=video.width, min_share=0)

    def named(self) -> set[str]:
        """The paths of the table."""
        return set(self.by_path)

    def _seconds(self, rows: Rows, video: Video, name: str) -> npt.NDArray[np.float64]:
        times = rows[:, 0]
        end = video.num_frames - 1 if self.counts_frames else video.duration_seconds
        if times[-1] > end + 1e-6:
            unit = "frame {:g}" if self.counts_frames else "{:g} s"
            raise ValueError(
                f"{self.file}: a box of {name} at {unit.format(times[-1])}, but the video ends at {unit.format(end)}. "
                "Is it the same video?"
            )
        return video.timestamps[times.astype(np.int64)] if self.counts_frames else times

    def _check_inside(self, rows: Rows, video: Video, name: str) -> None:
        middle = rows[:, 1:3] + rows[:, 3:5] / 2
        outside = ((middle < 0) | (middle > (video.width, video.height))).any(axis=1)
        if outside.any():
            x, y, w, h = rows[int(np.argmax(outside)), 1:5].tolist()
            raise ValueError(
                f"{self.file}: the box x={x:g} y={y:g} w={w:g} h={h:g} of {name} lies outside its pictures of "
                f"{video.width} x {video.height} px. Boxes are in pixels of the picture as shown."
            )


def read_boxes(path: str, root: str) -> Boxes:
    """``root``: the folder of the data, which paths of the table are below.

    Raises: FileNotFoundError; ValueError: a column that lacks, or a line that is no box.
    """
    file = CsvFile(path)
    counts_frames = "seconds" not in file.header and "frame" in file.header
    time = "frame" if counts_frames else "seconds"
    at = {name: file.position(name, "a table of boxes") for name in ("path", time, *SIDES)}
    if "score" in file.header:
        at["score"] = file.position("score", "a table of boxes")
    paths: list[str] = []
    parts: list[Rows] = []
    for chunk in file.chunks():
        first = 1 + len(paths)
        numbers = {name: read_numbers(file, name, chunk[place], first) for name, place in at.items() if name != "path"}
        check_numbers(file, numbers, first, whole=counts_frames)
        numbers.setdefault("score", np.ones(len(chunk[0])))
        paths += map(str.strip, chunk[at["path"]])
        parts.append(np.stack([numbers[name] for name in (time, *SIDES, "score")], axis=1))
    if not parts:
        file.fail(2, "there is no box below the header; add one line per box")
    rows = np.concatenate(parts)
    if (rows[:, 3:5] <= 1).all():
        file.fail(2, "no box is wider than a pixel; multiply fractions by width and height of the picture")
    return Boxes(file=path, by_path=dict(_by_path(paths, rows, root)), counts_frames=counts_frames)


def boxes_csv(tracks: Iterable[tuple[str, Track]]) -> bytes:
    """The table of the main faces, as ``read_boxes`` reads it."""
    rows = (
        (name, repr(seconds), *map(repr, box))
        for name, track in tracks
        for seconds, box in zip(track.seconds, track.boxes, strict=True)
    )
    return csv_bytes(COLUMNS, rows, errors="backslashreplace")


def _by_path(paths: list[str], rows: Rows, root: str) -> Iterator[tuple[str, Rows]]:
    places: dict[str, list[int]] = {}
    for place, path in enumerate(paths):
        places.setdefault(path, []).append(place)
    for path, lines in places.items():
        own = rows[lines]
        path = os.path.normpath(path)
        name = os.path.relpath(path, root) if os.path.isabs(path) and path.startswith(root + os.sep) else path
        yield name.replace(os.sep, "/"), own[np.argsort(own[:, 0], kind="stable")]


def read_numbers(file: CsvFile, name: str, texts: tuple[str, ...], first: int) -> npt.NDArray[np.float64]:
    """[N] a column. first: the record of its first line. Raises: ValueError: naming the line that holds no number."""
    try:
        return np.array(list(map(float, texts)))
    except ValueError:
        wrong = next(place for place, text in enumerate(texts) if not _is_number(text))
        file.fail(file.line(first + wrong)[0], f"{name}={texts[wrong]!r} is no number")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_numbers(file: CsvFile, numbers: dict[str, npt.NDArray[np.float64]], first: int, *, whole: bool) -> None:
    """Raises: ValueError naming the first line that is no box."""
    for name, values in numbers.items():
        wrong, must = ~np.isfinite(values), "be finite"
        if name in ("w", "h"):
            wrong, must = wrong | (values <= 0), "be above 0"
        elif name in ("seconds", "frame"):
            wrong, must = wrong | (values < 0), "be 0 or above"
            if whole:
                wrong, must = wrong | (values != np.floor(values)), "be a whole number from 0 on"
        if wrong.any():
            place = int(np.argmax(wrong))
            file.fail(file.line(first + place)[0], f"{name}={values[place]:g}; it must {must}")


def check_names(boxes: Boxes, names: Iterable[str]) -> str:
    """A sentence on videos of the table that the data lack; empty = none. Raises: ValueError: they lack all."""
    names = set(names)
    strange = sorted(boxes.named() - names)
    if len(strange) == len(boxes.named()):
        raise ValueError(
            f"{boxes.file}: none of its videos, such as {strange[0]}, is in the data, whose paths look like "
            f"{min(names, default='nothing')}. Write paths below the folder of the data, or absolute ones."
        )
    return f"{boxes.file}: boxes of {pluralize(len(strange), 'video')} that the data lack" if strange else ""
