"""A video that shows the square around a face alone.

    boxes at moments -> median of 5 -> gaps filled by straight lines, 20 steps a second -> Gaussian -> at each frame

The median takes single wrong boxes out, the Gaussian the trembling. The square is ``margin`` times the longer side of
the box. It moves inside the picture where it would leave it, and is never larger than the picture: nothing is padded.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from videoai.core.paths import display_path
from videoai.data.decode import Video, open_video
from videoai.data.faces.track import Track

logger = logging.getLogger(__name__)
STEPS_PER_SECOND = 20.0
SMOOTH_SECONDS = 0.3  # standard deviation of the Gaussian
CHUNK_FRAMES = 8  # whole pictures that are in memory at a time
MIN_SIDE = 16  # pixels of a square


class Finder(Protocol):
    """What knows where the face is: a detector, or a table."""

    def track(self, video: Video, name: str) -> Track | None: ...


@dataclass(frozen=True, kw_only=True)
class FaceCropping:
    """How faces are cut out of videos."""

    finder: Finder
    margin: float = 1.3  # side of the square in sides of the box

    def cropped(self, video: Video, name: str = "") -> "tuple[Video, Track | None]":
        """The video around its main face; the whole of it, and None, where it shows none. Raises: BadVideo."""
        track = self.finder.track(video, name)
        return (CroppedVideo(video, track, self.margin), track) if track else (video, None)


def open_shown(path: str | Path, *, faces: FaceCropping | None = None, **options: Any) -> Video:
    """As ``open_video``, around the main face if ``faces``; a video without one is named. Raises: BadVideo."""
    video = open_video(path, **options)
    if faces is None:
        return video
    try:
        shown, track = faces.cropped(video)
    except BaseException:
        video.close()
        raise
    if track is None:
        logger.warning("%s: no face found, so the whole picture is read", display_path(path))
    return shown


class CroppedVideo:
    """A Video of square pictures; times and numbers of frames are those of ``video``, which it closes."""

    def __init__(self, video: Video, track: Track, margin: float) -> None:
        self.video, self.track, self.margin = video, track, margin
        self._squares = np.empty((0, 3), np.int64)
        self.height = self.width = int(np.median(self.squares()[:, 2]))

    @property
    def path(self) -> str:
        return self.video.path

    @property
    def num_frames(self) -> int:
        return self.video.num_frames

    @property
    def fps(self) -> float:
        return self.video.fps

    @property
    def duration_seconds(self) -> float:
        return self.video.duration_seconds

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        return self.video.timestamps

    @property
    def clock_start(self) -> float | None:
        return self.video.clock_start

    def squares(self) -> npt.NDArray[np.int64]:
        """int64 [num_frames, 3] left, top and side in pixels; made again when fewer frames turn out to decode."""
        if len(self._squares) != len(self.timestamps):
            sides = {"height": self.video.height, "width": self.video.width}
            self._squares = squares_at(self.timestamps, self.track, self.margin, **sides)
        return self._squares

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """As ``Video.frames``; ``size`` None = the median side of the squares."""
        numbers = torch.as_tensor(indices, dtype=torch.int64)
        shape = (size, size) if isinstance(size, int) else size or (self.height, self.width)
        return torch.cat([self._frames(part, shape) for part in numbers.split(CHUNK_FRAMES)])

    def _frames(self, numbers: Tensor, shape: tuple[int, int]) -> Tensor:
        pictures = self.video.frames(numbers)
        squares = self.squares()[numbers.numpy()].tolist()
        cut = [picture[:, y : y + side, x : x + side] for picture, (x, y, side) in zip(pictures, squares, strict=True)]
        return torch.stack([resized(picture, shape) for picture in cut])

    def close(self) -> None:
        self.video.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def resized(picture: Tensor, shape: tuple[int, int]) -> Tensor:
    """uint8 [C, H, W] -> uint8 [C, *shape]."""
    if picture.shape[1:] == shape:
        return picture
    scaled = interpolate(picture[None].float(), size=shape, mode="bilinear", antialias=True)
    return scaled[0].round().clamp(0, 255).to(torch.uint8)


def squares_at(
    seconds: npt.NDArray[np.float64], track: Track, margin: float, *, height: int, width: int
) -> npt.NDArray[np.int64]:
    """[T, 3] left, top and side of the square at each of these times."""
    across, down, side = steady(seconds, track)
    side = np.round(side * margin).clip(min(MIN_SIDE, height, width), min(height, width))
    left = np.round(across - side / 2).clip(0, width - side)
    top = np.round(down - side / 2).clip(0, height - side)
    return np.stack([left, top, side], axis=1).astype(np.int64)


def steady(seconds: npt.NDArray[np.float64], track: Track) -> npt.NDArray[np.float64]:
    """[3, T] middle across, middle down, and longer side of the box at each of these times."""
    known = np.array([(*box.middle, max(box.w, box.h)) for box in track.boxes]).T
    num_steps = max(2, int(np.ceil(float(seconds[-1]) * STEPS_PER_SECOND)) + 1)
    steps = np.arange(num_steps) / STEPS_PER_SECOND
    filled = [np.interp(steps, track.seconds, without_outliers(values)) for values in known]
    return np.stack([np.interp(seconds, steps, smooth(values)) for values in filled])


def without_outliers(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[T] -> [T], each the median of five around it."""
    padded = np.pad(values, 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)


def smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[T] -> [T], T at least 2; a movement goes on beyond the first and last value, so that none is held back there."""
    reach = round(3 * SMOOTH_SECONDS * STEPS_PER_SECOND)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (SMOOTH_SECONDS * STEPS_PER_SECOND)) ** 2)
    beyond = np.pad(values, reach, mode="reflect", reflect_type="odd")
    return np.convolve(beyond, bell / bell.sum(), mode="valid").astype(np.float64)
