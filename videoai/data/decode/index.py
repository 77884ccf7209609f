"""When each frame of a file is shown and where decoding can start: built once from its packets, kept for long files."""

import logging
import os
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from videoai.core.cache import cache_folder
from videoai.data.decode.ffmpeg import Packet

logger = logging.getLogger(__name__)

# Listing the packets takes 2.5 us each and reads the file; opening a saved index takes 0.4 ms. Clips are never saved.
SAVED_FROM_PACKETS = 1000
_HEAD = 3  # bytes in the file, its time of change, number of frames; then the arrays of FrameIndex


class FrameIndex(NamedTuple):
    """Where frames can be told apart by their presentation times (pts); all times in units of the time base."""

    pts: npt.NDArray[np.int64]  # [N] in the order shown, strictly rising
    firsts: npt.NDArray[np.int64]  # [K] the first frame that decodes from each key frame
    seeks: npt.NDArray[np.int64]  # [K] where demuxers search for it: the decoding time, never later than the pts

    @classmethod
    def of(cls, packets: Sequence[Packet]) -> Self | None:
        """None where pts are missing or doubled, as in AVI files with B-frames and bare streams."""
        shown = [p.pts for p in packets if not p.is_discarded]
        pts = sorted(tick for tick in shown if tick is not None)
        if len(pts) != len(shown) or not is_rising(pts):
            return None
        keys = sorted((p.pts, p.pts if p.dts is None else p.dts) for p in packets if p.is_key and p.pts is not None)
        firsts = np.array([bisect_left(pts, key) for key, _ in keys], dtype=np.int64)
        # From the first key frame on everything comes out, also pictures shown before it that need nothing earlier.
        firsts[0] = 0
        return cls(np.array(pts, dtype=np.int64), firsts, np.array([seek for _, seek in keys], dtype=np.int64))

    def key_of(self, index: int) -> tuple[int, int]:
        """(first frame that decodes from it, seek) of the last key frame from which frame ``index`` decodes."""
        place = bisect_right(self.firsts, index) - 1
        return int(self.firsts[place]), int(self.seeks[place])


def is_rising(ticks: Sequence[int | None]) -> bool:
    """Whether there are times, all known, each later than the one before."""
    known = [tick for tick in ticks if tick is not None]
    return len(known) == len(ticks) > 0 and all(a < b for a, b in pairwise(known))


def saved_index(path: str) -> FrameIndex | None:
    """The index of this very file (same path, size and time of change) from the cache folder, if it is there."""
    try:
        with open(_saved_at(path), "rb") as file:
            numbers = np.load(file)
        size, changed, num_frames, *_ = numbers[:_HEAD].tolist()
        pts, keys = numbers[_HEAD : _HEAD + num_frames], numbers[_HEAD + num_frames :].reshape(2, -1)
        return FrameIndex(pts, keys[0], keys[1]) if [size, changed] == _stamp(path) else None
    except (OSError, ValueError, EOFError):
        return None  # not there, or not whole: it is built anew


def save_index(path: str, index: FrameIndex, num_packets: int) -> None:
    """Keep the index of a long file. A cache that cannot be written costs time, so it is only noted."""
    if num_packets < SAVED_FROM_PACKETS:
        return
    target = _saved_at(path)
    part = f"{target}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(part, "wb") as file:
            np.save(file, np.concatenate([[*_stamp(path), len(index.pts)], *index]))
        os.replace(part, target)
    except OSError as error:
        logger.debug("%s: the frame index was not saved: %s", target, error)


def _saved_at(path: str) -> str:
    name = blake2b(os.fsencode(os.path.abspath(path)), digest_size=16).hexdigest()
    return str(cache_folder() / "frame_index" / f"{name}.npy")


def _stamp(path: str) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]
