"""Parts shared by transformers over space-time tokens: attention, MLP, blocks, stochastic depth, initial weights.

A block is joint, every token sees every token (ViViT, arXiv:2103.15691), or divided, over time and then over the space
of each frame (TimeSformer, arXiv:2102.05095).

Suffixes: B batch, T frames of tokens, S tokens of a frame, L tokens of a clip, N heads, D token width, F head width.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# torch's name for the approximation; "none" = exact, by the error function; "quick" = x sigmoid(1.702 x), as CLIP
Gelu = Literal["none", "tanh", "quick"]


class Block(nn.Module):
    """Pre-norm attention and MLP.

    Args:
        hidden: width inside the MLP.
        key_bias: of ``SelfAttention``.
        drop_path: chance of skipping a branch.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        hidden: int,
        *,
        key_bias: bool = True,
        gelu: Gelu = "none",
        norm_eps: float = 1e-6,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attention = SelfAttention(width, num_heads, key_bias=key_bias)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, hidden, gelu)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]."""
        x_BLD = x_BLD + self.drop_path(self.attention(self.norm1(x_BLD)))
        return x_BLD + self.drop_path(self.mlp(self.norm2(x_BLD)))


class DividedBlock(nn.Module):
    """TimeSformer's block: attention over time, then over space, then the MLP. The first token is a class token: it
    takes part in the attention over space of every frame, and keeps the mean of what it found there."""

    def __init__(self, width: int, num_heads: int, hidden: int, *, num_frames: int, drop_path: float = 0.0) -> None:
        super().__init__()
        self.num_frames = num_frames  # number of frames among the tokens
        self.norm_time = nn.LayerNorm(width, eps=1e-6)
        self.attention_time = SelfAttention(width, num_heads)
        self.project_time = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = SelfAttention(width, num_heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, hidden)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """[B, 1+T*S, D] -> [B, 1+T*S, D]."""
        token_B1D, x_BTSD = x_BLD[:, :1], x_BLD[:, 1:].unflatten(1, (self.num_frames, -1))
        x_BTSD = x_BTSD + self.over_time(x_BTSD)
        token_BT1D = token_B1D[:, None].expand(-1, self.num_frames, -1, -1)
        space_BTSD = torch.cat([token_BT1D, x_BTSD], dim=2)
        space_BTSD = self.drop_path(self.attention(self.norm1(space_BTSD)))
        token_B1D = token_B1D + space_BTSD[:, :, :1].mean(1)
        x_BTSD = x_BTSD + space_BTSD[:, :, 1:]
        x_BLD = torch.cat([token_B1D, x_BTSD.flatten(1, 2)], dim=1)
        return x_BLD + self.drop_path(self.mlp(self.norm2(x_BLD)))

    def over_time(self, x_BTSD: Tensor) -> Tensor:
        """Each place attends to itself in the other frames: [B, T, S, D] -> [B, T, S, D]."""
        x_BSTD = self.norm_time(x_BTSD).transpose(1, 2)
        return self.project_time(self.drop_path(self.attention_time(x_BSTD))).transpose(1, 2)


class SelfAttention(nn.Module):
    """Multi-head self-attention over the second last dimension; all dimensions before it are batch.

    Args:
        key_bias: False = queries and values have a bias, keys have none, as BEiT (arXiv:2106.08254): softmax would
            cancel it. A zero in its place would be a parameter that training moves.
    """

    causal: ClassVar[bool] = False

    def __init__(self, width: int, num_heads: int, *, key_bias: bool = True) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=key_bias)
        self.q_bias = None if key_bias else nn.Parameter(torch.zeros(width))
        self.v_bias = None if key_bias else nn.Parameter(torch.zeros(width))
        self.project = nn.Linear(width, width)

    def forward(self, x_LD: Tensor) -> Tensor:
        """[..., L, D] -> [..., L, D]."""
        x_BLD = x_LD.reshape(-1, *x_LD.shape[-2:])  # fused kernels take four dimensions, no more
        qkv_BLNF = F.linear(x_BLD, self.qkv.weight, self._bias()).unflatten(-1, (3, self.num_heads, -1))
        q_BNLF, k_BNLF, v_BNLF = (part.transpose(1, 2) for part in qkv_BLNF.unbind(2))
        out_BNLF = F.scaled_dot_product_attention(q_BNLF, k_BNLF, v_BNLF, is_causal=self.causal)
        return self.project(out_BNLF.transpose(1, 2).flatten(2)).view(x_LD.shape)

    def _bias(self) -> Tensor | None:
        if self.q_bias is None or self.v_bias is None:
            return self.qkv.bias
        return torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])


class CausalSelfAttention(SelfAttention):
    """No token sees one that comes after it, as in text."""

    causal = True


class Mlp(nn.Module):
    """The two linear maps of a transformer block, GELU between them."""

    def __init__(self, width: int, hidden: int, gelu: Gelu = "none") -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.gelu: Gelu = gelu
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        hidden = self.fc1(x)
        if self.gelu == "quick":
            return self.fc2(hidden * torch.sigmoid(1.702 * hidden))
        return self.fc2(F.gelu(hidden, approximate=self.gelu))


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


def drop_path_rates(last: float, depth: int) -> list[float]:
    """The chances of skipping a branch, rising linearly from 0 in the first block to ``last``."""
    return [last * i / max(depth - 1, 1) for i in range(depth)]


def init_linear(model: nn.Module, *, into_stream: Iterable[Sequence[nn.Linear]]) -> None:
    """Linear layers: N(0, 0.02) and bias 0. Those of block n that write into the residual stream are divided by
    sqrt(2n), so that the stream does not grow with depth (BEiT, arXiv:2106.08254, section 2.5)."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        for n, layers in enumerate(into_stream, start=1):
            for linear in layers:
                linear.weight /= (2 * n) ** 0.5
