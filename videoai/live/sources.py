"""Where frames come from. A connection gives frames with their own times until it ends or fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import center_crop
from videoai.data.decode import Video
from videoai.data.decode.sizes import frames_at_sizes
from videoai.data.faces.crop import open_shown
from videoai.data.media import BadVideo
from videoai.data.timeline import is_by_number
from videoai.live.regions import Region, scaled

READ_AT_ONCE = 8  # frames of a file; one of them waits for the others


class Timing(NamedTuple):
    """How the frames of a connection are spaced."""

    rate: float | None  # frames a second on average; None = nobody knows, so it is measured
    by_number: bool  # clips take frames by number; False = by moments of a clock


class Part(NamedTuple):
    """What is judged of a frame: the whole of it, or a region."""

    picture: Tensor  # uint8 [C, size, size]
    view: Tensor | None = None  # uint8 [C, H, W], for people


class Shown(NamedTuple):
    """A frame and when its source shows it."""

    seconds: float | None  # since the first frame of the connection; None = it has no time
    parts: Sequence[Part | None]  # one a region of the source; None = that is not there now


class Source(Protocol):
    """Something that can be connected to."""

    @property
    def name(self) -> str:
        """What answers call it."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it does not wait, and is connected to again after it failed."""
        ...

    @property
    def regions(self) -> Sequence[Region]:
        """What is judged of its pictures; none = the whole of them."""
        ...

    def frames(self, tell: Callable[[Timing], None]) -> Iterator[Shown]:
        """Connect and read. ``tell``: told once, before the first frame. Raises: BadVideo, OSError."""
        ...


@dataclass(frozen=True)
class FileSource:
    """A file or folder of images, read as ``predict`` reads it: same times, same pixels."""

    path: str
    clip: ClipSpec
    reading: Mapping[str, Any] = field(default_factory=dict)  # options of open_shown
    view_side: int | None = None  # pixels of the short side at most; None = nobody looks
    regions: Sequence[Region] = ()
    is_live: bool = False

    @property
    def name(self) -> str:
        """What answers call it."""
        return self.path

    def frames(self, tell: Callable[[Timing], None]) -> Iterator[Shown]:
        """Raises: BadVideo."""
        with open_shown(self.path, **self.reading) as video:
            times = torch.as_tensor(video.timestamps, dtype=torch.float64)
            tell(Timing(video.fps, is_by_number(times, video.fps, self.clip)))
            first = 0
            while first < video.num_frames:
                numbers = range(first, min(first + READ_AT_ONCE, video.num_frames))
                times = [float(one) for one in video.timestamps[first : numbers.stop]]
                for seconds, parts in zip(times, self._read(video, numbers, times), strict=False):
                    yield Shown(seconds, parts)
                first += READ_AT_ONCE

    def _read(self, video: Video, numbers: range, times: Sequence[float]) -> Sequence[Sequence[Part | None]]:
        """Those that there are, where a file holds fewer frames than it announces."""
        try:
            return self._parts(video, numbers, times)
        except BadVideo as bad:
            if bad.reason != "short" or video.num_frames <= numbers.start:
                raise
            return self._parts(video, range(numbers.start, video.num_frames), times)

    def _parts(self, video: Video, numbers: range, times: Sequence[float]) -> Sequence[Sequence[Part | None]]:
        if self.regions:
            whole = zip(video.frames(numbers), times, strict=False)
            return [parts_of(picture, self.regions, seconds, self.clip, self.view_side) for picture, seconds in whole]
        pictures, views = self._read_sizes(video, numbers)
        pairs = zip(center_crop(pictures, self.clip.size), views, strict=True)
        return [[Part(picture.clone(), view)] for picture, view in pairs]

    def _read_sizes(self, video: Video, numbers: range) -> tuple[Tensor, Sequence[Tensor | None]]:
        if self.view_side is None:
            return video.frames(numbers, size=self.clip.short_side), [None] * len(numbers)
        side = min(self.view_side, video.height, video.width)
        pictures, views = frames_at_sizes(video, [(numbers, self.clip.short_side), (numbers, side)])
        return pictures, [*views]


def parts_of(
    picture: Tensor, regions: Sequence[Region], seconds: float, clip: ClipSpec, view_side: int | None
) -> list[Part | None]:
    """uint8 [C, H, W] -> each region, as the picture of a film of it alone. Raises: ValueError: it is outside."""
    cuts = [one.cut_out(picture, seconds) for one in regions]
    return [None if cut is None else part_of(cut, clip, view_side) for cut in cuts]


def part_of(picture: Tensor, clip: ClipSpec, view_side: int | None) -> Part:
    """uint8 [C, H, W]"""
    view = None if view_side is None else scaled(picture, min(view_side, *picture.shape[1:]))
    return Part(center_crop(scaled(picture, clip.short_side), clip.size).clone(), view)
