"""R(2+1)D of 34 and 50 layers (Tran et al. 2018, arXiv:1711.11248): each 3-D convolution split into space and time.

torchvision's 18 layers are in ``torchvision_resnet.py``. Publishers split differently; the checkpoint variants are:

    vmz        the authors' own: 45 channels inside the stem, no max pooling, norms of eps 1e-3
    mmaction2  83 channels inside the stem, then max pooling; the shortcuts are split too; eps 1e-5 between the halves
    50 layers  pytorchvideo's: bottlenecks whose middle convolution goes through time first, then space

Max pooling goes frame by frame, so every backward is deterministic.
"""

from typing import Any, Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import check_choice, init_weights, make_head
from videoai.models.max_pool import FrameMaxPool

Variant = Literal["vmz", "mmaction2"]

WIDTHS = (64, 128, 256, 512)
DEPTHS = (3, 4, 6, 3)  # blocks per stage, the same for 34 and 50 layers
CAFFE2_EPS = 1e-3  # epsilon of the norms in the authors' own code (VMZ)


class R2Plus1d(nn.Module):
    """A stem, residual blocks, a global mean and a linear head.

    Args:
        stages: sequences of blocks.
        num_features: channels of the last block.
    """

    def __init__(
        self, num_classes: int, *, stem: nn.Module, stages: nn.Sequential, num_features: int, dropout: float
    ) -> None:
        super().__init__()
        self.stem = stem
        self.stages = stages
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(num_features, num_classes)
        self.num_features = num_features
        self.checkpointing = False
        init_weights(self)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, T', H', W']."""
        return run_blocks(self.repeated_blocks(), self.stem(video), checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T', H', W'] -> logits [B, K], or the pooled [B, D]."""
        # a mean, not AdaptiveAvgPool3d: same numbers, but its CUDA backward is deterministic
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a stage when ``coarse``)."""
        return {"stem": r"^stem", "blocks": r"^stages\.(\d+)" if coarse else r"^stages\.(\d+)\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks."""
        return [block for stage in self.stages.children() for block in stage.children()]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


class SplitConv(nn.Module):
    """A convolution through space and one through time, with norm and ReLU between them.

    Args:
        middle: channels between the two.
        kernel: of (frames, pixels), as is ``stride``.
        time_first: through time, then through space.
    """

    def __init__(
        self,
        in_channels: int,
        middle: int,
        out_channels: int,
        *,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        time_first: bool = False,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        first, second = (in_channels, middle), (middle, out_channels)
        space, time = (second, first) if time_first else (first, second)
        self.space = _conv(*space, (1, kernel[1]), (1, stride[1]))
        self.norm = nn.BatchNorm3d(middle, eps=norm_eps)
        self.time = _conv(*time, (kernel[0], 1), (stride[0], 1))
        self.time_first = time_first

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        first, second = (self.time, self.space) if self.time_first else (self.space, self.time)
        return second(F.relu(self.norm(first(x))))


class BasicBlock(nn.Module):
    """Two split convolutions beside a shortcut: 34 layers."""

    def __init__(self, in_channels: int, width: int, stride: int, variant: Variant) -> None:
        super().__init__()
        self.conv1 = _split_conv(in_channels, width, stride=(stride, stride), variant=variant)
        self.norm1 = nn.BatchNorm3d(width, eps=CAFFE2_EPS)
        self.conv2 = _split_conv(width, width, variant=variant)
        self.norm2 = nn.BatchNorm3d(width, eps=CAFFE2_EPS)
        self.shortcut = nn.Identity()
        if in_channels != width:
            conv = (
                _conv(in_channels, width, (1, 1), (stride, stride))
                if variant == "vmz"
                else _split_conv(in_channels, width, kernel=(1, 1), stride=(stride, stride), variant=variant)
            )
            self.shortcut = nn.Sequential(conv, nn.BatchNorm3d(width, eps=CAFFE2_EPS))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        residual = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(residual + self.shortcut(x))


class Bottleneck(nn.Module):
    """1x1x1 narrower, 3x3x3 split with time first, 1x1x1 four times as wide; beside a shortcut: 50 layers."""

    def __init__(self, in_channels: int, width: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = _conv(in_channels, width)
        self.norm1 = nn.BatchNorm3d(width)
        self.conv2 = SplitConv(width, width, width, stride=stride, time_first=True)
        self.norm2 = nn.BatchNorm3d(width)
        self.conv3 = _conv(width, 4 * width)
        self.norm3 = nn.BatchNorm3d(4 * width)
        self.shortcut = nn.Identity()
        if in_channels != 4 * width:
            self.shortcut = nn.Sequential(_conv(in_channels, 4 * width, stride=stride), nn.BatchNorm3d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        residual = F.relu(self.norm1(self.conv1(x)))
        residual = F.relu(self.norm2(self.conv2(residual)))
        return F.relu(self.norm3(self.conv3(residual)) + self.shortcut(x))


def _conv(
    in_channels: int, out_channels: int, kernel: tuple[int, int] = (1, 1), stride: tuple[int, int] = (1, 1)
) -> nn.Conv3d:
    """kernel and stride: of (frames, pixels)."""
    sizes, strides = (kernel[0], kernel[1], kernel[1]), (stride[0], stride[1], stride[1])
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[1] // 2)
    return nn.Conv3d(in_channels, out_channels, sizes, stride=strides, padding=padding, bias=False)


def _split_conv(
    in_channels: int,
    out_channels: int,
    *,
    kernel: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    variant: Variant,
) -> SplitConv:
    """With as many parameters as a whole convolution through 3 frames (section 3.5)."""
    area = kernel[1] ** 2
    middle = 3 * area * in_channels * out_channels // (area * in_channels + 3 * out_channels)
    norm_eps = CAFFE2_EPS if variant == "vmz" else 1e-5
    return SplitConv(in_channels, middle, out_channels, kernel=kernel, stride=stride, norm_eps=norm_eps)


def _stem34(variant: Variant) -> nn.Sequential:
    kernel, stride = (3, 7), (1, 2)
    after = (nn.BatchNorm3d(64, eps=CAFFE2_EPS), nn.ReLU(inplace=True))
    if variant == "vmz":
        return nn.Sequential(SplitConv(3, 45, 64, kernel=kernel, stride=stride, norm_eps=CAFFE2_EPS), *after)
    conv = _split_conv(3, 64, kernel=kernel, stride=stride, variant=variant)
    return nn.Sequential(conv, *after, FrameMaxPool(3, stride=2, padding=1))


def r2plus1d_r34(num_classes: int, *, variant: Variant = "vmz", dropout: float = 0.5) -> R2Plus1d:
    """R(2+1)D-34: 63.7 M parameters at 400 classes."""
    check_choice("variant", variant, get_args(Variant))
    inputs = (64, *WIDTHS)
    stages = (
        nn.Sequential(
            BasicBlock(inputs[i], WIDTHS[i], 1 if i == 0 else 2, variant),
            *(BasicBlock(WIDTHS[i], WIDTHS[i], 1, variant) for _ in range(1, DEPTHS[i])),
        )
        for i in range(len(WIDTHS))
    )
    return R2Plus1d(
        num_classes, stem=_stem34(variant), stages=nn.Sequential(*stages), num_features=WIDTHS[-1], dropout=dropout
    )


def r2plus1d_r50(num_classes: int, *, dropout: float = 0.5) -> R2Plus1d:
    """R(2+1)D-50 as pytorchvideo trained it; 28.1 M parameters at 400 classes."""
    stem = nn.Sequential(_conv(3, 64, (1, 7), (1, 2)), nn.BatchNorm3d(64), nn.ReLU(inplace=True))
    inputs = (64, *(4 * width for width in WIDTHS))
    strides = ((1, 2), (1, 2), (2, 2), (2, 2))
    stages = (
        nn.Sequential(
            Bottleneck(inputs[i], WIDTHS[i], strides[i]),
            *(Bottleneck(4 * WIDTHS[i], WIDTHS[i], (1, 1)) for _ in range(1, DEPTHS[i])),
        )
        for i in range(len(WIDTHS))
    )
    return R2Plus1d(num_classes, stem=stem, stages=nn.Sequential(*stages), num_features=4 * WIDTHS[-1], dropout=dropout)
