"""Small residual 3-D CNNs: R3D and R(2+1)D (Tran et al. 2018, arXiv:1711.11248).

One network; the convolution builder picks the paper. Differs from the paper: narrow, one block per stage, 3x3x3 stem,
so that it trains on a CPU in minutes. Every operation has a deterministic CUDA backward: strides instead of MaxPool3d,
a plain mean instead of AdaptiveAvgPool3d.

The causal R(2+1)D pads time before the clip alone and does not stride it, so ``step`` answers after each frame. A clip
takes two to three times as many products.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import (
    Difference,
    check_choice,
    init_weights,
    make_head,
    motion_input,
    num_input_channels,
)
from videoai.models.memory import Memory, PastConv, State, mean_so_far, refuse_step

Block = Literal["r3d", "r2plus1d", "causal"]


class ResNet3d(nn.Module):
    """A stem that halves H and W, one residual block per stage (each halves T, H and W), a global mean, a linear head.

    Args:
        block: "causal": R(2+1)D that sees the past alone.
        widths: channels of the stem, then of each stage.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        block: Block = "r3d",
        widths: Sequence[int] = (16, 32, 64),
        dropout: float = 0.0,
        temporal_difference: Difference = "none",
    ) -> None:
        super().__init__()
        check_choice("block", block, get_args(Block))
        self.temporal_difference: Difference = temporal_difference
        in_channels = num_input_channels(temporal_difference)
        self.stem = nn.Sequential(
            _conv3d(in_channels, widths[0], (1, 2, 2), block), nn.BatchNorm3d(widths[0]), nn.ReLU(inplace=True)
        )
        stride = (1, 2, 2) if block == "causal" else (2, 2, 2)
        self.stages = nn.Sequential(
            *(ResidualBlock(widths[i], widths[i + 1], stride, block) for i in range(len(widths) - 1))
        )
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(widths[-1], num_classes)
        self.num_features = widths[-1]
        self.checkpointing = False
        init_weights(self)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor, memory: Memory | None = None) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, T', H', W']. ``memory``: of a step."""
        x = motion_input(video, self.temporal_difference, memory)
        x = self.stem(x) if memory is None else self.stem[1:](self.stem[0](x, memory))
        return run_blocks(self.repeated_blocks(), x, memory, checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T', H', W'] -> logits [B, K], or the pooled [B, D]."""
        # a mean, not AdaptiveAvgPool3d: same numbers, but its CUDA backward is deterministic
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    @property
    def is_causal(self) -> bool:
        """Whether it sees the past alone."""
        return isinstance(self.stem[0], PastSplitConv)

    def step(self, frame: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One frame more of a video that is still going on; ``memory.py`` says the contract.

        Raises: ValueError: a network that sees frames to come.
        """
        refuse_step(self)
        memory = Memory(frame, state)
        features = self.forward_features(frame[:, :, None], memory)
        pooled = mean_so_far(features.mean((3, 4)), memory)[:, :, -1]
        return self.head(self.dropout(pooled)), memory.state()

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a stage, which is one block."""
        return {"stem": r"^stem", "blocks": r"^stages\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The stages, which are one residual block each."""
        return list(self.stages)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the stages' activations in the backward pass."""
        self.checkpointing = enable


class ResidualBlock(nn.Module):
    """conv-norm-relu-conv-norm beside a strided 1x1x1 shortcut (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, in_channels: int, out_channels: int, stride: tuple[int, int, int], block: Block) -> None:
        super().__init__()
        self.conv1 = _conv3d(in_channels, out_channels, stride, block)
        self.norm1 = nn.BatchNorm3d(out_channels)
        self.conv2 = _conv3d(out_channels, out_channels, (1, 1, 1), block)
        self.norm2 = nn.BatchNorm3d(out_channels)
        self.shortcut = nn.Sequential(
            nn.Conv3d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False), nn.BatchNorm3d(out_channels)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        residual = self.relu(self.norm1(_run(self.conv1, x, memory)))
        residual = self.norm2(_run(self.conv2, residual, memory))
        return self.relu(residual + self.shortcut(x))


class PastSplitConv(nn.Module):
    """1x3x3, norm and ReLU, then three frames: this one and two before."""

    def __init__(self, in_channels: int, middle: int, out_channels: int, stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.space = nn.Conv3d(in_channels, middle, (1, 3, 3), stride=stride, padding=(0, 1, 1), bias=False)
        self.norm = nn.BatchNorm3d(middle)
        self.relu = nn.ReLU(inplace=True)
        self.past = PastConv(middle, out_channels, 3)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H', W']."""
        return self.past(self.relu(self.norm(self.space(x))), memory)


def _run(module: nn.Module, x: Tensor, memory: Memory | None) -> Tensor:
    return module(x, memory) if isinstance(module, PastSplitConv) else module(x)


def _conv3d(in_channels: int, out_channels: int, stride: tuple[int, int, int], block: Block) -> nn.Module:
    """3x3x3, or 1x3x3 then 3x1x1 with as many middle channels as give the same parameter count (section 3.5)."""
    if block == "r3d":
        return nn.Conv3d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False)
    middle = (27 * in_channels * out_channels) // (9 * in_channels + 3 * out_channels)
    if block == "causal":
        return PastSplitConv(in_channels, middle, out_channels, stride)
    stride_space, stride_time = (1, *stride[1:]), (stride[0], 1, 1)
    return nn.Sequential(
        nn.Conv3d(in_channels, middle, (1, 3, 3), stride=stride_space, padding=(0, 1, 1), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        nn.Conv3d(middle, out_channels, (3, 1, 1), stride=stride_time, padding=(1, 0, 0), bias=False),
    )


def tiny_r3d(
    num_classes: int, *, width: int = 16, dropout: float = 0.0, temporal_difference: Difference = "none"
) -> ResNet3d:
    """R3D for 16 frames at 32 px: two stages, 0.2 M parameters at width 16."""
    return _tiny(num_classes, "r3d", width, dropout, temporal_difference)


def tiny_r2plus1d(
    num_classes: int, *, width: int = 16, dropout: float = 0.0, temporal_difference: Difference = "none"
) -> ResNet3d:
    """R(2+1)D with the parameter count of ``tiny_r3d``."""
    return _tiny(num_classes, "r2plus1d", width, dropout, temporal_difference)


def small_r3d(
    num_classes: int, *, width: int = 24, dropout: float = 0.2, temporal_difference: Difference = "none"
) -> ResNet3d:
    """R3D for 16-32 frames at 64-112 px: three stages, 2 M parameters at width 24."""
    return _small(num_classes, "r3d", width, dropout, temporal_difference)


def small_r2plus1d(
    num_classes: int, *, width: int = 24, dropout: float = 0.2, temporal_difference: Difference = "none"
) -> ResNet3d:
    """R(2+1)D with the parameter count of ``small_r3d``."""
    return _small(num_classes, "r2plus1d", width, dropout, temporal_difference)


def tiny_causal_r2plus1d(
    num_classes: int, *, width: int = 16, dropout: float = 0.0, temporal_difference: Difference = "none"
) -> ResNet3d:
    """``tiny_r2plus1d`` that sees the past alone: answers frame by frame."""
    return _tiny(num_classes, "causal", width, dropout, temporal_difference)


def small_causal_r2plus1d(
    num_classes: int, *, width: int = 24, dropout: float = 0.2, temporal_difference: Difference = "none"
) -> ResNet3d:
    """``small_r2plus1d`` that sees the past alone: answers frame by frame."""
    return _small(num_classes, "causal", width, dropout, temporal_difference)


def _tiny(num_classes: int, block: Block, width: int, dropout: float, difference: Difference) -> ResNet3d:
    widths = (width, 2 * width, 4 * width)
    return ResNet3d(num_classes, block=block, widths=widths, dropout=dropout, temporal_difference=difference)


def _small(num_classes: int, block: Block, width: int, dropout: float, difference: Difference) -> ResNet3d:
    widths = (width, 2 * width, 4 * width, 8 * width)
    return ResNet3d(num_classes, block=block, widths=widths, dropout=dropout, temporal_difference=difference)
