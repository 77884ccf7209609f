"""The attentive probe of V-JEPA (Bardes et al. 2024, arXiv:2404.08471, section 4.1): a learned query that reads tokens.

Cross-attention from one query to all tokens takes the place of their mean, and a linear head follows. V-JEPA 2 (Assran
et al. 2025, arXiv:2506.09985) puts self-attention blocks before it. As a head on a frozen network it extracts far
more than a linear head does, and it reads any features of the zoo: tokens, maps, or maps of several
pathways.
"""

from collections.abc import Sequence
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import Block, Mlp, init_linear
from videoai.models.layers import make_head

Features = Tensor | Sequence[Tensor]


class AttentiveProbe(nn.Module):
    """A head: features of any kind -> logits.

    Args:
        num_features: D, the width of the tokens; for maps of several pathways, the sum of their widths.
        num_classes: 0 = no linear head: the logits are the pooled vector.
        num_heads: must divide ``num_features``; None = 16, or as many as go into both.
        depth: 1 = the cross-attention alone; each more is a self-attention block before it.

    Raises: ValueError: ``num_heads`` does not divide ``num_features``, or ``depth`` is below 1.
    """

    def __init__(self, num_features: int, num_classes: int, *, num_heads: int | None = None, depth: int = 1) -> None:
        super().__init__()
        self.num_features = num_features
        self.pool = AttentivePooler(num_features, num_heads=num_heads or gcd(num_features, 16), depth=depth)
        self.head = make_head(num_features, num_classes)

    def forward(self, features: Features, pre_logits: bool = False) -> Tensor:
        """features: tokens [B, L, D], a map [B, D, T, H, W], or a sequence of maps -> logits [B, K], or the pooled
        [B, D]."""
        pooled = self.pool(to_tokens(features))
        return pooled if pre_logits else self.head(pooled)

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh linear head; the pool keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(self.pool.query_token)


class AttentivePooler(nn.Module):
    """``depth - 1`` self-attention blocks over the tokens, then one query that reads them: [B, L, D] -> [B, D].

    Args:
        norm_eps: epsilon of the layer norms. V-JEPA 2 trained with 1e-5; transformers runs the same weights with 1e-6.
    """

    def __init__(self, width: int, *, num_heads: int, depth: int = 1, norm_eps: float = 1e-5) -> None:
        super().__init__()
        if width % num_heads or depth < 1:
            raise ValueError(
                f"attentive_probe: num_heads={num_heads} must divide the token width {width}, and depth={depth} must "
                "be at least 1."
            )
        self.query_token = nn.Parameter(torch.empty(1, 1, width))
        blocks = [Block(width, num_heads, 4 * width, norm_eps=norm_eps) for _ in range(depth - 1)]
        self.blocks = nn.ModuleList(blocks)
        self.cross = CrossBlock(width, num_heads, norm_eps)
        nn.init.normal_(self.query_token, std=0.02)
        inner = [(block.attention.project, block.mlp.fc2) for block in blocks]
        init_linear(self, into_stream=[*inner, (self.cross.mlp.fc2,)])

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, D]."""
        for block in self.blocks:
            x_BLD = block(x_BLD)
        return self.cross(self.query_token, x_BLD).squeeze(1)


class CrossBlock(nn.Module):
    """One query for all clips reads the tokens of each, then an MLP. V-JEPA's peculiarities: the query is not
    normalised, and no projection follows the attention."""

    def __init__(self, width: int, num_heads: int, norm_eps: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)  # norm of the tokens
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, 4 * width)

    def forward(self, query_11D: Tensor, x_BLD: Tensor) -> Tensor:
        """[1, 1, D], [B, L, D] -> [B, 1, D]."""
        q_1N1F = self.q(query_11D).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        kv_BLNF = self.kv(self.norm1(x_BLD)).unflatten(-1, (2, self.num_heads, -1))
        k_BNLF, v_BNLF = (part.transpose(1, 2) for part in kv_BLNF.unbind(2))
        q_BN1F = q_1N1F.expand(x_BLD.shape[0], -1, -1, -1)
        read_BN1F = F.scaled_dot_product_attention(q_BN1F, k_BNLF, v_BNLF)
        read_B1D = query_11D + read_BN1F.transpose(1, 2).flatten(2)
        return read_B1D + self.mlp(self.norm2(read_B1D))


def to_tokens(features: Features) -> Tensor:
    """Features of any model of the zoo as tokens [B, L, D].

    Maps of several pathways are averaged to their coarsest common grid, then joined along D, slowest first as given.

    Raises: ValueError: a vector that is pooled already, or grids of which one does not divide the other.
    """
    if not isinstance(features, Tensor):
        features = join_maps(features)
    if features.ndim == 3:
        return features
    if features.ndim not in (4, 5):
        raise ValueError(
            f"attentive_probe: features of shape {list(features.shape)}; it reads tokens [B, L, D] or a map "
            "[B, D, (T,) H, W]."
        )
    return features.flatten(2).transpose(1, 2)  # [B, D, T, H, W] -> [B, T*H*W, D]


def join_maps(maps: Sequence[Tensor]) -> Tensor:
    """[B, D1, T1, H1, W1], [B, D2, T2, H2, W2], ... -> [B, D1 + D2 + ..., T, H, W], each axis the smallest of its kind.

    Raises: ValueError: as ``to_tokens``.
    """
    shapes = [tuple(part.shape[2:]) for part in maps]
    grid = tuple(map(min, zip(*shapes, strict=True))) if len({len(shape) for shape in shapes}) == 1 else ()
    if len(grid) != 3 or any(length % least for shape in shapes for length, least in zip(shape, grid, strict=True)):
        raise ValueError(
            f"attentive_probe: maps of {' and '.join(map(str, shapes))} (T, H, W) have no common grid: each length "
            "must be a multiple of the smallest. Choose clip.num_frames and clip.size so that they are."
        )
    return torch.cat([mean_to(part, grid) for part in maps], dim=1)


def mean_to(x_BDTHW: Tensor, grid: Sequence[int]) -> Tensor:
    """Mean over equal boxes, (T, H, W) = ``grid`` of them. Not adaptive pooling: its CUDA backward is not
    deterministic."""
    for dim, length in enumerate(grid, start=2):
        x_BDTHW = x_BDTHW.unflatten(dim, (length, -1)).mean(dim + 1)
    return x_BDTHW
