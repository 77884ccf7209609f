"""Views of a video: which frames they are, decoded in one pass. Where it is asked for, in another process.

A library in C that is fed damaged files may end its process. FFmpeg through PyAV did not do so in 80,000 damaged ones;
``isolated`` is for those who decode what strangers send, or with another decoder: a crash then costs a video, not the
run.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.decode import Video
from videoai.data.faces.crop import open_shown
from videoai.data.isolation import Worker, WorkerFailure
from videoai.data.media import MAX_READ_SECONDS, BadVideo
from videoai.data.sampling import NO_JITTER, TemporalJitter, clip_indices
from videoai.data.sound import sound_of
from videoai.data.timeline import Stretch, stretch_of

logger = logging.getLogger(__name__)
# Wall-clock limit of an isolated read. Twice the CPU time that a read may take, and less than the loader waits.
ISOLATED_SECONDS = 2 * MAX_READ_SECONDS


class TimedFrames(NamedTuple):
    """The frames of one view, which they are in the file and when they were."""

    video: Tensor  # uint8 [T, C, H', W']
    numbers: tuple[int, ...]  # [T], of the file's frames; 0 = the first
    seconds: tuple[float, ...]  # [T]; not before the labelled stretch, whose first picture may be older
    sound: Tensor | None = None  # float32 [M, S], see sound.py; None = it was not asked for

    @property
    def first_seconds(self) -> float:
        """Time of the earliest frame."""
        return min(self.seconds)

    @property
    def last_seconds(self) -> float:
        """Time of the latest frame."""
        return max(self.seconds)


def read_views(item: VideoItem, clip: ClipSpec, **how: Any) -> list[Tensor]:
    """The frames alone of ``read_timed_views``."""
    return [view.video for view in read_timed_views(item, clip, **how)]


def read_timed_views(
    item: VideoItem,
    clip: ClipSpec,
    *,
    generators: Sequence[Generator] = (),
    jitter: TemporalJitter = NO_JITTER,
    num_views: int = 1,
    reading: Mapping[str, Any] | None = None,
) -> list[TimedFrames]:
    """Decode the clips of one video in one pass, each uint8 [T, C, H', W'], short side ``clip.resize``.

    One random clip a generator; without generators ``num_views`` fixed ones. A file may hold fewer frames than it
    announces; the decoder then knows the true count, and the clips are drawn again.

    Args:
        reading: options of ``open_shown``, and ``isolated``: read in a process of its own, which is kept for the next.
    Raises: BadVideo; also "crash", and "timeout" by the clock, where it is isolated.
    """
    options = dict(reading or {})
    if options.pop("isolated", False):
        request = Request(item, clip, [each.get_state().numpy() for each in generators], jitter, num_views, options)
        return _read_isolated(request, generators)
    states = [generator.get_state() for generator in generators]
    with open_shown(item.path, **options) as video:

        def views() -> list[PlacedView]:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)
            return _views(video, item, clip, generators, jitter, num_views)

        return _frames_of(video, clip, views)


def read_stretches(
    item: VideoItem,
    spans: Sequence[tuple[float, float | None]],
    clip: ClipSpec,
    *,
    reading: Mapping[str, Any] | None = None,
) -> list[TimedFrames]:
    """Decode the fixed clip of each of several stretches of one video in one pass, as ``read_timed_views`` gives it.

    Args:
        spans: (start, end) in seconds of the file; None = to its end.
    Raises: BadVideo: one of them cannot be read.
    """
    options = dict(reading or {})
    items = [item._replace(start_seconds=start, end_seconds=end) for start, end in spans]
    if options.get("isolated"):
        return [view for one in items for view in read_timed_views(one, clip, reading=reading)]
    options.pop("isolated", None)
    with open_shown(item.path, **options) as video:
        return _frames_of(video, clip, lambda: [view for one in items for view in _views(video, one, clip)])


PlacedView = tuple[Stretch, Tensor]  # and the places in it that a clip takes, int64 [T]


def _frames_of(video: Video, clip: ClipSpec, views: Callable[[], list[PlacedView]]) -> list[TimedFrames]:
    """The clips at ``views()``, which is asked again where the file holds fewer frames than it announced."""
    for attempt in range(2):
        count = video.num_frames
        try:
            placed = views()
            numbers = [stretch.frames(places) for stretch, places in placed]
            frames = video.frames(torch.cat(numbers), size=clip.short_side)
            shown = [
                TimedFrames(part, tuple(shown.tolist()), tuple(stretch.seconds(places).tolist()))
                for part, shown, (stretch, places) in zip(frames.split(clip.num_frames), numbers, placed, strict=True)
            ]
            return [view._replace(sound=sound_of(video, view.seconds, clip)) for view in shown] if clip.sound else shown
        except BadVideo as bad:
            if attempt or bad.reason != "short" or not 2 * video.num_frames >= count > video.num_frames:
                raise
            logger.warning("%s", bad)
    raise AssertionError("unreachable")


def _views(
    video: Video,
    item: VideoItem,
    clip: ClipSpec,
    generators: Sequence[Generator] = (),
    jitter: TemporalJitter = NO_JITTER,
    num_views: int = 1,
) -> list[PlacedView]:
    """Each view of the labelled stretch."""
    try:
        stretch = stretch_of(video, clip, item.start_seconds, item.end_seconds)
        places, rate = stretch.num_places, stretch.rate
        if generators:
            views = [clip_indices(places, rate, clip, generator=rng, jitter=jitter) for rng in generators]
        else:
            views = [clip_indices(places, rate, clip, view=view, num_views=num_views) for view in range(num_views)]
    except ValueError as error:
        raise BadVideo(item.path, "short", "sample", str(error)) from error
    return [(stretch, view) for view in views]


# ---- isolated


class Request(NamedTuple):
    """What another process needs in order to read; arrays, because tensors would travel through shared memory."""

    item: VideoItem
    clip: ClipSpec
    states: list[np.ndarray]  # the generators' states
    jitter: TemporalJitter
    num_views: int
    options: dict[str, Any]  # keywords of open_shown


class Answer(NamedTuple):
    views: list[tuple[np.ndarray, tuple[int, ...], tuple[float, ...]]]  # uint8 [T, H', W', C]; as TimedFrames
    sounds: list[np.ndarray | None]  # likewise
    states: list[np.ndarray]  # the generators' states after drawing


def answer(request: Request) -> Answer:
    """Read what is asked for. Raises: BadVideo."""
    item, clip, states, jitter, num_views, options = request
    generators = [Generator().set_state(torch.from_numpy(state)) for state in states]
    views = read_timed_views(item, clip, generators=generators, jitter=jitter, num_views=num_views, reading=options)
    return Answer(
        [(view.video.permute(0, 2, 3, 1).contiguous().numpy(), view.numbers, view.seconds) for view in views],
        [None if view.sound is None else view.sound.numpy() for view in views],
        [generator.get_state().numpy() for generator in generators],
    )


class Reader:
    """The process that reads for this one; threads take turns."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.worker: Worker[Request, Answer] | None = None

    def read(self, request: Request) -> Answer | WorkerFailure:
        """Raises: BadVideo."""
        with self.lock:
            if self.worker and self.worker.process.poll() is not None:
                self.end()  # it ended between two tasks, which is no fault of this video
            self.worker = self.worker or Worker(answer)
            try:
                result = self.worker.run(request, ISOLATED_SECONDS)
            except BadVideo:
                raise
            except BaseException:  # an interrupt: the answer, or half of one, may still be under way
                self.end()
                raise
            if isinstance(result, WorkerFailure):
                self.end()
            return result

    def end(self) -> None:
        """The next question starts another process."""
        if self.worker:
            self.worker.end()
        self.worker = None


_readers: dict[int, Reader] = {}  # by the number of the process, as a fork must not talk to the one of its parent


def reader() -> Reader:
    """The one of this process."""
    return _readers.setdefault(os.getpid(), Reader())


@atexit.register
def _end() -> None:
    reader().end()


def _read_isolated(request: Request, generators: Sequence[Generator]) -> list[TimedFrames]:
    result = reader().read(request)
    if isinstance(result, WorkerFailure):
        raise BadVideo(request.item.path, result.reason, "decode", result.detail)
    for generator, state in zip(generators, result.states, strict=True):
        generator.set_state(torch.from_numpy(state))
    return [
        TimedFrames(
            torch.from_numpy(frames).permute(0, 3, 1, 2),
            numbers,
            seconds,
            None if sound is None else torch.from_numpy(sound),
        )
        for (frames, numbers, seconds), sound in zip(result.views, result.sounds, strict=True)
    ]
