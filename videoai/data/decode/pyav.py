"""Frames by number through PyAV and FFmpeg, verified by presentation time.

Seeking by time alone returns a neighbour of the wanted frame in many files, and headers overstate their frame counts.
So the packets are listed once and sorted by presentation time (pts), and a frame counts as frame i only when it leaves
the decoder with the pts of entry i. Where pts are missing, doubled or never come out (AVI with B-frames, bare streams),
frames are counted from the start instead.
"""

import logging
import operator
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import av.error
import numpy as np
import numpy.typing as npt
import torch
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from torch import Tensor

from videoai.data.decode.ffmpeg import as_bad_video
from videoai.data.decode.frame_stream import FrameStream
from videoai.data.decode.index import FrameIndex, is_rising, save_index, saved_index
from videoai.data.decode.picture import Shown, check_request, rgb, shown_as, target_size
from videoai.data.media import MAX_PIXELS, BadVideo, sniff

logger = logging.getLogger(__name__)

SEEK_GAIN_FRAMES = 1  # a seek takes 0.1 ms or less, half of what FFmpeg needs for a picture of 340x256
RATE_TOLERANCE = 0.05  # headers lie, but one that agrees this well with rounded timestamps is the exact rate
BARE_STREAM_FPS = 25.0  # what FFmpeg assumes for streams without times

T = TypeVar("T")
Request = tuple[Sequence[int] | Tensor, int | tuple[int, int] | None]  # numbers of frames, and their size


class _NotAsIndexedError(Exception):
    """The decoder does not deliver what the index promised."""


class PyAVVideo:
    """One open video, see decode.Video. Decodes in one thread; for use by one thread and not across a fork."""

    def __init__(self, path: str | Path, source: bytes | None = None) -> None:
        """``source``: the bytes of the file where they come from elsewhere; ``path`` then only names them."""
        self.path = os.fspath(path)
        self._is_file = source is None
        self._scalers: dict[object, VideoReformatter] = defaultdict(VideoReformatter)  # one a size
        self._shown: Shown | None = None  # known from the first decoded frame on
        self._index: FrameIndex | None = None  # None = frames are numbered by counting from the start
        self._is_counted = self._is_closed = self._streams = False
        self._last_read = -1
        self._start_ticks: int | None = None  # the pts of the first frame, in units of the stream's time base
        with as_bad_video(self.path, "open"):
            self._stream = FrameStream(self.path, sniff(self.path, source), source)
        try:
            with as_bad_video(self.path, "index"):
                self._make_index()
        except BadVideo:
            self.close()
            raise

    @property
    def num_frames(self) -> int:
        return len(self.timestamps)

    @property
    def duration_seconds(self) -> float:
        return float(self.timestamps[-1]) + 1 / self.fps

    @property
    def height(self) -> int:
        return self._shape()[0]

    @property
    def width(self) -> int:
        return self._shape()[1]

    @property
    def clock_start(self) -> float | None:
        ticks = self._stream.stream.start_time if self._start_ticks is None else self._start_ticks
        return float((ticks or 0) * (self._stream.stream.time_base or 1)) if self._is_file else None

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """uint8 [T, C, H, W] RGB, in channels-last memory: one frame per index, any order, repeats allowed.

        Args:
            size: pixels of the short side (also enlarges), or (H, W); None = as stored. Scaled bilinearly.
        Raises:
            ValueError: an index outside 0 .. num_frames - 1, or a closed video.
            BadVideo: "short" when fewer frames decode than were announced; num_frames then holds the true count.
        """
        wanted = numbers_of(indices)
        return self._verified(wanted, size, lambda: self._read(wanted, size))

    def frames_at_sizes(self, requests: Sequence[Request]) -> list[Tensor]:
        """What ``frames`` gives for each request, to the same bytes, in one decoding pass. Raises: as ``frames``."""
        asked = [(numbers_of(indices), size) for indices, size in requests]
        every = [number for wanted, _ in asked for number in wanted]
        return self._verified(every, None, lambda: self._read_sizes(asked))

    def _verified(self, wanted: list[int], size: int | tuple[int, int] | None, read: Callable[[], T]) -> T:
        """What ``read`` gives; where the file decodes otherwise than listed, the frames are counted first."""
        if self._is_closed:
            raise ValueError(f"{self.path}: the video is closed; open it again to read frames")
        check_request(self.path, wanted, self.num_frames, size)
        announced = self.num_frames
        with as_bad_video(self.path, "decode"):
            try:
                return read()
            except _NotAsIndexedError:
                if self._is_counted:
                    raise BadVideo(self.path, "corrupt", "decode", "decodes differently a second time") from None
                self._count()
            if max(wanted) >= self.num_frames:
                raise BadVideo(self.path, "short", "decode", f"{announced} frames announced, {self.num_frames} decode")
            return read()

    def close(self) -> None:
        self._stream.close()
        self._is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- indexing

    def _make_index(self) -> None:
        if self._is_file and (index := saved_index(self.path)) is not None:
            self._index = index
            self._set_times(index.pts.tolist())
            return
        packets = self._stream.list_packets()
        shown = [p for p in packets if not p.is_discarded]
        if not shown:
            raise BadVideo(self.path, "short", "index", "the video stream holds no frames")
        self._index = FrameIndex.of(packets)
        if self._index is not None:
            self._set_times(self._index.pts.tolist())
            if self._is_file:
                save_index(self.path, self._index, len(packets))
        elif is_rising(dts := [p.dts for p in shown]):
            self._set_times(dts)  # the right number of frames and their spacing; verified on reading
        else:
            self._count()

    def _count(self) -> None:
        """Decodes everything once, to learn how many frames there are and when they are shown."""
        self._stream.reopen()
        times = [(frame.pts, frame.dts) for frame in self._stream.frames()]
        if not times:
            raise BadVideo(self.path, "corrupt", "decode", "no frame can be decoded")
        self._index, self._is_counted = None, True
        by_pts, by_dts = ([time[i] for time in times] for i in (0, 1))
        self._set_times(by_pts if is_rising(by_pts) else by_dts if is_rising(by_dts) else None, num_frames=len(times))
        logger.debug("%s: frames counted by decoding, %d", self.path, self.num_frames)

    def _set_times(self, ticks: Sequence[int | None] | None, *, num_frames: int = 0) -> None:
        """Timestamps and frame rate; None = evenly spaced."""
        stream = self._stream.stream
        announced = float(stream.average_rate or stream.guessed_rate or 0) or BARE_STREAM_FPS
        if ticks is None:
            self.timestamps: npt.NDArray[np.float64] = np.arange(num_frames) / announced
        else:
            self._start_ticks = ticks[0]
            since_first = np.array(ticks, dtype=np.int64) - (ticks[0] or 0)
            self.timestamps = np.asarray(since_first * float(stream.time_base or 1), dtype=np.float64)
        measured = (self.num_frames - 1) / float(self.timestamps[-1]) if self.num_frames > 1 else announced
        self.fps = announced if abs(announced / measured - 1) < RATE_TOLERANCE else measured

    # ---- reading

    def _read(self, wanted: list[int], size: int | tuple[int, int] | None) -> Tensor:
        return self._read_sizes([(wanted, size)])[0]

    def _read_sizes(self, requests: Sequence[tuple[list[int], int | tuple[int, int] | None]]) -> list[Tensor]:
        places: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))  # frame: request: places
        for number, (wanted, _) in enumerate(requests):
            for place, index in enumerate(wanted):
                places[index][number].append(place)
        read: dict[int, npt.NDArray[np.uint8]] = {}
        for index, frame in self._chosen(sorted(places)):
            for number, there in places[index].items():
                wanted, size = requests[number]
                picture = self._picture(index, frame, size)
                if number not in read:
                    # NumPy would ask for huge pages: for 440 MB of ten clips of 720p they took the system twice as long
                    read[number] = torch.empty((len(wanted), *picture.shape), dtype=torch.uint8).numpy()
                read[number][there] = picture
        return [torch.from_numpy(read[number]).permute(0, 3, 1, 2) for number in range(len(requests))]

    def _picture(self, index: int, frame: VideoFrame, size: int | tuple[int, int] | None) -> npt.NDArray[np.uint8]:
        """uint8 [H, W, C], perhaps a view into FFmpeg's memory."""
        if frame.is_corrupt:
            raise BadVideo(self.path, "corrupt", "decode", f"frame {index} is damaged")
        self._shown = self._shown or shown_as(frame)
        height, width = target_size(self._shown, size)
        if height * width > MAX_PIXELS:
            raise BadVideo(
                self.path, "too_large", "decode", f"{width} x {height} after scaling, above {MAX_PIXELS} pixels"
            )
        return rgb(frame, self._scalers[size], self._shown, height, width)

    def _chosen(self, order: list[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The frames with these numbers, which rise."""
        if self._index is None:
            yield from self._by_counting(order)
            return
        # A second read that goes on behind the first shows a reader of the whole file: from then on nothing is drained.
        self._streams = self._streams or 0 <= self._last_read < order[0]
        self._last_read = order[-1]
        runs = self._runs(order, self._index)
        for run in runs:
            yield from self._run(run, self._index, drain=run is not runs[-1] or not self._streams)

    def _by_counting(self, order: list[int]) -> Iterator[tuple[int, VideoFrame]]:
        if not self._stream.is_fresh or self._stream.num_passed > order[0] or self._stream.is_spent:
            self._stream.reopen()
        frames = self._stream.frames()
        for index in order:
            frame = next(islice(frames, index - self._stream.num_passed, None), None)
            if frame is None:
                raise _NotAsIndexedError
            yield index, frame

    def _runs(self, order: list[int], index: FrameIndex) -> list[list[int]]:
        """Parted where it is cheaper to seek to the next key frame than to decode what lies between."""
        runs = [[order[0]]]
        for number in order[1:]:
            if index.key_of(number).first > runs[-1][-1] + SEEK_GAIN_FRAMES:
                runs.append([])
            runs[-1].append(number)
        return runs

    def _run(self, run: list[int], index: FrameIndex, *, drain: bool) -> Iterator[tuple[int, VideoFrame]]:
        waiting = {int(index.pts[number]): number for number in run}
        key = index.key_of(run[0])
        if not self._stream.can_reach(waiting) or key.first > self._passed(index) + SEEK_GAIN_FRAMES:
            self._stream.seek(key)
        try:
            yield from self._advance(waiting, drain)
            return
        except (_NotAsIndexedError, av.error.FFmpegError):
            if self._stream.is_fresh:
                raise
        self._stream.reopen()  # the decoder cannot start at this key frame, or the file is not as listed
        yield from self._advance(waiting, drain)

    def _passed(self, index: FrameIndex) -> int:
        """The number of the next frame to come out."""
        return 0 if self._stream.shown is None else bisect_right(index.pts, self._stream.shown)

    def _advance(self, waiting: dict[int, int], drain: bool) -> Iterator[tuple[int, VideoFrame]]:
        """The frames with these pts; each leaves ``waiting`` as it comes."""
        last = max(waiting)
        for frame in self._stream.frames(frozenset(waiting), drain=drain):
            if frame.pts in waiting:
                yield waiting.pop(frame.pts), frame
            if not waiting:
                return
            if frame.pts is None or frame.pts > last:
                break
        raise _NotAsIndexedError

    def _shape(self) -> tuple[int, int]:
        if self._shown is None:
            self.frames([0], size=2)  # FFmpeg refuses to scale interlaced pictures to a height of 1
        assert self._shown is not None
        return self._shown.height, self._shown.width


def numbers_of(indices: Sequence[int] | Tensor) -> list[int]:
    """As a list of ints."""
    return [operator.index(one) for one in (indices.tolist() if isinstance(indices, Tensor) else indices)]
