"""Probabilities over time of whole videos, put together from windows that overlap by half."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.messages import pluralize, truncated_list
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.loader import window_batches
from videoai.data.normalize import ToModelInput
from videoai.data.sampling import frame_step, window_seconds
from videoai.data.untrimmed import Extent
from videoai.data.windows import WindowClips, packed, segments_of, sliding_windows
from videoai.engine.precision import Precision
from videoai.events.event import Track
from videoai.inference.score import view_outputs

WINDOWS_TOGETHER = 8  # neighbouring windows that are decoded in one pass; each begins with half a window read twice
STEPS_OF_A_CLIP = 8  # steps that the answer for a whole clip stands for
MOST_FILLED = 2  # steps between frames that rounding may leave empty, at the rate of the frames


class FrameProbabilities(nn.Module):
    """What a per-frame model says: video -> [B, K, T], 0 .. 1, or as its task has it."""

    def __init__(self, model: nn.Module, activated: Callable[[Tensor], Tensor]) -> None:
        """activated: outputs [B, S, K, T] -> probabilities."""
        super().__init__()
        self.model, self.activated = model, activated

    def forward(self, video: Tensor) -> Tensor:
        """As ``activated`` gives it."""
        return self.activated(self.model(video).float())


class ClipProbabilities(nn.Module):
    """What a classifier of clips says, as long as the clip goes: video -> [B, K, STEPS_OF_A_CLIP]."""

    def __init__(self, model: nn.Module, activated: Any) -> None:
        """activated: logits [B, K] -> probabilities."""
        super().__init__()
        self.model, self.activated = model, activated

    def forward(self, video: Tensor) -> Tensor:
        """The same at each step."""
        return self.activated(self.model(video).float())[:, :, None].expand(-1, -1, STEPS_OF_A_CLIP)


# (outputs [M, ...] of windows, seconds [M, T] of their steps, duration, steps a second) -> the track of a video
ToTrack = Callable[[ndarray, ndarray, float, float], Track]


class Steps(NamedTuple):
    """How time is divided in one video."""

    rate: float  # steps a second
    window_seconds: float


@dataclass(frozen=True, kw_only=True)
class TrackReader:
    """A model over all windows of videos."""

    model: nn.Module  # video -> probabilities [B, K, T]
    to_track: ToTrack  # what its outputs over the windows of a video come to
    per_frame: bool  # a step a frame of the clip; else a clip has one answer
    clip: ClipSpec
    to_input: ToModelInput
    precision: Precision
    window_seconds: float | None = None  # None = what a clip spans; only for models of whole clips
    batch_size: int = 16
    num_workers: int = 0
    reading: Mapping[str, Any] = field(default_factory=dict)

    def steps(self, extent: Extent) -> Steps:
        """The steps of a video of that frame rate. Raises: ValueError: a window that nothing gives a length."""
        if self.per_frame or self.window_seconds is None:
            if self.clip.sampling != "dense":
                raise ValueError(
                    "window_seconds=null: the model takes frames spread over a whole video, which gives windows no "
                    "length. Set window_seconds=2 or about as long as an event lasts."
                )
            rate = extent.fps / frame_step(self.clip, extent.fps)
            window = window_seconds(self.clip, extent.fps)
            return Steps(rate if self.per_frame else STEPS_OF_A_CLIP / window, window)
        return Steps(STEPS_OF_A_CLIP / self.window_seconds, self.window_seconds)

    def __call__(
        self,
        items: Sequence[VideoItem],
        extents: Sequence[Extent | None],
        *,
        shared: bool = False,
        what: str = "localize",
    ) -> tuple[list[Track | None], list[str]]:
        """The track of each video, None where nothing of it could be read, and the reasons, "" = none.

        shared: each of several processes reads its part; all get all.
        Raises: ValueError: no video can be opened.
        """
        if not any(extents):
            raise ValueError(
                f"{what}: {pluralize(len(items), 'video')}, of which none can be opened: "
                f"{truncated_list([item.path for item in items], 3)}. Repair them, or name other videos."
            )
        segments = [
            segment
            for number, extent in enumerate(extents)
            if extent
            for segment in segments_of(number, windows_of(self.steps(extent), extent), WINDOWS_TOGETHER)
        ]
        dataset = WindowClips(items, segments, self.clip, timed=True, reading=self.reading)
        own = range(process_group.rank(), len(segments), process_group.world_size()) if shared else range(len(segments))
        pin = self.precision.device.type == "cuda"
        batches = packed(segments, own, self.batch_size)
        views = view_outputs(
            self.precision.place(self.model),
            window_batches(dataset, batches, num_workers=self.num_workers, pin=pin),
            to_input=self.to_input,
            precision=self.precision,
            num_videos=len(segments),
            num_views=WINDOWS_TOGETHER,
            max_views=self.batch_size,
            what=what,
        )
        video_of = np.array([segment.item for segment in segments])[views.index.numpy()]
        errors = [""] * len(items)
        for segment, error in zip(segments, views.errors, strict=True):
            errors[segment.item] = errors[segment.item] or error
        tracks: list[Track | None] = []
        for number, extent in enumerate(extents):
            rows = slice(*np.searchsorted(video_of, (number, number + 1)).tolist())  # windows come in order of videos
            if extent is None or rows.start == rows.stop:
                errors[number] = errors[number] or f"{items[number].path}: cannot be opened"
                tracks.append(None)
            else:
                tracks.append(self._track(extent, views.targets[rows].numpy(), views.outputs[rows].numpy()))
        return tracks, errors

    def _track(self, extent: Extent, seconds: ndarray, probability: ndarray) -> Track:
        if not self.per_frame:
            ends = seconds[:, [0]], seconds[:, [-1]]
            seconds = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, STEPS_OF_A_CLIP)
        return self.to_track(probability, seconds, extent.seconds, self.steps(extent).rate)


def windows_of(steps: Steps, extent: Extent) -> list[tuple[float, float]]:
    """(start, end) in seconds."""
    return sliding_windows(0.0, extent.seconds, steps.window_seconds, steps.window_seconds / 2)


def stitched(probability: ndarray, seconds: ndarray, duration: float, rate: float) -> Track:
    """One track from windows that overlap. The middle of a window counts more than its ends, where a model sees least
    of what is around.

    Args:
        probability: [M, K, T]. seconds: float64 [M, T], the time of each step.
    """
    num_windows, num_classes, length = probability.shape
    num_steps = max(1, int(np.ceil(duration * rate - 1e-3)))
    step = np.rint(seconds * rate).astype(int).clip(0, num_steps - 1).ravel()
    weight = np.tile(0.05 + 1 - np.abs(np.linspace(-1, 1, length)), num_windows)
    total = np.bincount(step, weight, num_steps)
    rows = [np.bincount(step, weight * probability[:, k].ravel(), num_steps) for k in range(num_classes)]
    with np.errstate(invalid="ignore"):
        mean = np.stack(rows) / np.where(total > 0, total, np.nan)
    return Track(probability=filled(mean).astype(np.float32), rate=rate, duration_seconds=duration)


def filled(mean: ndarray) -> ndarray:
    """[K, T] with gaps of few steps filled from the nearest step; longer ones, of what could not be read, stay NaN."""
    known = np.flatnonzero(~np.isnan(mean[0]))
    if not len(known):
        return mean
    places = np.arange(mean.shape[1])
    after = known[np.searchsorted(known, places).clip(max=len(known) - 1)]
    before = known[(np.searchsorted(known, places, side="right") - 1).clip(min=0)]
    nearest = np.where(np.abs(after - places) < np.abs(places - before), after, before)
    return np.where(np.abs(nearest - places) <= MOST_FILLED, mean[:, nearest], np.nan)


def no_track(num_classes: int, extent: Extent | None) -> Track:
    """The track of a video that could not be read: no probability at any step."""
    seconds = extent.seconds if extent else 0.0
    return Track(probability=np.full((num_classes, 1), np.nan, np.float32), rate=1.0, duration_seconds=seconds)
