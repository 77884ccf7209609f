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

READ_AT_ONCE = 8  # frames of a file; one of them waits for the others


class Timing(NamedTuple):
    """How the frames of a connection are spaced."""

    rate: float | None  # frames a second on average; None = nobody knows, so it is measured
    by_number: bool  # clips take frames by number; False = by moments of a clock


class Shown(NamedTuple):
    """A frame and when its source shows it."""

    seconds: float | None  # since the first frame of the connection; None = it has no time
    picture: Tensor  # uint8 [C, size, size]
    view: Tensor | None = None  # uint8 [C, H, W], the whole picture for people


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
                pictures, views = self._read(video, numbers)
                for number, picture, view in zip(numbers, center_crop(pictures, self.clip.size), views, strict=False):
                    yield Shown(float(video.timestamps[number]), picture.clone(), view)
                first += READ_AT_ONCE

    def _read(self, video: Video, numbers: range) -> tuple[Tensor, Sequence[Tensor | None]]:
        """Those that there are, where a file holds fewer frames than it announces."""
        try:
            return self._read_sizes(video, numbers)
        except BadVideo as bad:
            if bad.reason != "short" or video.num_frames <= numbers.start:
                raise
            return self._read_sizes(video, range(numbers.start, video.num_frames))

    def _read_sizes(self, video: Video, numbers: range) -> tuple[Tensor, Sequence[Tensor | None]]:
        if self.view_side is None:
            return video.frames(numbers, size=self.clip.short_side), [None] * len(numbers)
        side = min(self.view_side, video.height, video.width)
        pictures, views = frames_at_sizes(video, [(numbers, self.clip.short_side), (numbers, side)])
        return pictures, [*views]
