"""Frames by number through PyAV and FFmpeg, verified by presentation time.

Seeking by time alone returns a neighbour of the wanted frame in many files, and headers overstate their frame counts.
So the packets are listed once and sorted by presentation time (pts), and a frame counts as frame i only when it leaves
the decoder with the pts of entry i. Where pts are missing, doubled or never come out (AVI with B-frames, bare streams),
frames are counted from the start instead.

Listing reads the whole file, 0.2 ms for a clip of two seconds; hours of footage are better cut into clips first.
"""

import logging
import os
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import av.error
import numpy as np
import numpy.typing as npt
import torch
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from torch import Tensor

from videoai.data.decode.ffmpeg import as_bad_video, decoded, list_packets, open_stream
from videoai.data.decode.picture import Shown, rgb, shown_as, target_size
from videoai.data.media import MAX_PIXELS, BadVideo, sniff

logger = logging.getLogger(__name__)

SEEK_GAIN_FRAMES = 3  # a seek flushes the decoder and refills its reorder buffer: as dear as decoding a few frames
RATE_TOLERANCE = 0.05  # headers lie, but one that agrees this well with rounded timestamps is the exact rate
BARE_STREAM_FPS = 25.0  # what FFmpeg assumes for streams without times


class _Key(NamedTuple):
    first: int  # the first frame that decodes from here
    seek: int  # where demuxers search for it: the decoding time, never later than the presentation time


class _NotAsIndexedError(Exception):
    """The decoder does not deliver what the index promised."""


class PyAVVideo:
    """One open video, see decode.Video. Decodes in one thread; for use by one thread and not across a fork."""

    def __init__(self, path: str | Path, source: bytes | None = None) -> None:
        """``source``: the bytes of the file where they come from elsewhere; ``path`` then only names them."""
        self.path = os.fspath(path)
        self._source = source
        self._container_name = sniff(self.path, source)
        self._scaler = VideoReformatter()
        self._shown: Shown | None = None  # known from the first decoded frame on
        self._pts: list[int] | None = None  # None = frames are numbered by counting from the start
        self._is_counted = False
        with as_bad_video(self.path, "open"):
            self._open()
        try:
            with as_bad_video(self.path, "index"):
                self._index()
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

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """uint8 [T, C, H, W] RGB, in channels-last memory: one frame per index, any order, repeats allowed.

        Args:
            size: pixels of the short side (also enlarges), or (H, W); None = as stored. Scaled bilinearly.
        Raises:
            ValueError: an index outside 0 .. num_frames - 1, or a closed video.
            BadVideo: "short" when fewer frames decode than were announced; num_frames then holds the true count.
        """
        wanted = [int(index) for index in (indices.tolist() if isinstance(indices, Tensor) else indices)]
        self._check(wanted, size)
        announced = self.num_frames
        with as_bad_video(self.path, "decode"):
            try:
                return self._read(wanted, size)
            except _NotAsIndexedError:
                if self._is_counted:
                    raise BadVideo(self.path, "corrupt", "decode", "decodes differently a second time") from None
                self._count()
            if max(wanted) >= self.num_frames:
                raise BadVideo(self.path, "short", "decode", f"{announced} frames announced, {self.num_frames} decode")
            return self._read(wanted, size)

    def close(self) -> None:
        self._ahead = iter(())  # ends the generator, which holds the container
        self._container.close()
        self._is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- opening and indexing

    def _open(self) -> None:
        self._container, self._stream = open_stream(self.path, self._container_name, self._source)
        self._ahead: Iterator[VideoFrame] = decoded(self._container, self._stream)
        self._next, self._is_fresh, self._is_closed = 0, True, False

    def _reopen(self) -> None:
        self.close()
        self._open()

    def _index(self) -> None:
        packets = list_packets(self._container, self._stream, self.path)
        self._next = len(packets)  # the file is read to its end: going anywhere from here takes a seek
        shown = [p for p in packets if not p.is_discarded]
        if not shown:
            raise BadVideo(self.path, "short", "index", "the video stream holds no frames")
        pts = sorted(p.pts for p in shown if p.pts is not None)
        if len(pts) == len(shown) and _rising(pts):
            self._pts = pts
            keys = sorted((p.pts, p.pts if p.dts is None else p.dts) for p in packets if p.is_key and p.pts is not None)
            self._keys = [_Key(bisect_left(pts, key), seek) for key, seek in keys]
            # From the first key frame on everything comes out, also pictures shown before it that need nothing earlier.
            self._keys[0] = self._keys[0]._replace(first=0)
            self._set_times(pts)
        elif _rising(dts := [p.dts for p in shown]):
            self._set_times(dts)  # the right number of frames and their spacing; verified on reading
        else:
            self._count()

    def _count(self) -> None:
        """Decodes everything once, to learn how many frames there are and when they are shown."""
        self._reopen()
        times = [(frame.pts, frame.dts) for frame in self._ahead]
        if not times:
            raise BadVideo(self.path, "corrupt", "decode", "no frame can be decoded")
        self._pts, self._is_counted = None, True
        by_pts, by_dts = ([time[i] for time in times] for i in (0, 1))
        self._set_times(by_pts if _rising(by_pts) else by_dts if _rising(by_dts) else None, num_frames=len(times))
        self._next = self.num_frames
        logger.debug("%s: frames counted by decoding, %d", self.path, self.num_frames)

    def _set_times(self, ticks: Sequence[int | None] | None, *, num_frames: int = 0) -> None:
        """Timestamps and frame rate; None = evenly spaced."""
        announced = float(self._stream.average_rate or self._stream.guessed_rate or 0) or BARE_STREAM_FPS
        if ticks is None:
            self.timestamps: npt.NDArray[np.float64] = np.arange(num_frames) / announced
        else:
            seconds = float(self._stream.time_base or 1)
            self.timestamps = np.asarray(
                (np.array(ticks, dtype=np.int64) - (ticks[0] or 0)) * seconds, dtype=np.float64
            )
        measured = (self.num_frames - 1) / float(self.timestamps[-1]) if self.num_frames > 1 else announced
        self.fps = announced if abs(announced / measured - 1) < RATE_TOLERANCE else measured

    # ---- reading

    def _check(self, wanted: list[int], size: int | tuple[int, int] | None) -> None:
        if self._is_closed:
            raise ValueError(f"{self.path}: the video is closed; open it again to read frames")
        if not wanted or min(wanted) < 0 or max(wanted) >= self.num_frames:
            given = f"{min(wanted)} .. {max(wanted)}" if wanted else "no index"
            raise ValueError(f"{self.path}: frames {given} asked, there are frames 0 .. {self.num_frames - 1}")
        if size is not None and min((size,) if isinstance(size, int) else size) < 1:
            raise ValueError(f"{self.path}: size is {size}; the short side or (height, width) must be 1 or more")

    def _read(self, wanted: list[int], size: int | tuple[int, int] | None) -> Tensor:
        places: dict[int, list[int]] = defaultdict(list)
        for place, index in enumerate(wanted):
            places[index].append(place)
        pictures: npt.NDArray[np.uint8] | None = None
        for index in sorted(places):
            picture = self._picture(index, size)
            if pictures is None:
                pictures = np.empty((len(wanted), *picture.shape), dtype=np.uint8)
            pictures[places[index]] = picture
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)  # [T, H, W, C] -> [T, C, H, W]

    def _picture(self, index: int, size: int | tuple[int, int] | None) -> npt.NDArray[np.uint8]:
        """uint8 [H, W, C], a view into FFmpeg's memory."""
        frame = self._frame_by_count(index) if self._pts is None else self._frame_by_pts(index, self._pts)
        if frame.is_corrupt:
            raise BadVideo(self.path, "corrupt", "decode", f"frame {index} is damaged")
        self._shown = self._shown or shown_as(frame)
        height, width = target_size(self._shown, size)
        if height * width > MAX_PIXELS:
            raise BadVideo(
                self.path, "too_large", "decode", f"{width} x {height} after scaling, above {MAX_PIXELS} pixels"
            )
        return rgb(frame, self._scaler, self._shown, height, width)

    def _frame_by_count(self, index: int) -> VideoFrame:
        if index < self._next:
            self._reopen()
        for frame in self._ahead:
            self._next += 1
            if self._next > index:
                return frame
        self._next = self.num_frames
        raise _NotAsIndexedError

    def _frame_by_pts(self, index: int, pts: list[int]) -> VideoFrame:
        key = self._keys[bisect_right(self._keys, index, key=lambda key: key.first) - 1]
        if index < self._next or key.first > self._next + SEEK_GAIN_FRAMES:
            self._seek(key)
        try:
            return self._advance(index, pts[index])
        except (_NotAsIndexedError, av.error.FFmpegError):
            if self._is_fresh:
                raise
        self._reopen()  # the seek landed behind the frame, or where this decoder cannot start
        return self._advance(index, pts[index])

    def _advance(self, index: int, pts: int) -> VideoFrame:
        self._next = self.num_frames  # unless the frame comes, only a seek leads anywhere
        for frame in self._ahead:
            if frame.pts == pts:
                self._next = index + 1
                return frame
            if frame.pts is None or frame.pts > pts:
                break
        raise _NotAsIndexedError

    def _seek(self, key: _Key) -> None:
        try:
            self._container.seek(key.seek, stream=self._stream)
        except av.error.FFmpegError:
            self._reopen()
            return
        self._ahead = decoded(self._container, self._stream)
        self._next, self._is_fresh = key.first, False

    def _shape(self) -> tuple[int, int]:
        if self._shown is None:
            self.frames([0], size=1)
        assert self._shown is not None
        return self._shown.height, self._shown.width


def _rising(ticks: Sequence[int | None]) -> bool:
    """Whether there are times, all known, each later than the one before."""
    known = [tick for tick in ticks if tick is not None]
    return len(known) == len(ticks) > 0 and all(a < b for a, b in pairwise(known))
