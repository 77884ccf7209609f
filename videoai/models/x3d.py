"""X3D (Feichtenhofer 2020, arXiv:2004.04730): a small 2-D network expanded step by step into space and time.

XS, S and M are one network for clips of different length and size; L is deeper. Time is never strided. Differs from the
original code: the layers that read pooled vectors are linear instead of 1x1x1 convolutions, with the same numbers.
Depthwise 3-D convolutions count few operations and take long all the same on many a GPU (not measured here).

pytorchvideo's ``efficient_x3d_xs`` and ``efficient_x3d_s`` are this network too, in blocks for mobile CPUs.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import init_weights, make_head, multiple_of_8

WIDTHS = (24, 48, 96, 192)  # channels of the stages; table 1 of the paper, at width factor 2
BASE_DEPTHS = (1, 2, 5, 3)  # blocks of the stages at depth factor 1
EXPANSION = 2.25  # channels of the depthwise convolution over those of its block
NUM_FEATURES = 2048


class X3D(nn.Module):
    """A stem of separate space and time convolutions, four stages that halve H and W, a head with a layer of its own.

    Args:
        depths: blocks of each stage.
        norm_every_shortcut: False: the first block's shortcut, which changes the size but not the width, has no norm
            (pytorchvideo's checkpoint variant).
    """

    num_features = NUM_FEATURES
    feature_width = int(EXPANSION * WIDTHS[-1])  # before the pool

    def __init__(
        self, num_classes: int, *, depths: Sequence[int], norm_every_shortcut: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        width = WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv3d(3, width, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), bias=False),
            nn.Conv3d(width, width, (5, 1, 1), padding=(2, 0, 0), groups=width, bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )
        stages = zip((width, *WIDTHS), WIDTHS, depths, strict=False)
        self.stages = nn.Sequential(*(_stage(*stage, norm_every_shortcut) for stage in stages))
        middle = self.feature_width
        self.conv5 = nn.Sequential(
            nn.Conv3d(WIDTHS[-1], middle, 1, bias=False), nn.BatchNorm3d(middle), nn.ReLU(inplace=True)
        )
        self.lin5 = nn.Linear(middle, NUM_FEATURES, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(NUM_FEATURES, num_classes)
        self.checkpointing = False
        init_weights(self)
        for module in self.modules():
            if isinstance(module, Bottleneck):  # starts as its shortcut (Goyal et al. 2017, arXiv:1706.02677)
                nn.init.zeros_(module.norm3.weight)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 432, T, H/32, W/32]."""
        return self.conv5(run_blocks(self.repeated_blocks(), self.stem(video), checkpointing=self.checkpointing))

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 432, T, H', W'] -> logits [B, K], or the pooled and widened [B, 2048]."""
        pooled = F.relu(self.lin5(features.mean((2, 3, 4))))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(NUM_FEATURES, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a stage when ``coarse``), then what lies between them and the
        head."""
        blocks = r"^stages\.(\d+)" if coarse else r"^stages\.(\d+)\.(\d+)"
        return {"stem": r"^stem", "blocks": [(blocks, None), (r"^(?:conv5|lin5)", (99999,))]}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks."""
        return [block for stage in self.stages.children() for block in stage.children()]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


class Bottleneck(nn.Module):
    """1x1x1 wider, 3x3x3 depthwise, squeeze-and-excitation, SiLU, 1x1x1 narrower; beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, squeeze: bool, shortcut: nn.Module) -> None:
        super().__init__()
        middle = int(EXPANSION * out_channels)
        self.conv1 = nn.Conv3d(in_channels, middle, 1, bias=False)
        self.norm1 = nn.BatchNorm3d(middle)
        self.conv2 = nn.Conv3d(middle, middle, 3, stride=(1, stride, stride), padding=1, groups=middle, bias=False)
        self.norm2 = nn.BatchNorm3d(middle)
        self.squeeze = SqueezeExcitation(middle) if squeeze else nn.Identity()
        self.conv3 = nn.Conv3d(middle, out_channels, 1, bias=False)
        self.norm3 = nn.BatchNorm3d(out_channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        residual = F.relu(self.norm1(self.conv1(x)))
        residual = F.silu(self.squeeze(self.norm2(self.conv2(residual))))
        return F.relu(self.norm3(self.conv3(residual)) + self.shortcut(x))


class SqueezeExcitation(nn.Module):
    """Each channel times a gate that sees the mean of all channels (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = multiple_of_8(channels / 16)
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> the same shape."""
        gate = self.fc2(F.relu(self.fc1(x.mean((2, 3, 4))))).sigmoid()
        return x * gate[:, :, None, None, None]


def _stage(in_channels: int, out_channels: int, depth: int, norm_every_shortcut: bool) -> nn.Sequential:
    """A block that halves H and W, then others; every other one has a squeeze-and-excitation."""
    shortcut: list[nn.Module] = [nn.Conv3d(in_channels, out_channels, 1, stride=(1, 2, 2), bias=False)]
    if norm_every_shortcut or in_channels != out_channels:
        shortcut.append(nn.BatchNorm3d(out_channels))
    first = Bottleneck(in_channels, out_channels, stride=2, squeeze=True, shortcut=nn.Sequential(*shortcut))
    others = (
        Bottleneck(out_channels, out_channels, stride=1, squeeze=i % 2 == 0, shortcut=nn.Identity())
        for i in range(1, depth)
    )
    return nn.Sequential(first, *others)


def _depths(factor: float) -> tuple[int, ...]:
    return tuple(math.ceil(factor * depth) for depth in BASE_DEPTHS)


def x3d_xs(num_classes: int, *, norm_every_shortcut: bool = True, dropout: float = 0.5) -> X3D:
    """X3D-XS: 26 blocks, for 4 frames at 160 px; 3.8 M parameters at 400 classes."""
    return X3D(num_classes, depths=_depths(2.2), norm_every_shortcut=norm_every_shortcut, dropout=dropout)


def x3d_s(num_classes: int, *, norm_every_shortcut: bool = True, dropout: float = 0.5) -> X3D:
    """X3D-S: the network of X3D-XS, for 13 frames at 160 px."""
    return X3D(num_classes, depths=_depths(2.2), norm_every_shortcut=norm_every_shortcut, dropout=dropout)


def x3d_m(num_classes: int, *, norm_every_shortcut: bool = True, dropout: float = 0.5) -> X3D:
    """X3D-M: the network of X3D-XS, for 16 frames at 224 px."""
    return X3D(num_classes, depths=_depths(2.2), norm_every_shortcut=norm_every_shortcut, dropout=dropout)


def x3d_l(num_classes: int, *, norm_every_shortcut: bool = True, dropout: float = 0.5) -> X3D:
    """X3D-L: 55 blocks, for 16 frames at 312 px; 6.2 M parameters at 400 classes."""
    return X3D(num_classes, depths=_depths(5.0), norm_every_shortcut=norm_every_shortcut, dropout=dropout)
