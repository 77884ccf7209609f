"""CSN (Tran et al. 2019, arXiv:1904.02811): ResNets with depthwise 3x3x3 convolutions; channels meet in 1x1x1 ones.

Interaction-reduced (ir) puts a depthwise convolution in the place of the 3x3x3 one, interaction-preserved (ip) a 1x1x1
and a depthwise one. Differs from the paper: nothing known. Max pooling goes frame by frame, so every backward is
deterministic.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import check_choice, init_weights, make_head
from videoai.models.max_pool import FrameMaxPool

Interaction = Literal["reduced", "preserved"]

WIDTHS = (64, 128, 256, 512)  # channels of the depthwise convolutions; a block gives four times as many channels
CAFFE2_EPS = 1e-3  # epsilon of the norms, where weights come from the authors' own code (VMZ)


class CSN(nn.Module):
    """A strided stem with max pooling, then four stages; the last three halve T, H and W.

    Args:
        depths: blocks of each stage.
        norm_eps: of every batch norm; belongs to the weights.
    """

    num_features = 4 * WIDTHS[-1]

    def __init__(
        self,
        num_classes: int,
        *,
        depths: Sequence[int],
        interaction: Interaction = "reduced",
        norm_eps: float = 1e-5,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("interaction", interaction, get_args(Interaction))
        self.stem = nn.Sequential(
            nn.Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            nn.ReLU(inplace=True),
            FrameMaxPool(3, stride=2, padding=1),
        )
        inputs = (64, *(4 * width for width in WIDTHS))
        self.stages = nn.Sequential(
            *(
                _stage(inputs[i], WIDTHS[i], depths[i], stride=1 if i == 0 else 2, interaction=interaction)
                for i in range(len(WIDTHS))
            )
        )
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False
        init_weights(self)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.eps = norm_eps

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 2048, T/8, H/32, W/32]."""
        return run_blocks(self.repeated_blocks(), self.stem(video), checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 2048, T', H', W'] -> logits [B, K], or the pooled [B, 2048]."""
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


class Bottleneck(nn.Module):
    """1x1x1 narrower, 3x3x3 depthwise, 1x1x1 wider; beside a shortcut.

    Args:
        width: channels of the depthwise convolution; the block gives four times as many.
    """

    def __init__(
        self, in_channels: int, width: int, *, stride: int, interaction: Interaction, shortcut: nn.Module
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(in_channels, width, 1, bias=False)
        self.norm1 = nn.BatchNorm3d(width)
        self.interact = _conv_norm(width, width) if interaction == "preserved" else nn.Identity()
        self.conv2 = nn.Conv3d(width, width, 3, stride=stride, padding=1, groups=width, bias=False)
        self.norm2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, 4 * width, 1, bias=False)
        self.norm3 = nn.BatchNorm3d(4 * width)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        residual = self.interact(F.relu(self.norm1(self.conv1(x))))  # no activation between the two, as in VMZ
        residual = F.relu(self.norm2(self.conv2(residual)))
        return F.relu(self.norm3(self.conv3(residual)) + self.shortcut(x))


def _stage(in_channels: int, width: int, depth: int, *, stride: int, interaction: Interaction) -> nn.Sequential:
    shortcut = _conv_norm(in_channels, 4 * width, stride)
    first = Bottleneck(in_channels, width, stride=stride, interaction=interaction, shortcut=shortcut)
    others = (
        Bottleneck(4 * width, width, stride=1, interaction=interaction, shortcut=nn.Identity()) for _ in range(1, depth)
    )
    return nn.Sequential(first, *others)


def _conv_norm(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm3d(out_channels)
    )


def csn_r101(num_classes: int, *, dropout: float = 0.0) -> CSN:
    """ir-CSN-101 as pytorchvideo trained it; 22.2 M parameters at 400 classes."""
    return CSN(num_classes, depths=(3, 4, 23, 3), dropout=dropout)


def ircsn_r50(num_classes: int, *, dropout: float = 0.5) -> CSN:
    """ir-CSN-50; 13.1 M parameters at 400 classes."""
    return CSN(num_classes, depths=(3, 4, 6, 3), norm_eps=CAFFE2_EPS, dropout=dropout)


def ircsn_r152(num_classes: int, *, dropout: float = 0.5) -> CSN:
    """ir-CSN-152; 29.7 M parameters at 400 classes."""
    return CSN(num_classes, depths=(3, 8, 36, 3), norm_eps=CAFFE2_EPS, dropout=dropout)


def ipcsn_r152(num_classes: int, *, dropout: float = 0.5) -> CSN:
    """ip-CSN-152; 33.0 M parameters at 400 classes."""
    return CSN(num_classes, depths=(3, 8, 36, 3), interaction="preserved", norm_eps=CAFFE2_EPS, dropout=dropout)
