"""The places of a video that a clip may take its frames from: frames by number, or moments of a clock.

Numbers do where frames come at one rate, and where ``clip.stride`` counts the file's own frames. Where a rate is asked
for (``clip.fps``) and the frames come irregularly, as from phones and screen recorders, a clip takes moments at that
rate and shows at each what a player would show: the last picture before it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.data.decode import Video
from videoai.data.media import BadVideo
from videoai.data.sampling import clip_indices

MOMENTS_PER_SECOND = 1000.0  # containers round to milliseconds
ROUNDING_SECONDS = 1e-6  # microsecond: the resolution of most containers
EVEN = 0.5  # frames that a video may be off an even rate and still be read by number


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A labelled stretch of a video as evenly spaced places, for ``sampling.clip_indices``."""

    num_places: int
    rate: float  # places per second
    timestamps: Tensor  # float64 [num_frames] seconds
    start_seconds: float
    first_frame: int | None  # place 0 is this frame, place 1 the next; None = places are moments

    def frames(self, places: Tensor) -> Tensor:
        """int64 [T] places -> int64 [T] numbers of the frames shown there."""
        if self.first_frame is not None:
            return self.first_frame + places
        moments = self.seconds(places) + 0.5 / MOMENTS_PER_SECOND
        return (torch.searchsorted(self.timestamps, moments, right=True) - 1).clamp(min=0)

    def seconds(self, places: Tensor) -> Tensor:
        """int64 [T] places -> float64 [T] seconds; not before the stretch, whose first picture may be older."""
        if self.first_frame is not None:
            return self.timestamps[self.first_frame + places].clamp(min=self.start_seconds)
        return self.start_seconds + places.double() / MOMENTS_PER_SECOND


def stretch_of(video: Video, clip: ClipSpec, start_seconds: float = 0.0, end_seconds: float | None = None) -> Stretch:
    """The places between two times of an open video; ``end_seconds`` None = to its end.

    Raises: ValueError: the video shows nothing there.
    """
    timestamps = torch.as_tensor(video.timestamps, dtype=torch.float64)
    return stretch_between(
        timestamps,
        video.fps,
        start_seconds,
        end_seconds,
        duration_seconds=video.duration_seconds,
        by_number=is_by_number(timestamps, video.fps, clip),
    )


def is_by_number(timestamps: Tensor, fps: float, clip: ClipSpec) -> bool:
    """Whether clips take frames by number; timestamps: float64 [num_frames], the first at 0."""
    return clip.fps is None or clip.sampling == "uniform" or is_even(timestamps, fps)


def stretch_between(
    timestamps: Tensor,
    fps: float,
    start_seconds: float,
    end_seconds: float | None,
    *,
    duration_seconds: float,
    by_number: bool,
) -> Stretch:
    """As ``stretch_of``, from the times of frames, float64 [num_frames], which may be a part of a stream.

    Raises: ValueError: nothing is shown there.
    """
    first, last = frame_range(timestamps, start_seconds, end_seconds, fps=fps)
    if by_number:
        return Stretch(
            num_places=last - first, rate=fps, timestamps=timestamps, start_seconds=start_seconds, first_frame=first
        )
    end = min(duration_seconds, np.inf if end_seconds is None else end_seconds)
    return Stretch(
        num_places=max(1, round((end - start_seconds) * MOMENTS_PER_SECOND)),
        rate=MOMENTS_PER_SECOND,
        timestamps=timestamps,
        start_seconds=start_seconds,
        first_frame=None,
    )


def places_of(
    video: Video, clip: ClipSpec, path: str, start_seconds: float, end_seconds: float
) -> tuple[Tensor, Tensor]:
    """The frames of the fixed clip of a window, int64 [T], and their times, float64 [T]. Raises: BadVideo."""
    try:
        stretch = stretch_of(video, clip, start_seconds, end_seconds)
        places = clip_indices(stretch.num_places, stretch.rate, clip)
        return stretch.frames(places), stretch.seconds(places)
    except ValueError as error:
        raise BadVideo(path, "short", "sample", str(error)) from error


def is_even(timestamps: Tensor, fps: float) -> bool:
    """Whether frame number i is shown at i / fps, to half a frame."""
    return bool((timestamps * fps - torch.arange(len(timestamps))).abs().max() <= EVEN)


def frame_range(timestamps: Tensor, start_seconds: float, end_seconds: float | None, *, fps: float) -> tuple[int, int]:
    """First and one-past-last frame shown in [start_seconds, end_seconds). A picture stays until the next one: where
    none begins for a while after the start, the first is the one before it.

    Raises: ValueError: the video is over by then, or the stretch ends before it starts.
    """
    first = int(torch.searchsorted(timestamps, start_seconds - ROUNDING_SECONDS))
    last = len(timestamps)
    if end_seconds is not None:
        last = int(torch.searchsorted(timestamps, end_seconds - ROUNDING_SECONDS))
    over = float(timestamps[-1]) + 1 / fps
    if start_seconds >= over - ROUNDING_SECONDS or (end_seconds is not None and end_seconds <= start_seconds):
        raise ValueError(
            f"no frame between {start_seconds:g} s and {end_seconds} s; the last is at {float(timestamps[-1]):.2f} s."
        )
    is_still = first >= last or float(timestamps[first]) - start_seconds > 1.5 / fps
    first = max(0, first - 1) if is_still else first
    return first, max(last, first + 1)
