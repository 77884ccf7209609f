"""Heads on a pyramid over time: local attention at several rates of steps; classes at the finest, or classes and the
ends of actions at each."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NUM_LEVELS = 4  # ActionFormer's head here has steps that stand for 1, 2, 4 and 8


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


class Pyramid(nn.Module):
    """Blocks of local attention at each level; each level halves the number of steps and doubles what a neighbourhood
    spans (ActionFormer, arXiv:2202.07925)."""

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 64,
        num_layers: int = 2,
        num_levels: int,
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

    def maps(self, steps: Tensor) -> list[Tensor]:
        """[B, D, T] -> [B, W, T], [B, W, T / 2], ..., each rounded up."""
        found, now = [], self.enter(steps)
        for number, blocks in enumerate(self.levels):
            now = self.down[number - 1](now) if number else now
            tokens, mask = now.mT, self._near(now.shape[-1], now.device)
            for block in blocks.children():
                tokens = block(tokens, mask)
            now = tokens.mT
            found.append(now)
        return found

    def _near(self, num_steps: int, device: torch.device) -> Tensor:
        """bool [T, T], which steps see each other."""
        places = torch.arange(num_steps, device=device)
        return (places[:, None] - places[None]).abs() <= self.reach


class LocalAttention(Pyramid):
    """The levels come together at the finest, where each step has its classes: ActionFormer's network without its
    regression, so that events are read as from the other heads."""

    def __init__(
        self, num_features: int, num_classes: int, *, width: int = 64, num_levels: int = 3, **options: float
    ) -> None:
        super().__init__(num_features, width=width, num_levels=num_levels, **options)  # pyright: ignore[reportArgumentType]
        self.norm = nn.LayerNorm(width)
        self.classify = nn.Conv1d(width, num_classes, 3, padding=1)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, 1, K, T]."""
        size = steps.shape[-1]
        found = [F.interpolate(one, size=size, mode="linear", align_corners=False) for one in self.maps(steps)]
        return self.classify(self.norm(torch.stack(found).mean(0).mT).mT)[:, None]


class ActionFormer(Pyramid):
    """Classes and the distances to an action's begin and end at each step of each level (Zhang et al. 2022,
    arXiv:2202.07925). The two branches are shared by all levels.

    Differs: fewer levels, no embedding of positions.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        width: int = 64,
        num_levels: int = NUM_LEVELS,
        prior: float = 0.01,
        **options: float,
    ) -> None:
        """prior: the probability of each class at the start (focal loss, arXiv:1708.02002)."""
        super().__init__(num_features, width=width, num_levels=num_levels, **options)  # pyright: ignore[reportArgumentType]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_levels))
        self.classify, self.regress = Branch(width, num_classes), Branch(width, 2)
        nn.init.constant_(self.classify.last.bias, torch.tensor(prior).logit().item())  # pyright: ignore[reportArgumentType]
        self.scales = nn.Parameter(torch.ones(num_levels))

    def forward(self, steps: Tensor) -> Tensor:
        """[B, D, T] -> [B, 1, K + 2, P]: logits of the classes and the distances to begin and end in steps, 0 or more,
        at the points of ``points_of``."""
        parts = []
        for level, (found, norm) in enumerate(zip(self.maps(steps), self.norms, strict=True)):
            found = norm(found.mT).mT
            away = F.relu(self.regress(found) * self.scales[level]) * 2**level
            parts.append(torch.cat([self.classify(found), away], 1))
        return torch.cat(parts, -1)[:, None]


class Branch(nn.Module):
    """Two convolutions, normalised, and a third that answers."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.last = nn.Conv1d(width, num_outputs, 3, padding=1)

    def forward(self, steps: Tensor) -> Tensor:
        """[B, W, T] -> [B, N, T]."""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            steps = F.relu(norm(convolution(steps).mT).mT)
        return self.last(steps)


class Points(NamedTuple):
    """The places of a pyramid, level by level."""

    step: Tensor  # int64 [P], the step of the finest level that a point lies on
    stride: Tensor  # int64 [P], steps between the points of its level: 1, 2, 4, ...


def points_of(num_steps: int, num_levels: int = NUM_LEVELS) -> Points:
    """Those over so many steps."""
    rows = [torch.arange(0, num_steps, 2**level) for level in range(num_levels)]
    strides = [torch.full_like(row, 2**level) for level, row in enumerate(rows)]
    return Points(torch.cat(rows), torch.cat(strides))
