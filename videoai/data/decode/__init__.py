"""Random access to the frames of one video file."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from videoai.data.media import MAX_SECONDS, BadVideo


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


def open_video(path: str | Path) -> Video:
    """Opens a video and reads its index; decodes nothing yet. Raises BadVideo."""
    from videoai.data.decode.pyav import PyAVVideo  # FFmpeg loads only where videos are read

    video = PyAVVideo(path)
    if video.duration_seconds > MAX_SECONDS:
        video.close()
        detail = f"{video.duration_seconds:.3g} s long, above {MAX_SECONDS:g}; its clock may be damaged"
        raise BadVideo(video.path, "too_large", "index", detail)
    return video
