"""Manifest + decoder + sampling + transform -> clips. Training replaces an unreadable video and says so; evaluation
never does."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from videoai.core.seeding import generator_for
from videoai.core.types import Clip, ClipSpec, VideoItem
from videoai.data.decode import Video, open_video
from videoai.data.directions import Directions
from videoai.data.media import BadVideo
from videoai.data.sampling import STEADY, Tempo, clip_indices, frame_range
from videoai.data.transforms import TrainTransform, eval_crops

logger = logging.getLogger(__name__)
MAX_SUBSTITUTES = 10  # unreadable videos in a row before giving up: by then the data, not a file, is broken


class TimedFrames(NamedTuple):
    """The frames of one view and when they were."""

    video: Tensor  # uint8 [T, C, H', W']
    first_seconds: float  # of the earliest frame
    last_seconds: float  # of the latest frame


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
        transform: TrainTransform,
        *,
        seed: int,
        tempo: Tempo = STEADY,
        repeats: int = 1,
        directions: Directions = Directions(),  # noqa: B008 (frozen)
        num_classes: int = 0,  # of a multi-label set
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: options of ``open_video``."""
        self.items, self.clip, self.transform, self.seed = items, clip, transform, seed
        self.tempo, self.repeats, self.directions, self.num_classes = tempo, repeats, directions, num_classes
        self.reading = reading or {}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: tuple[int, int]) -> list[Clip]:
        """The clips of one video. When it is unreadable another one, drawn from the same key, stands in with its own
        label."""
        epoch, index = key
        draw = generator_for(self.seed, "substitute", epoch, index)
        chosen, error = index, ""
        for _ in range(MAX_SUBSTITUTES):
            try:
                return [clip._replace(index=index, error=error) for clip in self._read(epoch, chosen)]
            except BadVideo as bad:
                error = error or str(bad)
                chosen = int(torch.randint(len(self.items), (), generator=draw))
        raise ValueError(
            f"{MAX_SUBSTITUTES} unreadable videos in a row, the first: {error}. Check data.root or data.path."
        )

    def _read(self, epoch: int, index: int) -> list[Clip]:
        item = self.items[index]
        draws = [generator_for(self.seed, "clip", epoch, index, *([r] if r else [])) for r in range(self.repeats)]
        views = read_timed_views(item, self.clip, generators=draws, tempo=self.tempo, reading=self.reading)
        return [self._clip(item, view, index, draw) for view, draw in zip(views, draws, strict=True)]

    def _clip(self, item: VideoItem, view: TimedFrames, index: int, generator: Generator) -> Clip:
        video, is_mirrored, is_reversed, ops = self.transform(view.video, generator)
        labels = item.labels if item.spans is None else item.labels_between(view.first_seconds, view.last_seconds)
        now = [self.directions.label(label, is_mirrored=is_mirrored, is_reversed=is_reversed) for label in labels]
        return Clip(video, now[0] if item.spans is None else multi_hot(now, self.num_classes), index, 0, ops=ops)


class EvalClips(Dataset[list[Clip]]):
    """Every view of every video, once, in order; each video is decoded once. Nothing is random.

    Each view of a multi-label video has all its labels, whenever they hold: what is judged is the video.
    """

    def __init__(
        self,
        items: Sequence[VideoItem],
        clip: ClipSpec,
        *,
        num_clips: int = 1,
        num_crops: int = 1,
        num_classes: int = 0,  # of a multi-label set
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: options of ``open_video``."""
        self.reading = reading or {}
        self.items, self.clip, self.num_clips, self.num_crops = items, clip, num_clips, num_crops
        self.num_classes = num_classes
        eval_crops(torch.zeros(1, 3, clip.size, clip.size, dtype=torch.uint8), clip.size, num_crops)  # refuse early

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> list[Clip]:
        """All views, view = clip * num_crops + crop. An unreadable video gives one black clip that carries the
        error."""
        item = self.items[index]
        label = item.label if item.spans is None else multi_hot(item.labels, self.num_classes)
        try:
            clips = read_views(item, self.clip, num_views=self.num_clips, reading=self.reading)
        except BadVideo as bad:
            black = torch.zeros(self.clip.num_frames, 3, self.clip.size, self.clip.size, dtype=torch.uint8)
            return [Clip(black, label, index, 0, str(bad))]
        crops = [crop for video in clips for crop in eval_crops(video, self.clip.size, self.num_crops)]
        return [Clip(crop, label, index, view) for view, crop in enumerate(crops)]


def multi_hot(labels: Iterable[int], num_classes: int) -> Tensor:
    """float [K], 1 for each of the labels."""
    found = torch.zeros(num_classes)
    found[list(labels)] = 1
    return found


def read_views(
    item: VideoItem,
    clip: ClipSpec,
    *,
    generators: Sequence[Generator] = (),
    tempo: Tempo = STEADY,
    num_views: int = 1,
    reading: Mapping[str, Any] | None = None,
) -> list[Tensor]:
    """The frames alone of ``read_timed_views``."""
    views = read_timed_views(item, clip, generators=generators, tempo=tempo, num_views=num_views, reading=reading)
    return [view.video for view in views]


def read_timed_views(
    item: VideoItem,
    clip: ClipSpec,
    *,
    generators: Sequence[Generator] = (),
    tempo: Tempo = STEADY,
    num_views: int = 1,
    reading: Mapping[str, Any] | None = None,
) -> list[TimedFrames]:
    """Decode the clips of one video in one pass, each uint8 [T, C, H', W'], short side ``clip.resize``.

    One random clip a generator; without generators ``num_views`` fixed ones. A file may hold fewer frames than it
    announces; the decoder then knows the true count, and the clips are drawn again.

    Raises: BadVideo.
    """
    states = [generator.get_state() for generator in generators]
    with open_video(item.path, **(reading or {})) as video:
        for attempt in range(2):
            count = video.num_frames
            try:
                views = _view_indices(video, item, clip, generators, tempo, num_views)
                frames = video.frames(torch.cat(views), size=clip.short_side)
                return [
                    TimedFrames(part, *(float(video.timestamps[index]) for index in (int(view.min()), int(view.max()))))
                    for part, view in zip(frames.split(clip.num_frames), views, strict=True)
                ]
            except BadVideo as bad:
                if attempt or bad.reason != "short" or not 2 * video.num_frames >= count > video.num_frames:
                    raise
                logger.warning("%s", bad)
                for generator, state in zip(generators, states, strict=True):
                    generator.set_state(state)
    raise AssertionError("unreachable")


def _view_indices(
    video: Video, item: VideoItem, clip: ClipSpec, generators: Sequence[Generator], tempo: Tempo, num_views: int
) -> list[Tensor]:
    try:
        timestamps = torch.as_tensor(video.timestamps, dtype=torch.float64)
        first, last = frame_range(timestamps, item.start_seconds, item.end_seconds)
        frames, fps = last - first, video.fps
        if generators:
            views = [clip_indices(frames, fps, clip, generator=draw, tempo=tempo) for draw in generators]
        else:
            views = [clip_indices(frames, fps, clip, view=view, num_views=num_views) for view in range(num_views)]
        return [first + view for view in views]
    except ValueError as error:
        raise BadVideo(item.path, "short", "sample", str(error)) from error
