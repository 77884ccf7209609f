"""A video whose pictures can be fetched one by one, in any order: from memory, a cache, or a folder of images."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from torch import Tensor

from videoai.data.decode.picture import Shown, check_request, rgb, target_size
from videoai.data.media import MAX_PIXELS, BadVideo

Picture = npt.NDArray[np.uint8]  # [H, W, 3] RGB


class Stills:
    """See decode.Video. Nothing is held open between two calls of ``frames`` but what ``fetch`` holds."""

    def __init__(
        self,
        path: str,
        fetch: Callable[[int], Picture],
        *,
        height: int,
        width: int,
        timestamps: npt.NDArray[np.float64],
        fps: float,
    ) -> None:
        """``fetch(i)`` gives picture i, uint8 [height, width, 3], or raises BadVideo."""
        self.path, self.height, self.width, self.timestamps, self.fps = path, height, width, timestamps, fps
        self._fetch: Callable[[int], Picture] | None = fetch
        self._scaler = VideoReformatter()
        self.clock_start: float | None = None  # pictures have no sound

    @property
    def num_frames(self) -> int:
        return len(self.timestamps)

    @property
    def duration_seconds(self) -> float:
        return float(self.timestamps[-1]) + 1 / self.fps

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """uint8 [T, C, H, W] RGB, in channels-last memory: one frame per index, any order, repeats allowed.

        Args:
            size: pixels of the short side (also enlarges), or (H, W); None = as stored. Scaled as decoders scale.
        Raises:
            ValueError: an index outside 0 .. num_frames - 1, or a closed video.
            BadVideo: a picture that cannot be read.
        """
        wanted = torch.as_tensor(indices, dtype=torch.int64).numpy()
        height, width = self._target(wanted, size)
        pictures = np.empty((len(wanted), height, width, 3), dtype=np.uint8)
        for index in np.unique(wanted):
            pictures[wanted == index] = self._picture(int(index), height, width)
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)  # [T, H, W, C] -> [T, C, H, W]

    def close(self) -> None:
        self._fetch = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _target(self, wanted: npt.NDArray[np.int64], size: int | tuple[int, int] | None) -> tuple[int, int]:
        check_request(self.path, wanted.tolist(), self.num_frames, size)
        height, width = target_size(_upright(self.height, self.width), size)
        if height * width > MAX_PIXELS:
            raise BadVideo(self.path, "too_large", "decode", f"{width} x {height}, above {MAX_PIXELS} pixels")
        return height, width

    def _picture(self, index: int, height: int, width: int) -> Picture:
        if self._fetch is None:
            raise ValueError(f"{self.path}: the video is closed; open it again to read frames")
        picture = self._fetch(index)
        if picture.shape[:2] == (height, width):
            return picture
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        return rgb(frame, self._scaler, _upright(self.height, self.width), height, width)


def _upright(height: int, width: int) -> Shown:
    return Shown(height, width, is_transposed=False, flip_x=False, flip_y=False)
