"""Manifest + decoder + sampling + transform -> clips. Training replaces an unreadable video and says so; evaluation
never does."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

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


class TrainClips(Dataset[list[Clip]]):
    """Random clips. A key is ``(epoch, index)``; pixels are a function of (seed, epoch, index) alone.

    With ``repeats`` each key gives as many clips, drawn independently, from one decoding pass (repeated augmentation,
    arXiv:1901.09335).
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
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: options of ``open_video``."""
        self.items, self.clip, self.transform, self.seed = items, clip, transform, seed
        self.tempo, self.repeats, self.directions, self.reading = tempo, repeats, directions, reading or {}

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
        videos = read_views(item, self.clip, generators=draws, tempo=self.tempo, reading=self.reading)
        return [self._clip(video, item.label, index, draw) for video, draw in zip(videos, draws, strict=True)]

    def _clip(self, video: Tensor, label: int, index: int, generator: Generator) -> Clip:
        video, is_mirrored, is_reversed, ops = self.transform(video, generator)
        label = self.directions.label(label, is_mirrored=is_mirrored, is_reversed=is_reversed)
        return Clip(video, label, index, 0, ops=ops)


class EvalClips(Dataset[list[Clip]]):
    """Every view of every video, once, in order; each video is decoded once. Nothing is random."""

    def __init__(
        self,
        items: Sequence[VideoItem],
        clip: ClipSpec,
        *,
        num_clips: int = 1,
        num_crops: int = 1,
        reading: Mapping[str, Any] | None = None,
    ) -> None:
        """``reading``: options of ``open_video``."""
        self.reading = reading or {}
        self.items, self.clip, self.num_clips, self.num_crops = items, clip, num_clips, num_crops
        eval_crops(torch.zeros(1, 3, clip.size, clip.size, dtype=torch.uint8), clip.size, num_crops)  # refuse early

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> list[Clip]:
        """All views, view = clip * num_crops + crop. An unreadable video gives one black clip that carries the
        error."""
        item = self.items[index]
        try:
            clips = read_views(item, self.clip, num_views=self.num_clips, reading=self.reading)
        except BadVideo as bad:
            black = torch.zeros(self.clip.num_frames, 3, self.clip.size, self.clip.size, dtype=torch.uint8)
            return [Clip(black, item.label, index, 0, str(bad))]
        crops = [crop for video in clips for crop in eval_crops(video, self.clip.size, self.num_crops)]
        return [Clip(crop, item.label, index, view) for view, crop in enumerate(crops)]


def read_views(
    item: VideoItem,
    clip: ClipSpec,
    *,
    generators: Sequence[Generator] = (),
    tempo: Tempo = STEADY,
    num_views: int = 1,
    reading: Mapping[str, Any] | None = None,
) -> list[Tensor]:
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
                return list(frames.split(clip.num_frames))
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
