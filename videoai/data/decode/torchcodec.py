"""Frames through torchcodec, where they are those of PyAV: an optional library, which can also decode on a GPU.

torchcodec numbers frames by its own scan, does not mirror, and stumbles over files that FFmpeg's own decoder plays. So
PyAV opens every file, lists its frames and stays the reference. torchcodec reads a file only when it announces as many
frames and gives the first picture alike, and a picture counts only with the time that the index says; everything else
is PyAV's, with its BadVideo.
"""

import logging
import re
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from videoai.data.decode.picture import Shown, target_size
from videoai.data.decode.pyav import PyAVVideo
from videoai.data.media import MAX_PIXELS, BadVideo, open_regular

logger = logging.getLogger(__name__)

# Mean grey levels of 255: a GPU converts colours in its own way. Not measured on one; on the CPU pictures are equal.
SAME_ON_GPU = 3.0
SAME_TIME = 1e-6  # seconds; both compute pts times time base in float64
# FFmpeg's formats that name other files are lines of text or XML, and end at a NUL. Its guess cannot be limited to the
# container that was recognised, so a head that could be read as either is left to PyAV, which can limit it.
TEXT = re.compile(rb"[\r\n<]")
_HEAD_BYTES = 4096
# Limit of one read, which nothing can stop in C++: 740 million pixels of H.264 took 1 s on an AMD EPYC (Zen 5).
# A dearer read is left to PyAV, which looks at the clock (media.MAX_READ_SECONDS).
MAX_PIXELS_A_READ = 4e9
MAX_PIXELS_AT_ONCE = 2**24  # pictures that wait to be scaled; a GPU scales in float32, which takes 200 MB


class _NotAlikeError(Exception):
    """torchcodec does not give what PyAV would."""


class TorchCodecVideo(PyAVVideo):
    """See decode.Video. Pictures of another size are scaled after decoding, with antialiasing, where PyAV's are scaled
    bilinearly while they are decoded: up to 2 grey levels of 255 apart, averaged over a picture."""

    def __init__(self, path: str | Path, source: bytes | None = None, *, device: str = "cpu") -> None:
        """``source``: the bytes of the file where they come from elsewhere; ``path`` then only names them.

        Args:
            device: where it decodes and where the frames are: cpu, cuda, cuda:1. Frames that PyAV reads arrive there.
        """
        super().__init__(path, source)
        self._source, self._device = source, torch.device(device)
        self._decoder: Any = None  # made at the first read
        self.left_to_pyav = "its times cannot be used" if self._index is None else ""  # why; "" = torchcodec reads
        self._file: Any = None

    def close(self) -> None:
        self._decoder = None
        if getattr(self, "_file", None):  # not when PyAV refused to open
            self._file.close()
        super().close()

    def _read(self, wanted: list[int], size: int | tuple[int, int] | None) -> Tensor:
        frames = self._by_torchcodec(wanted, size)
        return super()._read(wanted, size).to(self._device) if frames is None else frames

    def _by_torchcodec(self, wanted: list[int], size: int | tuple[int, int] | None) -> Tensor | None:
        """The frames on the device; None where PyAV has to read them."""
        if self.left_to_pyav:
            return None
        try:
            self._decoder = self._decoder or self._open()
            is_cheap = self._pixels_to_decode(wanted) <= MAX_PIXELS_A_READ
            return self._scaled_pictures(wanted, size) if is_cheap else None
        except BadVideo:
            raise
        except Exception as error:  # C++ raises RuntimeError, ValueError, IndexError, and json's errors
            self._decoder = None
            self.left_to_pyav = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            logger.debug("%s: read by PyAV and not by torchcodec: %s", self.path, self.left_to_pyav)
            return None

    def _open(self) -> Any:
        first = super()._read([0], None)  # also says how large the pictures are; refuses what is above MAX_PIXELS
        shown = self._shown
        if shown and shown.is_transposed ^ shown.flip_x ^ shown.flip_y:
            raise _NotAlikeError("mirrored, and torchcodec only turns")
        if any(part.bits > 8 for part in self._stream.stream.format.components):
            raise _NotAlikeError("more than 8 bits a colour, which are rounded in several ways")
        self._file = open_regular(self.path) if self._source is None else BytesIO(self._source)
        if TEXT.search(self._file.read(_HEAD_BYTES).partition(b"\0")[0]):
            raise _NotAlikeError("its head could be read as text")
        self._file.seek(0)
        # From an open file, never by name: names choose formats and protocols.
        make = import_module("torchcodec.decoders").VideoDecoder
        self._decoder = make(self._file, num_ffmpeg_threads=1, device=str(self._device))
        if self._device.type == "cuda" and (fallback := getattr(self._decoder, "cpu_fallback", None)):
            raise _NotAlikeError(str(fallback))  # it would decode on the CPU and copy whole pictures
        if len(self._decoder) != self.num_frames:
            raise _NotAlikeError(f"{len(self._decoder)} frames announced, {self.num_frames} listed")
        off = (self._pictures([0]).cpu().int() - first.int()).abs().float().mean()
        if off > (0 if self._device.type == "cpu" else SAME_ON_GPU):
            raise _NotAlikeError(f"the first picture is {float(off):.2g} grey levels off")
        return self._decoder

    def _pictures(self, wanted: Sequence[int]) -> Tensor:
        assert self._index is not None
        batch = self._decoder.get_frames_at(list(wanted))
        shown_at = self._index.pts[list(wanted)] * float(self._stream.stream.time_base or 1)
        if np.abs(batch.pts_seconds.numpy() - shown_at).max() > SAME_TIME:
            raise _NotAlikeError("a picture comes with another time than listed")
        return batch.data

    def _pixels_to_decode(self, wanted: Sequence[int]) -> int:
        """From the key frame before each part of the frames to its last one."""
        assert self._index is not None
        runs = self._runs(sorted(set(wanted)), self._index)
        return sum(run[-1] + 1 - self._index.key_of(run[0]).first for run in runs) * self.height * self.width

    def _scaled_pictures(self, wanted: Sequence[int], size: int | tuple[int, int] | None) -> Tensor:
        """Scaled part by part, so that only some of the large pictures are in memory."""
        if size is None:
            return self._pictures(wanted)
        shown = Shown(self.height, self.width, is_transposed=False, flip_x=False, flip_y=False)
        height, width = target_size(shown, size)
        if height * width > MAX_PIXELS:
            detail = f"{width} x {height} after scaling, above {MAX_PIXELS} pixels"
            raise BadVideo(self.path, "too_large", "decode", detail)
        order, count = sorted(set(wanted)), max(1, MAX_PIXELS_AT_ONCE // (self.height * self.width))
        chunks = [order[start : start + count] for start in range(0, len(order), count)]
        parts = [F.resize(self._pictures(chunk), [height, width], antialias=True) for chunk in chunks]
        scaled = parts[0] if len(parts) == 1 else torch.cat(parts)
        places = {number: place for place, number in enumerate(order)}
        return scaled if order == wanted else scaled[[places[number] for number in wanted]]
