"""Videos that are rendered for these tests: a bright square that moves over grey."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videoai.data.encode import write_clip

Mark = Callable[[int], tuple[int, int]]  # frame -> left and top of the square


@pytest.fixture
def write_square(tmp_path: Path) -> Callable[..., Path]:
    """Write 30 frames of 96 x 64 px with a square of 16 px, and return the path."""

    def write(at: Mark = lambda frame: (10 + 2 * frame, 24), name: str = "square.mp4", fps: float = 15.0) -> Path:
        frames = np.full((30, 64, 96, 3), 90, np.uint8)
        for number, frame in enumerate(frames):
            x, y = at(number)
            frame[y : y + 16, x : x + 16] = 240
        write_clip(tmp_path / name, frames, fps=fps)
        return tmp_path / name

    return write
