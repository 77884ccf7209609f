"""Max pooling in pieces: nn.MaxPool3d has no deterministic CUDA backward, the 2-D pools have one."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Size2d = int | tuple[int, int]  # H and W
Size3d = int | Sequence[int]  # T, H and W


class FrameMaxPool(nn.Module):
    """Max pooling within each frame: nn.MaxPool3d of temporal size 1."""

    def __init__(self, kernel_size: Size2d, *, stride: Size2d, padding: Size2d = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T, H', W']."""
        if x.is_contiguous(memory_format=torch.channels_last_3d):  # kept, without a copy
            frames = x.transpose(1, 2).flatten(0, 1)  # [B, C, T, H, W] -> [B*T, C, H, W]
            return self._pool(frames).unflatten(0, (x.shape[0], -1)).transpose(1, 2)
        frames = x.flatten(1, 2)  # [B, C, T, H, W] -> [B, C*T, H, W]
        return self._pool(frames).unflatten(1, x.shape[1:3])

    def _pool(self, frames: Tensor) -> Tensor:
        return F.max_pool2d(frames, self.kernel_size, self.stride, self.padding)


class SeparableMaxPool(nn.Module):
    """nn.MaxPool3d as a pool within each frame, then one over time: the same numbers. Sizes are (T, H, W), or one
    number for all three."""

    def __init__(self, kernel_size: Size3d, *, stride: Size3d, padding: Size3d = 0) -> None:
        super().__init__()
        kernels, strides, paddings = ([n] * 3 if isinstance(n, int) else [*n] for n in (kernel_size, stride, padding))
        self.space = FrameMaxPool(
            (kernels[1], kernels[2]), stride=(strides[1], strides[2]), padding=(paddings[1], paddings[2])
        )
        # over T of [B, C, T, H*W]
        over_time = nn.MaxPool2d((kernels[0], 1), (strides[0], 1), (paddings[0], 0))
        self.time = over_time if (kernels[0], strides[0]) != (1, 1) else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T', H', W']."""
        x = self.space(x)
        return self.time(x.flatten(3)).unflatten(3, x.shape[3:])  # [B, C, T, H, W] -> [B, C, T, H*W] and back


def separate_max_pools(model: nn.Module) -> None:
    """Put a SeparableMaxPool in the place of every nn.MaxPool3d below ``model``."""
    for parent in list(model.modules()):
        for name, pool in parent.named_children():
            if isinstance(pool, nn.MaxPool3d):
                pool: Any  # torch's types allow what torch's code does not
                setattr(parent, name, SeparableMaxPool(pool.kernel_size, stride=pool.stride, padding=pool.padding))


def max_pool_time(x: Tensor, size: int, *, keep_rest: bool = False) -> Tensor:
    """MaxPool3d over ``size`` frames: [B, C, T, H, W] -> [B, C, T // size, H, W].

    ``keep_rest`` also pools what is left at the end (ceil_mode). As a maximum over a dimension, because MaxPool3d has
    no deterministic CUDA backward; equal maxima share the gradient instead of the first taking it.
    """
    rest = x.shape[2] % size
    if rest and keep_rest:
        x = F.pad(x, (0, 0, 0, 0, 0, size - rest), value=-torch.inf)
    elif rest:
        x = x[:, :, : x.shape[2] - rest]
    return x.unflatten(2, (-1, size)).amax(3)
