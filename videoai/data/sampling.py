"""Which frames make a clip: pure functions from (frames in the video, clip facts, position) to indices.

    dense,   8 frames at stride 2:   f.f.f.f.f.f.f.f........      the span is 15 frames; it starts anywhere it fits
    uniform, 8 frames:               .f..f..f..f..f..f..f..f.     one frame from each of 8 equal segments (TSN,
    arXiv:1608.00859)

Past the end: when the span is longer than the video, ``repeat`` holds the last frame, ``loop`` starts over at the
first and ``error`` refuses. A dense clip that fits never leaves the video.
"""

import torch
from torch import Generator, Tensor

from videoai.core.types import ClipSpec, PastEnd


def frame_step(spec: ClipSpec, fps: float) -> float:
    """Frames of this file between two frames of a clip; not an integer when ``clip.fps`` asks for another rate."""
    return spec.stride if spec.fps is None else spec.stride * fps / spec.fps


def span_frames(spec: ClipSpec, fps: float) -> float:
    """Frames of this file from the first to the last of a dense clip, both counted."""
    return (spec.num_frames - 1) * frame_step(spec, fps) + 1


def clip_indices(
    num_frames: int,
    fps: float,
    spec: ClipSpec,
    *,
    generator: Generator | None = None,  # None = the deterministic clip ``view`` of ``num_views``
    view: int = 0,
    num_views: int = 1,
) -> Tensor:
    """Frame indices of one clip.

    Returns: int64 [T], each in [0, num_frames), ascending unless the clip loops.
    Raises: ValueError: no frames, or the clip is longer than the video and ``past_end`` is "error".
    """
    if num_frames < 1:
        raise ValueError("the video has no frames.")
    if spec.sampling == "uniform":
        return _segments(num_frames, spec.num_frames, generator, (view + 0.5) / num_views)
    step = frame_step(spec, fps)
    slack = max(0, int(num_frames - span_frames(spec, fps)))
    if generator is None:
        start = slack // 2 if num_views == 1 else round(slack * view / (num_views - 1))
    else:
        start = int(torch.randint(slack + 1, (), generator=generator))
    return _past_end(_spaced(start, spec.num_frames, step), num_frames, spec.past_end, spec)


def frame_range(timestamps: Tensor, start_seconds: float, end_seconds: float | None) -> tuple[int, int]:
    """First and one-past-last frame shown in [start_seconds, end_seconds).

    Raises: ValueError: no frame lies in it.
    """
    first = int(torch.searchsorted(timestamps, start_seconds - 1e-6))  # microsecond: the resolution of most containers
    last = len(timestamps) if end_seconds is None else int(torch.searchsorted(timestamps, end_seconds - 1e-6))
    if first >= last:
        length = float(timestamps[-1]) if len(timestamps) else 0.0
        raise ValueError(f"no frame between {start_seconds:g} s and {end_seconds} s; the last is at {length:.2f} s.")
    return first, last


def _spaced(start: int, count: int, step: float) -> Tensor:
    return start + (torch.arange(count, dtype=torch.float64) * step + 0.5).floor().long()


def _past_end(indices: Tensor, num_frames: int, past_end: PastEnd, spec: ClipSpec) -> Tensor:
    if past_end == "error" and int(indices[-1]) >= num_frames:
        raise ValueError(
            f"{num_frames} frames, but the clip needs {spec.num_frames} x stride {spec.stride} = "
            f"{int(indices[-1]) + 1}. "
            "Set clip.past_end=repeat or a smaller clip.stride."
        )
    return indices.remainder(num_frames) if past_end == "loop" else indices.clamp(max=num_frames - 1)


def _segments(num_frames: int, count: int, generator: Generator | None, offset: float) -> Tensor:
    """One index from each of ``count`` equal segments: random inside it, or at ``offset`` in (0, 1) of it."""
    where = torch.full((count,), offset) if generator is None else torch.rand(count, generator=generator)
    indices = (torch.arange(count) + where.double()) * num_frames / count
    return indices.long().clamp(max=num_frames - 1)
