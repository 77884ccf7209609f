"""TPN (Yang et al. 2020, arXiv:2004.03548): a pyramid over the last two stages of Slow, fused down, then up again.

As mmaction2 builds it: both levels are brought to one size in space, then pooled over eight frames, so that the pyramid
of 8 frames has one position in time. The auxiliary head, which its recipe trains with half the loss on the third stage,
is kept and frozen: published files load whole; the logits do not depend on it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from videoai.models.layers import init_weights, make_head
from videoai.models.max_pool import max_pool_time
from videoai.models.resnet3d import ResNet3d
from videoai.models.slow import slow_kernels

GROUPS = 32  # groups of the pyramid's narrow convolutions
AUXILIARY_CLASSES = 400  # Kinetics-400: classes of the published auxiliary heads


class Tpn(nn.Module):
    """Slow, a pyramid of two levels, a global mean, a head."""

    num_features = 2048

    def __init__(self, num_classes: int, *, backbone: ResNet3d, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = Pyramid()
        self.auxiliary = _auxiliary_head().requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.fc = make_head(self.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 2048, T/8, H/32, W/32]."""
        return self.neck(*self.backbone.forward_stages(video)[2:])

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 2048, T', H', W'] -> logits [B, K], or the pooled [B, 2048]."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.fc(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.fc = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, a depth a block (a stage when ``coarse``), the pyramid."""
        block = r"^backbone\.layer(\d+)" + ("" if coarse else r"\.(\d+)")
        return {"stem": r"^backbone\.(?:conv1|bn1)", "blocks": block, "pyramid": r"^(?:neck|auxiliary)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks, then the pyramid as one."""
        return [*self.backbone.repeated_blocks(), self.neck]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the backbone's activations in the backward pass."""
        self.backbone.set_grad_checkpointing(enable)


class Pyramid(nn.Module):
    """Two levels to one map: modulate each, fuse from the top, add the lower to the upper, fuse again."""

    def __init__(self) -> None:
        super().__init__()
        self.space = _conv_norm_relu(1024, 2048, (1, 3, 3), stride=2)  # the lower level to the size of the upper
        self.time = nn.ModuleList(
            nn.Conv3d(2048, 1024, (3, 1, 1), padding=(1, 0, 0), groups=GROUPS, bias=False) for _ in range(2)
        )
        self.fuse_down, self.fuse_up = Fusion(), Fusion()
        self.up = nn.Conv3d(1024, 1024, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.fuse = _conv_norm_relu(4096, 2048, (1, 1, 1))
        init_weights(self)

    def forward(self, lower: Tensor, upper: Tensor) -> Tensor:
        """[B, 1024, T, H, W] and [B, 2048, T, H/2, W/2] -> [B, 2048, T/8, H/2, W/2]."""
        low, high = (
            max_pool_time(conv(level), 8, keep_rest=True)
            for conv, level in zip(self.time, (self.space(lower), upper), strict=True)
        )
        low = low + high
        down = self.fuse_down((low, high))
        high = high + self.up(low)
        return self.fuse(torch.cat([down, self.fuse_up((low, high))], dim=1))


class Fusion(nn.Module):
    """Both levels through a grouped convolution each, then one map."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleList(_conv_norm_relu(1024, 1024, (1, 1, 1), groups=GROUPS) for _ in range(2))
        self.fuse = _conv_norm_relu(2048, 2048, (1, 1, 1))

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Two of [B, 1024, T, H, W] -> [B, 2048, T, H, W]."""
        return self.fuse(torch.cat([conv(level) for conv, level in zip(self.levels, levels, strict=True)], dim=1))


def tpn_slow_8x8_r50(num_classes: int, *, dropout: float = 0.5, inflate: str | None = None) -> Tpn:
    """TPN over Slow on ResNet-50: 91.5 M parameters at 400 classes, of which the frozen auxiliary head has 19.7."""
    backbone = ResNet3d(0, stem_kernel=1, kernels=slow_kernels(50), inflate=inflate)
    return Tpn(num_classes, backbone=backbone, dropout=dropout)


def _auxiliary_head() -> nn.Module:
    """A strided convolution and a classifier over the third stage; runs nowhere."""
    return nn.ModuleDict(
        {"conv": _conv_norm_relu(1024, 2048, (1, 3, 3), stride=2), "fc": nn.Linear(2048, AUXILIARY_CLASSES)}
    )


def _conv_norm_relu(
    in_channels: int, out_channels: int, kernel: tuple[int, int, int], *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    padding = (0, kernel[1] // 2, kernel[2] // 2)
    conv = nn.Conv3d(in_channels, out_channels, kernel, (1, stride, stride), padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm3d(out_channels), nn.ReLU(inplace=True))
