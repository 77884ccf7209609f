"""Which frames make a clip: pure functions from (frames in the video, clip facts, position) to indices.

    dense,   8 frames at stride 2:   f.f.f.f.f.f.f.f........      the span is 15 frames; it starts anywhere it fits
    uniform, 8 frames:               .f..f..f..f..f..f..f..f.     one frame from each of 8 equal segments (TSN,
    arXiv:1608.00859)

Past the end: when the span is longer than the video, ``repeat`` repeats the last frame, ``loop`` starts over at the
first and ``error`` refuses. A dense clip that fits never leaves the video.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from videoai.core.types import ClipSpec, PastEnd


@dataclass(frozen=True, kw_only=True)
class TemporalJitter:
    """Random changes of time, drawn once a training clip. Off by default; nothing is drawn for what is off."""

    speed: float = 1.0  # up to this many times faster or slower; the logarithm of the factor is uniform
    jitter: float = 0.0  # each frame of a dense clip moves by up to this share of half the way to its neighbour
    drop: float = 0.0  # share of frames that are lost: the frame before is repeated

    def factor(self, generator: Generator) -> float:
        """Above 1 = faster."""
        if self.speed == 1.0:
            return 1.0
        return self.speed ** (2 * float(torch.rand((), generator=generator)) - 1)

    def jitter_indices(self, indices: Tensor, step: float, num_frames: int, generator: Generator) -> Tensor:
        """int64 [T] -> the same order, and not past the end where there was no frame past it."""
        if not self.jitter:
            return indices
        moves = (torch.rand(len(indices), generator=generator) - 0.5) * self.jitter * step
        return (indices + moves).round().long().clamp(0, max(num_frames - 1, int(indices[-1])))

    def drop_frames(self, indices: Tensor, generator: Generator) -> Tensor:
        """int64 [T] with the lost frames replaced; the first one is never lost."""
        if not self.drop:
            return indices
        is_kept = torch.rand(len(indices), generator=generator) >= self.drop
        last_kept = torch.where(is_kept, torch.arange(len(indices)), 0).cummax(0).values
        return indices[last_kept]


NO_JITTER = TemporalJitter()


def frame_step(spec: ClipSpec, fps: float) -> float:
    """Frames of this file between two frames of a clip; not an integer when ``clip.fps`` asks for another rate."""
    return spec.stride if spec.fps is None else spec.stride * fps / spec.fps


def span_frames(spec: ClipSpec, fps: float) -> float:
    """Frames of this file from the first to the last of a dense clip, both counted."""
    return (spec.num_frames - 1) * frame_step(spec, fps) + 1


def window_seconds(spec: ClipSpec, fps: float) -> float:
    """How long each window of a timeline is: the frames of a dense clip, each with the time until the next."""
    return spec.num_frames * frame_step(spec, fps) / fps


def clip_indices(
    num_frames: int,
    fps: float,
    spec: ClipSpec,
    *,
    generator: Generator | None = None,  # None = the deterministic clip ``view`` of ``num_views``
    jitter: TemporalJitter = NO_JITTER,  # for a random clip
    view: int = 0,
    num_views: int = 1,
) -> Tensor:
    """Frame indices of one clip.

    Returns: int64 [T], each in [0, num_frames), ascending unless the clip loops.
    Raises: ValueError: no frames, or the clip is longer than the video and ``past_end`` is "error".
    """
    if num_frames < 1:
        raise ValueError("the video has no frames.")
    if generator is not None:
        sample = _random_segments if spec.sampling == "uniform" else _random_dense
        return jitter.drop_frames(sample(num_frames, fps, spec, jitter, generator), generator)
    if spec.sampling == "uniform":
        return _segments(num_frames, spec.num_frames, torch.full((spec.num_frames,), (view + 0.5) / num_views))
    step = frame_step(spec, fps)
    slack = _slack(num_frames, spec.num_frames, step)
    start = slack // 2 if num_views == 1 else round(slack * view / (num_views - 1))
    return _past_end(_spaced(start, spec.num_frames, step), num_frames, spec.past_end, spec)


def _random_dense(num_frames: int, fps: float, spec: ClipSpec, jitter: TemporalJitter, generator: Generator) -> Tensor:
    """Somewhere in the video. A clip that fits at its own speed also fits at the drawn one."""
    step = frame_step(spec, fps)
    longest = (num_frames - 1) / max(1, spec.num_frames - 1)
    step = min(step * jitter.factor(generator), max(step, longest))
    start = int(torch.randint(_slack(num_frames, spec.num_frames, step) + 1, (), generator=generator))
    indices = jitter.jitter_indices(_spaced(start, spec.num_frames, step), step, num_frames, generator)
    return _past_end(indices, num_frames, spec.past_end, spec)


def _random_segments(
    num_frames: int, fps: float, spec: ClipSpec, jitter: TemporalJitter, generator: Generator
) -> Tensor:
    """A random frame of each segment. The whole video passes already, so it can only be slower: a part of it."""
    length, first = num_frames, 0
    if (factor := jitter.factor(generator)) < 1:
        length = max(1, round(num_frames * factor))
        first = int(torch.randint(num_frames - length + 1, (), generator=generator))
    return first + _segments(length, spec.num_frames, torch.rand(spec.num_frames, generator=generator))


def _slack(num_frames: int, count: int, step: float) -> int:
    """By how many frames a dense clip can move inside the video."""
    return max(0, int(num_frames - ((count - 1) * step + 1)))


def _spaced(start: int, count: int, step: float) -> Tensor:
    return start + (torch.arange(count, dtype=torch.float64) * step + 0.5).floor().long()


def _past_end(indices: Tensor, num_frames: int, past_end: PastEnd, spec: ClipSpec) -> Tensor:
    if past_end == "error" and int(indices[-1]) >= num_frames:
        needed, then = int(indices[-1]) + 1, "Set clip.past_end=repeat or a smaller clip.stride."
        shape = f"{spec.num_frames} x stride {spec.stride}"
        if spec.fps is None:
            raise ValueError(f"{num_frames} frames, but the clip needs {shape} = {needed}. {then}")
        ratio = f"{needed / num_frames:.2g} times as long as the video"
        raise ValueError(f"the clip, {shape} at clip.fps={spec.fps:g}, is {ratio}. {then}")
    return indices.remainder(num_frames) if past_end == "loop" else indices.clamp(max=num_frames - 1)


def _segments(num_frames: int, count: int, where: Tensor) -> Tensor:
    """One index from each of ``count`` equal segments, at ``where`` [count], in [0, 1), of it."""
    indices = (torch.arange(count) + where.double()) * num_frames / count
    return indices.long()
