"""Heads over time: features of steps -> logits of each step.

All take [B, D, T] and give [B, S, K, T]: S guesses, each made of the one before; the last one is the answer and a loss
counts all.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.models.layers import check_choice

Head = Literal["ms_tcn", "local_attention", "linear"]


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


class LocalBlock(nn.Module):
    """Attention among the steps of a neighbourhood, and an MLP, both pre-normalised with a residual connection."""

    def __init__(self, width: int, *, num_heads: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.num_heads, self.reach = num_heads, reach
        self.norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.local = nn.Conv1d(width, width, 3, padding=1, groups=width)  # places order, as ActionFormer's does
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[B, T, W], bool [T, T] -> [B, T, W]."""
        return self._mixed(tokens + self.dropout(self._attended(self.norm(tokens), mask)))

    def _attended(self, tokens: Tensor, mask: Tensor) -> Tensor:
        ordered = self.local(tokens.mT).mT
        q, k, v = self.qkv(ordered).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)  # [B, N, T, W / N]
        return self.out(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))

    def _mixed(self, tokens: Tensor) -> Tensor:
        return tokens + self.dropout(self.mlp(self.mlp_norm(tokens)))


class LocalAttention(nn.Module):
    """Local attention on a pyramid over time, after ActionFormer (Zhang et al. 2022, arXiv:2202.07925).

    Each level halves the number of steps and doubles what a neighbourhood spans; the levels come together again at the
    finest. Differs: a class for each step instead of distances to an action's ends, so that all heads share one loss,
    and events are read from any of them alike.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        width: int = 64,
        num_layers: int = 2,
        num_levels: int = 3,
        num_heads: int = 4,
        reach: int = 9,
        dropout: float = 0.1,
    ) -> None:
        """reach: steps on each side that a step attends to. num_layers: blocks a level."""
        super().__init__()
        self.reach = reach
        self.enter = nn.Sequential(nn.Conv1d(num_features, width, 3, padding=1), nn.ReLU())
        how = {"num_heads": num_heads, "reach": reach, "dropout": dropout}
        self.levels = nn.ModuleList(
            nn.ModuleList(LocalBlock(width, **how) for _ in range(num_layers)) for _ in range(num_levels)
        )
        self.down = nn.ModuleList(nn.Conv1d(width, width, 3, stride=2, padding=1) for _ in range(num_levels - 1))
        self.norm = nn.LayerNorm(width)
        self.classify = nn.Conv1d(width, num_classes, 3, padding=1)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, 1, K, T]."""
        found, now = [], self.enter(steps)
        for number, blocks in enumerate(self.levels):
            now = self.down[number - 1](now) if number else now
            tokens, mask = now.mT, self._near(now.shape[-1], now.device)
            for block in blocks.children():
                tokens = block(tokens, mask)
            now = tokens.mT
            found.append(F.interpolate(now, size=steps.shape[-1], mode="linear", align_corners=False))
        together = self.norm(torch.stack(found).mean(0).mT).mT
        return self.classify(together)[:, None]

    def _near(self, num_steps: int, device: torch.device) -> Tensor:
        """bool [T, T], which steps see each other."""
        places = torch.arange(num_steps, device=device)
        return (places[:, None] - places[None]).abs() <= self.reach


HEADS = {"ms_tcn": MsTcn, "local_attention": LocalAttention, "linear": LinearSteps}


def temporal_head(name: str, num_features: int, num_classes: int, **options: float) -> nn.Module:
    """A head by name. Raises: ValueError: no such head."""
    check_choice("head", name, get_args(Head), group="task")
    return HEADS[name](num_features, num_classes, **options)
