"""MoViNet (Kondratyuk et al. 2021, arXiv:2103.11511): small video networks that a search found, and their streams.

The base networks convolve space and time at once and read whole clips. The streams convolve space, then the past alone,
and average over all frames so far, so ``step`` answers after each frame at the cost of one. Time is never strided.
Streams of A0 to A2 have no positional encodings; the authors use them in A3 to A5, which are here as base networks.

Differs from the authors' code: no stochastic depth. Initial weights are those of the zoo.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import init_weights, make_head
from videoai.models.memory import Memory, State, mean_so_far, refuse_step
from videoai.models.movinet_blocks import Bottleneck, Conv, ConvNorm, Layer
from videoai.models.movinet_plans import PLANS, Size, Stage

NUM_FEATURES = 2048


class MoViNet(nn.Module):
    """A stem, five stages and a convolution; the head has a layer of its own.

    Args:
        causal: the stream.
    """

    num_features = NUM_FEATURES

    def __init__(self, num_classes: int, *, size: Size, causal: bool, dropout: float = 0.2) -> None:
        super().__init__()
        plan, activation = PLANS[size], nn.Hardswish if causal else nn.SiLU
        self.is_causal = causal
        self.stem = ConvNorm(Conv(3, plan.stem, pixels=3, stride=2), activation)
        widths = [plan.stem, *(stage.width for stage in plan.stages)]
        stages = zip(widths, plan.stages, strict=False)
        self.stages = nn.Sequential(*(_stage(width, stage, causal) for width, stage in stages))
        self.last = ConvNorm(Conv(widths[-1], plan.last), activation)
        self.feature_width = plan.last
        self.hidden = nn.Linear(plan.last, NUM_FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(NUM_FEATURES, num_classes)
        self.checkpointing = False
        init_weights(self)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor, memory: Memory | None = None) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, T, H/32, W/32]. ``memory``: frames that go on from others."""
        x = run_blocks(self.repeated_blocks(), self.stem(video), memory, checkpointing=self.checkpointing)
        return self.last(x)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T, H', W'] -> logits [B, K], or the pooled and widened [B, 2048]."""
        return self._answer(features.mean((2, 3, 4)), pre_logits)

    def step(self, frame: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One frame more of a video that is still going on; ``models/memory.py`` says the contract.

        Raises: ValueError: a base network.
        """
        refuse_step(self)
        memory = Memory(frame, state)
        features = self.forward_features(frame[:, :, None], memory)
        pooled = mean_so_far(features.mean((3, 4)), memory)
        return self._answer(pooled[:, :, -1]), memory.state()

    def _answer(self, pooled_BD: Tensor, pre_logits: bool = False) -> Tensor:
        hidden = F.silu(self.hidden(pooled_BD))
        return hidden if pre_logits else self.head(self.dropout(hidden))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(NUM_FEATURES, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a stage when ``coarse``), then what lies between them and the
        head."""
        blocks = r"^stages\.(\d+)" if coarse else r"^stages\.(\d+)\.(\d+)"
        return {"stem": r"^stem", "blocks": [(blocks, None), (r"^(?:last|hidden)", (99999,))]}

    def repeated_blocks(self) -> list[nn.Module]:
        """The residual blocks."""
        return [block for stage in self.stages.children() for block in stage.children()]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


def _stage(in_channels: int, stage: Stage, causal: bool) -> nn.Sequential:
    """Blocks of one width; the first changes it."""
    blocks: list[nn.Module] = []
    for number, text in enumerate(stage.blocks.split()):
        expanded, _, kernel = text.partition("/")
        frames, pixels = map(int, kernel.split("x"))
        layer = Layer(int(expanded), frames, pixels, 1 if number else stage.stride)
        blocks.append(Bottleneck(stage.width if number else in_channels, stage.width, layer, causal=causal))
    return nn.Sequential(*blocks)


def movinet_a0(num_classes: int, *, dropout: float = 0.2) -> MoViNet:
    """MoViNet-A0, for 50 frames at 172 px."""
    return MoViNet(num_classes, size="a0", causal=False, dropout=dropout)


def movinet_a1(num_classes: int, *, dropout: float = 0.2) -> MoViNet:
    """MoViNet-A1, for 50 frames at 172 px."""
    return MoViNet(num_classes, size="a1", causal=False, dropout=dropout)


def movinet_a2(num_classes: int, *, dropout: float = 0.5) -> MoViNet:
    """MoViNet-A2, for 50 frames at 224 px."""
    return MoViNet(num_classes, size="a2", causal=False, dropout=dropout)


def movinet_a3(num_classes: int, *, dropout: float = 0.5) -> MoViNet:
    """MoViNet-A3, for 120 frames at 256 px."""
    return MoViNet(num_classes, size="a3", causal=False, dropout=dropout)


def movinet_a4(num_classes: int, *, dropout: float = 0.5) -> MoViNet:
    """MoViNet-A4, for 80 frames at 290 px."""
    return MoViNet(num_classes, size="a4", causal=False, dropout=dropout)


def movinet_a5(num_classes: int, *, dropout: float = 0.5) -> MoViNet:
    """MoViNet-A5, for 120 frames at 320 px."""
    return MoViNet(num_classes, size="a5", causal=False, dropout=dropout)


def movinet_a0_stream(num_classes: int, *, dropout: float = 0.2) -> MoViNet:
    """The stream of MoViNet-A0: its stages, convolutions over the past, averages so far."""
    return MoViNet(num_classes, size="a0", causal=True, dropout=dropout)


def movinet_a1_stream(num_classes: int, *, dropout: float = 0.2) -> MoViNet:
    """The stream of MoViNet-A1."""
    return MoViNet(num_classes, size="a1", causal=True, dropout=dropout)


def movinet_a2_stream(num_classes: int, *, dropout: float = 0.5) -> MoViNet:
    """The stream of MoViNet-A2."""
    return MoViNet(num_classes, size="a2", causal=True, dropout=dropout)
