"""Heads over time: features of steps -> logits of each step.

All take [B, D, T] and give [B, S, K, T]: S guesses, each made of the one before; the last one is the answer and a loss
counts all. ``actionformer`` has more places than steps, and gives distances beside classes: temporal_pyramid.py.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.models.layers import check_choice
from videoai.models.temporal_pyramid import ActionFormer, LocalAttention

Head = Literal["ms_tcn", "local_attention", "actionformer", "linear"]


class LinearSteps(nn.Module):
    """Each step by itself."""

    def __init__(self, num_features: int, num_classes: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout1d(dropout)
        self.classify = nn.Conv1d(num_features, num_classes, 1)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, 1, K, T]."""
        return self.classify(self.dropout(steps))[:, None]


class DilatedBlock(nn.Module):
    """A dilated convolution with a residual connection (arXiv:1903.01945)."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilated = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, W, T] -> [B, W, T]."""
        return steps + self.dropout(self.mix(F.relu(self.dilated(steps))))


class Stage(nn.Module):
    """Dilations 1, 2, 4, ...: layer i sees 2 ** (i + 1) steps more than the one before it."""

    def __init__(self, num_inputs: int, num_classes: int, *, width: int, num_layers: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Conv1d(num_inputs, width, 1)
        self.blocks = nn.Sequential(*(DilatedBlock(width, 2**layer, dropout) for layer in range(num_layers)))
        self.classify = nn.Conv1d(width, num_classes, 1)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, K, T]."""
        return self.classify(self.blocks(self.enter(steps)))


class MsTcn(nn.Module):
    """MS-TCN (Farha and Gall 2019, arXiv:1903.01945): stages of dilated convolutions, each of which refines the
    probabilities of the one before. Differs: sigmoids, since actions may overlap."""

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        width: int = 64,
        num_layers: int = 6,
        num_stages: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        how = {"width": width, "num_layers": num_layers, "dropout": dropout}
        self.first = Stage(num_features, num_classes, **how)
        self.others = nn.ModuleList(Stage(num_classes, num_classes, **how) for _ in range(num_stages - 1))

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, S, K, T]."""
        guesses = [self.first(steps)]
        for stage in self.others:
            guesses.append(stage(guesses[-1].sigmoid()))
        return torch.stack(guesses, 1)


HEADS = {
    "ms_tcn": MsTcn,
    "local_attention": LocalAttention,
    "actionformer": ActionFormer,
    "linear": LinearSteps,
}


def temporal_head(name: str, num_features: int, num_classes: int, **options: float) -> nn.Module:
    """A head by name. Raises: ValueError: no such head."""
    check_choice("head", name, get_args(Head), group="task")
    return HEADS[name](num_features, num_classes, **options)
