from collections.abc import Callable

import pytest
import torch

from videoai.data.motion16.motion import CLASSES, render


@pytest.fixture(scope="session")
def motion_clips() -> Callable[..., torch.Tensor]:
    """Real clips of a class, uint8 [N, 16, 3, 32, 32]; number ``start`` and those after it."""

    def make(name: str, start: int = 0, count: int = 8) -> torch.Tensor:
        rendered = [
            render(label=CLASSES.index(name), seed=0, split="train", index=index, level="easy", size_px=32)[0]
            for index in range(start, start + count)
        ]
        return torch.stack([torch.from_numpy(frames[:16]).permute(0, 3, 1, 2) for frames in rendered])

    return make
