"""A blurred clip: what is hidden keeps its brightness and loses its shapes and their motion."""

import torch
from torch import Tensor
from torch.nn import functional as F

WIDTH = 0.2  # share of the picture's shorter side: the kernel; an object of a fifth of the picture is gone


def blurred(video: Tensor) -> Tensor:
    """[B, C, T, H, W] -> the same: each frame averaged in time and blurred in space."""
    still = video.mean(2)
    size = 2 * max(1, round(WIDTH * min(still.shape[-2:]) / 2)) + 1
    for _ in range(3):  # three box filters are nearly a Gaussian
        padded = F.pad(still, (size // 2,) * 4, mode="replicate")
        still = F.avg_pool2d(padded, size, stride=1)
    return torch.stack([still] * video.shape[2], 2)
