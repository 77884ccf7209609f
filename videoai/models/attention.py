"""Transformer blocks over space-time tokens: joint (ViViT, arXiv:2103.15691), divided (TimeSformer, arXiv:2102.05095).

Suffixes: B batch, T frames of tokens, S tokens of a frame, L = T*S, N heads, D token width, F head width.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

Attention = Literal["joint", "divided"]


class Block(nn.Module):
    """Pre-norm attention and MLP; divided attention has one attention over time before the one over space."""

    def __init__(self, width: int, num_heads: int, attention: Attention, drop_path: float) -> None:
        super().__init__()
        self.divided = attention == "divided"
        self.norm_time = nn.LayerNorm(width) if self.divided else nn.Identity()
        self.time = SelfAttention(width, num_heads) if self.divided else nn.Identity()
        self.norm_space = nn.LayerNorm(width)  # joint: space and time at once
        self.space = SelfAttention(width, num_heads)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BTSD: Tensor) -> Tensor:
        """[B, T, S, D] -> [B, T, S, D]."""
        x = x_BTSD
        if self.divided:
            x_BSTD = self.norm_time(x).transpose(1, 2)
            x = x + self.drop_path(self.time(x_BSTD).transpose(1, 2))
            x = x + self.drop_path(self.space(self.norm_space(x)))
        else:
            x_BLD = self.norm_space(x).flatten(1, 2)
            x = x + self.drop_path(self.space(x_BLD).unflatten(1, x.shape[1:3]))
        return x + self.drop_path(self.mlp(self.norm_mlp(x)))


class SelfAttention(nn.Module):
    """Multi-head self-attention over the second last dimension; all dimensions before it are batch."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x_LD: Tensor) -> Tensor:
        """[..., L, D] -> [..., L, D]."""
        qkv_LNF = self.qkv(x_LD).unflatten(-1, (3, self.num_heads, -1))
        q_NLF, k_NLF, v_NLF = (part.transpose(-2, -3) for part in qkv_LNF.unbind(-3))
        out_NLF = F.scaled_dot_product_attention(q_NLF, k_NLF, v_NLF)
        return self.project(out_NLF.transpose(-2, -3).flatten(-2))


class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016, arXiv:1603.09382): in training, a clip skips the branch with this chance."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """[B, ...] -> [B, ...]; kept branches are scaled so that the mean stays."""
        if not self.training or self.rate == 0.0:
            return x
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        return x * x.new_empty(shape).bernoulli_(1 - self.rate) / (1 - self.rate)
