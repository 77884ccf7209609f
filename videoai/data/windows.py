"""Windows that slide over videos, and the data set that reads them: many windows of a video in one decoding pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from videoai.core.types import Clip, ClipSpec, VideoItem
from videoai.data.augment.transforms import center_crop
from videoai.data.media import BadVideo
from videoai.data.reading import TimedFrames, read_stretches

Span = tuple[float, float | None]  # seconds of the file, start and end; None = to its end


class Segment(NamedTuple):
    """Neighbouring windows of one video, read together."""

    item: int  # position of the video in its list
    spans: tuple[Span, ...]


def sliding_windows(start: float, end: float, length: float, hop: float) -> list[tuple[float, float]]:
    """(start, end) in seconds of each window between two times, a single one over all of it where it is short.

    The end is never left out: a rest of half a window or more gets a last window that ends there.
    """
    if end - start <= length:
        return [(start, end)]
    count = max(1, int((end - start - length) / hop + 1e-6) + 1)
    windows = [(start + i * hop, start + i * hop + length) for i in range(count)]
    rest = end - windows[-1][1]
    return windows if rest < length / 2 else [*windows, (end - length, end)]


def segments_of(item: int, spans: Sequence[Span], most: int) -> Iterator[Segment]:
    """The windows of one video, at most ``most`` to a segment."""
    for place in range(0, len(spans), most):
        yield Segment(item, tuple(spans[place : place + most]))


def packed(segments: Sequence[Segment], positions: Iterable[int], most: int) -> list[list[int]]:
    """The positions in batches of at most ``most`` windows; a segment that is longer has a batch of its own."""
    batches: list[list[int]] = []
    room = 0
    for position in positions:
        if len(segments[position].spans) > room:
            batches.append([])
            room = most
        batches[-1].append(position)
        room -= len(segments[position].spans)
    return batches


class WindowClips(Dataset[list[Clip]]):
    """The windows of each segment as clips: ``index`` is the segment, ``view`` the window in it. Nothing is random.

    A window gives the clip that an evaluation takes of a video of that length, so one over a whole video gives the very
    clip that the model is validated on.
    """

    def __init__(
        self,
        items: Sequence[VideoItem],
        segments: Sequence[Segment],
        clip: ClipSpec,
        *,
        timed: bool = False,
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``timed``: a clip's label is the time of each frame, float64 [T]; else 0. ``reading``: see
        reading.read_timed_views."""
        self.items, self.segments, self.clip = items, segments, clip
        self.timed, self.reading = timed, reading or {}

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, index: int) -> list[Clip]:
        """One clip a window. Where a window is unreadable, a black clip carries the error; the others are read."""
        item, spans = self.items[self.segments[index].item], self.segments[index].spans
        try:
            views = read_stretches(item, spans, self.clip, reading=self.reading)
        except BadVideo as bad:
            if len(spans) == 1:
                return [self._unreadable(index, 0, bad)]
            return [self._alone(index, window) for window in range(len(spans))]
        return [self._clip(index, window, view) for window, view in enumerate(views)]

    def _alone(self, index: int, window: int) -> Clip:
        item, span = self.items[self.segments[index].item], self.segments[index].spans[window]
        try:
            (view,) = read_stretches(item, [span], self.clip, reading=self.reading)
        except BadVideo as bad:
            return self._unreadable(index, window, bad)
        return self._clip(index, window, view)

    def _clip(self, index: int, window: int, view: TimedFrames) -> Clip:
        return Clip(center_crop(view.video, self.clip.size), self._label(view.seconds), index, window)

    def _label(self, seconds: Sequence[float]) -> int | Tensor:
        return torch.tensor(seconds, dtype=torch.float64) if self.timed else 0

    def _unreadable(self, index: int, window: int, bad: BadVideo) -> Clip:
        return Clip(self.clip.blank(), self._label([0.0] * self.clip.num_frames), index, window, str(bad))
