"""S3D (Xie et al. 2018, arXiv:1712.04851): Inception with convolutions split into space and time, from torchvision.

The state dict keeps torchvision's names but for the head, a linear layer where torchvision has a 1x1x1 convolution.
Differs: torchvision averages windows of 2x7x7 features, so that smaller clips fail; here a window is at most as large
as what is there. Pooling comes before the head, not around it: the same in exact numbers, but one dropout for all
windows. Convolutions start as He et al. 2015 say, not at PyTorch's defaults, which leave 1e-6 of the signal until batch
norms have statistics. Max pools are split into space and time, whose CUDA backward is deterministic.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import init_weights, make_head
from videoai.models.max_pool import SeparableMaxPool, separate_max_pools

if TYPE_CHECKING:
    from torchvision.models.video import S3D

WINDOW = (2, 7, 7)  # (T, H, W) features that torchvision averages, at stride 1: what 16 frames of 224 px give
SMALLEST = (5, 17, 17)  # (T, H, W) of a clip that is not gone after the last pool


class S3d(nn.Module):
    """torchvision's features, the mean of their windows, dropout, a linear head."""

    num_features = 1024

    def __init__(self, num_classes: int, *, network: "S3D", dropout: float) -> None:
        super().__init__()
        self.features = network.features
        separate_max_pools(self.features)
        init_weights(self.features)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 1024, T/8, H/32, W/32].

        Raises: ValueError: a clip of fewer than 5 frames or 17 pixels.
        """
        if any(length < least for length, least in zip(video.shape[2:], SMALLEST, strict=True)):
            given, least = ("x".join(map(str, size)) for size in (video.shape[2:], SMALLEST))
            raise ValueError(
                f"s3d: a clip of {given} (T, H, W) is too small; at least {least}. Set clip.num_frames, clip.size."
            )
        return run_blocks(self.features, video, checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 1024, T', H', W'] -> logits [B, K], or the pooled [B, 1024]."""
        pooled = mean_of_windows(features)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem of three convolutions, then a depth an Inception block."""
        return {"stem": r"^features\.[0-3]\.", "blocks": r"^features\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The convolutions and Inception blocks."""
        return [part for part in self.features if not isinstance(part, SeparableMaxPool)]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


def mean_of_windows(features: Tensor) -> Tensor:
    """[B, D, T, H, W] -> [B, D]: the mean over all 2x7x7 windows of their means, as one weighted sum.

    Windows overlap, so features at the border count less: of 16 in time (128 frames) the first and the last half as
    much as the others. A plain mean where one window holds everything.
    """
    sides = zip(features.shape[2:], WINDOW, strict=True)
    t, h, w = (_shares(length, window, features.device) for length, window in sides)
    return features.mul(t[:, None, None] * h[:, None] * w).sum((2, 3, 4)).to(features.dtype)


def _shares(length: int, window: int, device: torch.device) -> Tensor:
    """float [length], the weight of each position in the mean of all windows; made on the device."""
    window = min(window, length)
    num_windows, place = length - window + 1, torch.arange(length, device=device)
    windows_over = torch.minimum(place + 1, length - place).clamp(max=min(window, num_windows))
    return windows_over.float() / (window * num_windows)


def s3d(num_classes: int, *, dropout: float = 0.2) -> S3d:
    """S3D without gating; 8.3 M parameters at 400 classes."""
    from torchvision.models.video import S3D

    return S3d(num_classes, network=S3D(num_classes=1), dropout=dropout)
