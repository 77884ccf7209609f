"""Which decoder to read with: named, or the fastest on the user's videos."""

import importlib
import time
from collections.abc import Callable, Sequence
from typing import get_args

from videoai.core.types import ClipSpec
from videoai.data.decode import Decoder, open_video
from videoai.data.media import BadVideo
from videoai.data.sampling import clip_indices

NUM_MEASURED = 4  # videos
ROUNDS = 3  # the fastest of them counts, as other programs only slow down
MAX_SECONDS = 5.0  # all together, by the clock; the first round is always finished
MEASURED: tuple[Decoder, ...] = ("pyav", "torchcodec")  # nvdec's pixels are others, so auto never takes it
MIN_GAIN = 1.1  # faster than PyAV by less is noise, and PyAV is the reference


def choose_decoder(
    name: str, paths: Sequence[str], clip: ClipSpec, report: Callable[[str], None], *, frame_fps: float | None = None
) -> Decoder:
    """``name``, or for ``auto`` the decoder that takes least processor time for a clip of some of these videos.

    Whether nvdec works depends on the device: ``nvdec.check_nvdec``.

    Raises: ValueError: no such decoder, or torchcodec is not installed.
    """
    if name not in ("auto", *get_args(Decoder)):
        raise ValueError(f"decoder={name}: choose from {', '.join(get_args(Decoder))}, auto.")
    if name == "pyav" or name == "nvdec":
        return name
    why = missing_torchcodec()
    if name == "torchcodec" and why:
        raise ValueError(
            f"decoder=torchcodec cannot be used here ({why}). pip install 'videoai[torchcodec]', or decoder=pyav"
        )
    if name == "torchcodec":
        return name
    if why:
        report("decoder: pyav, as torchcodec is not installed")
        return "pyav"
    costs = _measure(paths[:: max(1, len(paths) // NUM_MEASURED)][:NUM_MEASURED], clip, frame_fps)
    if not costs:
        report("decoder: pyav, as none of the videos that were tried can be read")
        return "pyav"
    pyav, torchcodec = (1000 * sum(clips[one] for clips in costs) / len(costs) for one in MEASURED)
    chosen: Decoder = "torchcodec" if pyav / torchcodec >= MIN_GAIN else "pyav"
    report(f"decoder: measured one clip of {len(costs)} videos, in processor time on one thread")
    for decoder, milliseconds in (("pyav", pyav), ("torchcodec", torchcodec)):
        report(f"  {decoder:<10} {milliseconds:8.1f} ms{'  <- chosen' if decoder == chosen else ''}")
    return chosen


def _measure(paths: Sequence[str], clip: ClipSpec, frame_fps: float | None) -> list[dict[Decoder, float]]:
    """Seconds of the fastest turn, for each video that can be read."""
    deadline = time.perf_counter() + MAX_SECONDS
    best: dict[str, dict[Decoder, float]] = {}
    for turn in range(ROUNDS + 1):  # the first loads the libraries
        for path in paths:
            if turn > 1 and time.perf_counter() > deadline:
                return list(best.values())
            try:
                seconds: dict[Decoder, float] = {one: _seconds(path, clip, one, frame_fps) for one in MEASURED}
            except (BadVideo, ValueError):  # the loader counts and reports it when its turn comes
                continue
            if turn:
                before = best.get(path, seconds)
                best[path] = {one: min(seconds[one], before[one]) for one in seconds}
    return list(best.values())


def _seconds(path: str, clip: ClipSpec, decoder: Decoder, frame_fps: float | None) -> float:
    """CPU seconds of this thread; decoders run with one thread only."""
    started = time.thread_time()
    with open_video(path, decoder=decoder, frame_fps=frame_fps) as video:
        indices = clip_indices(video.num_frames, video.fps, clip)
        video.frames(indices, size=clip.short_side)
    return time.thread_time() - started


def missing_torchcodec() -> str:
    """Why torchcodec cannot be used, in one line; "" = it can."""
    try:
        importlib.import_module("torchcodec.decoders")
    except Exception as error:  # built for another torch, or before 0.17 without FFmpeg: RuntimeError, OSError
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
    # 0.17 imports without them, and raises when it opens a video.
    if getattr(importlib.import_module("torchcodec"), "ffmpeg_major_version", "") is None:
        return "it finds no shared libraries of FFmpeg"
    return ""
