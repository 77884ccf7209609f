"""Random access to the frames of one video file."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from videoai.data.feature_sequences import is_sequence
from videoai.data.media import MAX_SECONDS, BadVideo
from videoai.data.shards.shards import is_member, read_member

Decoder = Literal["pyav", "torchcodec", "nvdec"]  # for files and members of shards
CACHE_SUFFIX = ".safetensors"  # suffix of files that hold decoded frames, see memory.py


class Video(Protocol):
    """An open video. Frames are numbered in the order they are shown. Every failure to read is a BadVideo."""

    @property
    def path(self) -> str: ...

    @property
    def num_frames(self) -> int:
        """Frames announced; once fewer turned out to decode, the count of those that do."""
        ...

    @property
    def fps(self) -> float:
        """Average frames per second."""
        ...

    @property
    def duration_seconds(self) -> float: ...

    @property
    def height(self) -> int:
        """Pixels as shown, after rotation."""
        ...

    @property
    def width(self) -> int: ...

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        """[num_frames] seconds at which each frame is shown, the first at 0."""
        ...

    @property
    def clock_start(self) -> float | None:
        """Seconds of the file's own clock at which the first frame is shown; None = no file that could hold sound."""
        ...

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """uint8 [T, C, H, W] RGB, one frame per index; indices may repeat and come in any order.

        Args:
            size: pixels of the short side, or (H, W); None = as stored.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_video(
    path: str | Path, *, frame_fps: float | None = None, decoder: Decoder = "pyav", device: str | None = None
) -> Video:
    """Opens a video and reads its index; decodes nothing yet. Raises BadVideo.

    Args:
        path: a video file; a folder of numbered images; a file of the clip cache, ``*.safetensors``; or a member of a
            shard, ``00000.tar#NAME``, for which the shard may also be a URL; or a video of a table of features,
            ``features.parquet#/NAME``, whose frames are vectors, see features.py.
        frame_fps: frames per second of a folder of images, which does not know it; None = 30.
        decoder: torchcodec reads where it gives what PyAV gives, see torchcodec.py; the frames are the same ones.
            nvdec decodes large videos on a GPU, see nvdec.py; their pixels differ a little.
        device: where these two decode, such as cuda:1; None = cpu for torchcodec, cuda for nvdec. Frames of torchcodec
            are there, those of nvdec on the CPU. A forked process cannot use a GPU.
    """
    # FFmpeg and the rest load only where videos are read.
    path = os.fspath(path)
    if is_member(path):
        return _open_encoded(path, read_member(path), decoder, device)
    if is_sequence(path):
        from videoai.data.decode.features import open_features

        return open_features(path)
    if os.path.isdir(path):
        from videoai.data.decode.frame_folder import DEFAULT_FPS, open_frame_folder

        return open_frame_folder(path, frame_fps or DEFAULT_FPS)
    if path.endswith(CACHE_SUFFIX):
        from videoai.data.decode.memory import open_cached

        return open_cached(path)
    video = _open_encoded(path, None, decoder, device)
    if video.duration_seconds > MAX_SECONDS:
        video.close()
        detail = f"{video.duration_seconds:.3g} s long, above {MAX_SECONDS:g}; its clock may be damaged"
        raise BadVideo(video.path, "too_large", "index", detail)
    return video


def _open_encoded(path: str, source: bytes | None, decoder: Decoder, device: str | None) -> Video:
    if decoder == "torchcodec":
        from videoai.data.decode.torchcodec import TorchCodecVideo

        return TorchCodecVideo(path, source, device=device or "cpu")
    if decoder == "nvdec":
        from videoai.data.decode.nvdec import NvdecVideo

        return NvdecVideo(path, source, device=device or "cuda")
    from videoai.data.decode.pyav import PyAVVideo

    return PyAVVideo(path, source)
