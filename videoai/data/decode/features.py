"""A sequence of features as a video of one pixel: its frames are vectors, and nothing is decoded."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from videoai.data.feature_sequences import FeatureSequence, open_sequence


class FeatureVideo:
    """See decode.Video; ``frames`` are float32 [T, D, 1, 1]."""

    height = width = 1
    clock_start: float | None = None  # features have no sound

    def __init__(self, path: str, sequence: FeatureSequence) -> None:
        self.path, self.sequence = path, sequence
        self.fps, self.duration_seconds = sequence.rate, sequence.duration_seconds

    @property
    def num_frames(self) -> int:
        return len(self.sequence.features)

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        return np.arange(self.num_frames) / self.fps

    def frames(self, indices: Sequence[int] | Tensor, size: int | tuple[int, int] | None = None) -> Tensor:
        """float32 [T, D, 1, 1]. Raises: ValueError: pictures are asked for, by a size above 1."""
        if size not in (None, 1):
            raise ValueError(
                f"{self.path}: features and no pictures, which a clip of {size} px asks for. data.features is for "
                "task=localize and models that it trained on features."
            )
        wanted = torch.as_tensor(indices, dtype=torch.int64).numpy()
        return torch.from_numpy(self.sequence.features[wanted])[:, :, None, None]

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_features(path: str) -> FeatureVideo:
    """A video of a table, ``features.parquet#/films/a.mp4``. Raises: BadVideo."""
    return FeatureVideo(path, open_sequence(path))
