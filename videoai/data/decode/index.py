"""When each frame of a file is shown and where decoding can start: built once from its packets, kept for long files."""

import io
import logging
import os
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from videoai.core.cache import cache_folder
from videoai.core.files import write_atomic
from videoai.data.decode.ffmpeg import Packet

logger = logging.getLogger(__name__)

# Listing the packets takes 2.5 us each and reads the file; opening a saved index takes 0.4 ms. Clips are never saved.
SAVED_FROM_PACKETS = 1000
_FORMAT = 2  # what follows differs from what earlier versions of videoai saved
_HEAD = 4  # the format, bytes in the file, its time of change, number of frames; then the arrays of FrameIndex
_MAX_TICK = 2**62  # half of what FFmpeg holds, as demuxers add to it


class KeyFrame(NamedTuple):
    """Where decoding can start; all times in units of the time base."""

    first: int  # the first frame that decodes from it
    pts: int
    dts: int  # when it is decoded, never later than shown
    end: int  # when the next key frame is decoded

    def ticks(self) -> tuple[int, ...]:
        """Times to search for it: FFmpeg's demuxers differ in the one that finds it, and none of them says so.

        Most search the key frames by presentation time. MPEG streams search all packets by decoding time, and program
        streams may begin within the one they find, so the packet before is asked for. MP4 searches by decoding time
        plus a constant, which in files cut without encoding again may be later than the presentation time.
        """
        return self.pts, self.dts, self.dts - 1, self.end - 1


class FrameIndex(NamedTuple):
    """Frames identified by their presentation times (pts); all times in units of the time base."""

    pts: npt.NDArray[np.int64]  # [N] in the order shown, strictly rising
    firsts: npt.NDArray[np.int64]  # [K] the first frame that decodes from each key frame
    key_pts: npt.NDArray[np.int64]  # [K] of the key frames, shown or not
    key_dts: npt.NDArray[np.int64]  # [K] when each is decoded, never later than shown

    @classmethod
    def of(cls, packets: Sequence[Packet]) -> Self | None:
        """None where pts are missing or doubled, as in AVI files with B-frames and bare streams."""
        shown = [p.pts for p in packets if not p.is_discarded]
        pts = sorted(tick for tick in shown if tick is not None)
        if len(pts) != len(shown) or not is_rising(pts):
            return None
        keys = sorted((p.pts, p.pts if p.dts is None else p.dts) for p in packets if p.is_key and p.pts is not None)
        firsts = [bisect_left(pts, key) for key, _ in keys]
        # From the first key frame on everything comes out, also pictures shown before it that need nothing earlier.
        firsts[0] = 0
        return cls(*(np.array(column, dtype=np.int64) for column in (pts, firsts, *zip(*keys, strict=True))))

    def key_of(self, index: int) -> KeyFrame:
        """The last key frame from which frame ``index`` decodes."""
        place = bisect_right(self.firsts, index) - 1
        # Behind the last key frame nothing else is found: as far behind the end as the file is long.
        far = min(2 * int(self.pts[-1]) - int(self.pts[0]) + 1, _MAX_TICK)
        end = int(self.key_dts[place + 1]) if place + 1 < len(self.key_dts) else far
        return KeyFrame(int(self.firsts[place]), int(self.key_pts[place]), int(self.key_dts[place]), end)


def is_rising(ticks: Sequence[int | None]) -> bool:
    """Whether there are times, all known, each later than the one before."""
    known = [tick for tick in ticks if tick is not None]
    return len(known) == len(ticks) > 0 and all(a < b for a, b in pairwise(known))


def saved_index(path: str) -> FrameIndex | None:
    """The index of this very file (same path, size and time of change) from the cache folder, if it is there."""
    try:
        with open(_saved_at(path), "rb") as file:
            numbers = np.load(file)
        *stamp, num_frames = numbers[:_HEAD].tolist()
        if stamp != _stamp(path):
            return None
        pts, keys = numbers[_HEAD : _HEAD + num_frames], numbers[_HEAD + num_frames :]
        return FrameIndex(pts, *keys.reshape(3, -1))
    except (OSError, ValueError, EOFError):
        return None  # not there, or not whole: it is built again


def save_index(path: str, index: FrameIndex, num_packets: int) -> None:
    """Keep the index of a long file. A cache that cannot be written costs time, so it is only noted."""
    if num_packets < SAVED_FROM_PACKETS:
        return
    buffer = io.BytesIO()
    try:
        np.save(buffer, np.concatenate([[*_stamp(path), len(index.pts)], *index]))
        write_atomic(Path(_saved_at(path)), buffer.getbuffer(), sync=False)
    except OSError as error:
        logger.debug("the frame index of %s was not saved: %s", path, error)


def _saved_at(path: str) -> str:
    name = blake2b(os.fsencode(os.path.abspath(path)), digest_size=16).hexdigest()
    return str(cache_folder() / "frame_index" / f"{name}.npy")


def _stamp(path: str) -> list[int]:
    status = os.stat(path)
    return [_FORMAT, status.st_size, status.st_mtime_ns]
