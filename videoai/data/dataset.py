"""Manifest + decoder + sampling + transform -> clips. Training replaces an unreadable video and says so; evaluation
never does."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from videoai.core.seeding import generator_for
from videoai.core.types import Clip, ClipSpec, VideoItem
from videoai.data.augment.directions import Directions
from videoai.data.augment.transforms import Transformed, eval_crops
from videoai.data.media import BadVideo
from videoai.data.reading import TimedFrames, read_timed_views
from videoai.data.sampling import NO_JITTER, TemporalJitter
from videoai.data.targets import Target, one_class

MAX_SUBSTITUTES = 10  # unreadable videos in a row before giving up: by then the data, not a file, is broken


class TrainClips(Dataset[list[Clip]]):
    """Random clips. A key is ``(epoch, index)``; pixels are a function of (seed, epoch, index) alone.

    With ``repeats`` each key gives as many clips, drawn independently, from one decoding pass (repeated augmentation,
    arXiv:1901.09335). A clip of a multi-label video has the labels that hold at some moment between its first and its
    last frame.
    """

    def __init__(
        self,
        items: Sequence[VideoItem],
        clip: ClipSpec,
        transform: Callable[[Tensor, Generator], Transformed],
        *,
        seed: int,
        jitter: TemporalJitter = NO_JITTER,
        repeats: int = 1,
        directions: Directions = Directions(),  # noqa: B008 (frozen)
        target: Target = one_class,
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: see reading.read_timed_views."""
        self.items, self.clip, self.transform, self.seed = items, clip, transform, seed
        self.jitter, self.repeats, self.directions, self.target = jitter, repeats, directions, target
        self.reading = reading or {}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: tuple[int, int]) -> list[Clip]:
        """The clips of one video. If it is unreadable, a random substitute, drawn from the same key, replaces it
        with its own label."""
        epoch, index = key
        rng = generator_for(self.seed, "substitute", epoch, index)
        chosen, error = index, ""
        for _ in range(MAX_SUBSTITUTES):
            try:
                return [clip._replace(index=index, error=error) for clip, _ in self.read(epoch, chosen)]
            except BadVideo as bad:
                error = error or str(bad)
                chosen = int(torch.randint(len(self.items), (), generator=rng))
        raise ValueError(
            f"{MAX_SUBSTITUTES} unreadable videos in a row, the first: {error.rstrip('.')}. Check data.root "
            "or data.path."
        )

    def read(self, epoch: int, index: int) -> list[tuple[Clip, TimedFrames]]:
        """The clips of one video, and the frames that each shows, in its own order. Raises: BadVideo."""
        item = self.items[index]
        rngs = [generator_for(self.seed, "clip", epoch, index, *([r] if r else [])) for r in range(self.repeats)]
        views = read_timed_views(item, self.clip, generators=rngs, jitter=self.jitter, reading=self.reading)
        return [self._clip(item, view, index, rng) for view, rng in zip(views, rngs, strict=True)]

    def _clip(self, item: VideoItem, view: TimedFrames, index: int, generator: Generator) -> tuple[Clip, TimedFrames]:
        video, is_mirrored, is_reversed, ops = self.transform(view.video, generator)
        step = -1 if is_reversed else 1
        sound = view.sound if view.sound is None or step == 1 else view.sound.flip(-1)  # backwards, as the frames
        shown = TimedFrames(video, view.numbers[::step], view.seconds[::step], sound)
        relabel = partial(self.directions.label, is_mirrored=is_mirrored, is_reversed=is_reversed)
        target = self.target(as_shown(item, view, relabel), shown.seconds)
        return Clip(video, target, index, 0, ops=ops, sound=sound), shown


def as_shown(item: VideoItem, view: TimedFrames, relabel: Callable[[int], int]) -> VideoItem:
    """The item with the labels that hold at some moment of the view, each as ``relabel`` says, and with those of which
    nobody said whether they hold."""
    if item.spans is None:
        return item._replace(label=relabel(item.label))
    unknown = (span for span in item.spans if not span.is_known)
    spans = (*item.spans_between(view.first_seconds, view.last_seconds), *unknown)
    return item._replace(spans=tuple(span._replace(label=relabel(span.label)) for span in spans))


class EvalClips(Dataset[list[Clip]]):
    """Every view of every video, once, in order; each video is decoded once. Nothing is random.

    Each view of a multi-label video has all its labels, whenever they hold: the video is scored as a whole.
    """

    def __init__(
        self,
        items: Sequence[VideoItem],
        clip: ClipSpec,
        *,
        num_clips: int = 1,
        num_crops: int = 1,
        target: Target = one_class,
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: see reading.read_timed_views."""
        self.reading = reading or {}
        self.items, self.clip, self.num_clips, self.num_crops = items, clip, num_clips, num_crops
        self.target = target
        eval_crops(torch.zeros(1, 3, clip.size, clip.size, dtype=torch.uint8), clip.size, num_crops)  # raise early

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> list[Clip]:
        """All views, view = clip * num_crops + crop. An unreadable video gives one black clip that carries the
        error."""
        item = self.items[index]
        try:
            clips = self.read(index)
        except BadVideo as bad:
            sound = self.clip.sound.missing if self.clip.sound else None
            return [Clip(self.clip.blank(), self.target(item, ()), index, 0, str(bad), sound=sound)]
        crops = [
            (crop, self.target(item, one.seconds), one.sound)
            for one in clips
            for crop in eval_crops(one.video, self.clip.size, self.num_crops)
        ]
        return [Clip(crop, target, index, view, sound=sound) for view, (crop, target, sound) in enumerate(crops)]

    def read(self, index: int) -> list[TimedFrames]:
        """The clips along one video, each before its crops. Raises: BadVideo."""
        return read_timed_views(self.items[index], self.clip, num_views=self.num_clips, reading=self.reading)
