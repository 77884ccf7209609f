"""Manifest + decoder + sampling + transform -> clips. Training replaces an unreadable video and says so; evaluation
never does."""

import logging
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from videoai.core.seeding import generator_for
from videoai.core.types import Clip, ClipSpec, VideoItem
from videoai.data.decode import Video, open_video
from videoai.data.media import BadVideo
from videoai.data.sampling import clip_indices, frame_range
from videoai.data.transforms import TrainTransform, eval_crops

logger = logging.getLogger(__name__)
MAX_SUBSTITUTES = 10  # unreadable videos in a row before giving up: by then the data, not a file, is broken


class TrainClips(Dataset[list[Clip]]):
    """Random clips. A key is ``(epoch, index)``; pixels are a function of (seed, epoch, index) alone."""

    def __init__(self, items: Sequence[VideoItem], clip: ClipSpec, transform: TrainTransform, *, seed: int) -> None:
        self.items, self.clip, self.transform, self.seed = items, clip, transform, seed

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: tuple[int, int]) -> list[Clip]:
        """One clip. When the video is unreadable another one, drawn from the same key, stands in with its own label."""
        epoch, index = key
        draw = generator_for(self.seed, "substitute", epoch, index)
        chosen, error = index, ""
        for _ in range(MAX_SUBSTITUTES):
            try:
                item = self.items[chosen]
                return [Clip(self._read(item, epoch, chosen), item.label, index, 0, error)]
            except BadVideo as bad:
                error = error or str(bad)
                chosen = int(torch.randint(len(self.items), (), generator=draw))
        raise ValueError(
            f"{MAX_SUBSTITUTES} unreadable videos in a row, the first: {error}. Check data.root or data.path."
        )

    def _read(self, item: VideoItem, epoch: int, index: int) -> Tensor:
        generator = generator_for(self.seed, "clip", epoch, index)
        return self.transform(read_views(item, self.clip, generator=generator)[0], generator)


class EvalClips(Dataset[list[Clip]]):
    """Every view of every video, once, in order; each video is decoded once. Nothing is random."""

    def __init__(self, items: Sequence[VideoItem], clip: ClipSpec, *, num_clips: int = 1, num_crops: int = 1) -> None:
        self.items, self.clip, self.num_clips, self.num_crops = items, clip, num_clips, num_crops
        eval_crops(torch.zeros(1, 3, clip.size, clip.size, dtype=torch.uint8), clip.size, num_crops)  # refuse early

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> list[Clip]:
        """All views, view = clip * num_crops + crop. An unreadable video gives one black clip that carries the
        error."""
        item = self.items[index]
        try:
            clips = read_views(item, self.clip, num_views=self.num_clips)
        except BadVideo as bad:
            black = torch.zeros(self.clip.num_frames, 3, self.clip.size, self.clip.size, dtype=torch.uint8)
            return [Clip(black, item.label, index, 0, str(bad))]
        crops = [crop for video in clips for crop in eval_crops(video, self.clip.size, self.num_crops)]
        return [Clip(crop, item.label, index, view) for view, crop in enumerate(crops)]


def read_views(
    item: VideoItem, clip: ClipSpec, *, generator: torch.Generator | None = None, num_views: int = 1
) -> list[Tensor]:
    """Decode the clips of one video in one pass: ``num_views`` x uint8 [T, C, H', W'], short side ``clip.resize``.

    A file may hold fewer frames than it announces; the decoder then knows the true count, and the clip is drawn again.

    Raises: BadVideo.
    """
    with open_video(item.path) as video:
        for attempt in range(2):
            count = video.num_frames
            state = generator.get_state() if generator is not None else None
            try:
                views = _view_indices(video, item, clip, generator, num_views)
                frames = video.frames(torch.cat(views), size=clip.short_side)
                return list(frames.split(clip.num_frames))
            except BadVideo as bad:
                if attempt or bad.reason != "short" or not 2 * video.num_frames >= count > video.num_frames:
                    raise
                logger.warning("%s", bad)
                if generator is not None and state is not None:
                    generator.set_state(state)
    raise AssertionError("unreachable")


def _view_indices(
    video: Video, item: VideoItem, clip: ClipSpec, generator: torch.Generator | None, num_views: int
) -> list[Tensor]:
    try:
        timestamps = torch.as_tensor(video.timestamps, dtype=torch.float64)
        first, last = frame_range(timestamps, item.start_seconds, item.end_seconds)
        return [
            first + clip_indices(last - first, video.fps, clip, generator=generator, view=view, num_views=num_views)
            for view in range(num_views)
        ]
    except ValueError as error:
        raise BadVideo(item.path, "short", "sample", str(error)) from error
