"""Cuts of an edited video, found by PySceneDetect in frames that videoai decodes: no second decoder, no window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray
from torch import Tensor

SHORT_SIDE = 144  # pixels; PySceneDetect scales to about 256 in width before it compares
MIN_SECONDS = 0.6  # its own default: what is shorter belongs to the shot before it
DETECTOR = "PySceneDetect AdaptiveDetector"


def check_package() -> None:
    """Raises: ImportError: naming the extra, and what goes without it."""
    try:
        import scenedetect  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(
            f"shots=true: finding cuts needs a package ({error.name}): pip install 'videoai[shots]'. Or leave shots "
            "out: shots=false"
        ) from error


class CutFinder:
    """Takes every frame in order; a cut is a frame that differs from the one before more than its neighbours do."""

    def __init__(self, fps: float, threshold: float) -> None:
        """threshold: how many times more. Raises: ImportError."""
        check_package()
        from scenedetect import AdaptiveDetector  # pyright: ignore[reportMissingImports]

        self.fps, self.num_frames = fps, 0
        self.detector: Any = AdaptiveDetector(adaptive_threshold=threshold, min_scene_len=MIN_SECONDS)
        self.cuts: list[int] = []  # numbers of the first frame of each shot but the first

    def add(self, frames: Tensor) -> None:
        """The next frames, uint8 [T, 3, H, W] RGB."""
        from scenedetect import FrameTimecode  # pyright: ignore[reportMissingImports]

        for frame in frames.permute(0, 2, 3, 1).flip(-1).numpy():  # BGR
            timecode = FrameTimecode(self.num_frames, self.fps)
            self.cuts += [cut.frame_num for cut in self.detector.process_frame(timecode, np.ascontiguousarray(frame))]
            self.num_frames += 1


def shots_between(cuts: Sequence[int], timestamps: ndarray, duration_seconds: float) -> list[tuple[float, float]]:
    """(start, end) in seconds of each shot; a single one over the whole video where nothing is cut."""
    starts = [0.0, *(float(timestamps[cut]) for cut in sorted(set(cuts)) if cut)]
    return list(zip(starts, [*starts[1:], duration_seconds], strict=True))
