"""V-JEPA 2 (Assran et al. 2025, arXiv:2506.09985): ViT-L/H/g with rotary positions, self-supervised on a million hours.

An encoder over 2x16x16 tubelets, joint space-time attention, and positions only as rotations of queries and keys along
time, rows and columns (3-D RoPE), so that any clip length and size works without a table. Two heads: a linear one on
the mean of the tokens, which is ours, and the published attentive probe (attentive_probe.py), a classifier for a frozen
encoder. The predictor, which pre-training needs and recognition does not, is left out.

Suffixes: B batch, L tokens in the order (T, H, W), N heads, D token width, F head width.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import DropPath, Mlp, drop_path_rates, init_linear
from videoai.models.attentive_probe import AttentivePooler
from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_patches
from videoai.models.layers import make_head
from videoai.models.video_vit import HUGE, LARGE, Width

TUBELET = (2, 16, 16)  # T, H, W
NORM_EPS = 1e-6
PROBE_DEPTH = 4  # three self-attention blocks and the cross-attention: paper section 13.1
PROBE_HEADS = 16  # heads of every published probe, also over the 22 heads of ViT-g
ROPE_BASE = 10_000.0
GIANT = Width(1408, 40, 22, 6144)  # more heads than others give that width


class VJepa2(nn.Module):
    """Tubelets -> blocks -> norm -> pool -> head.

    Args:
        width: size of the network, one of those in ``video_vit``.
        pool: tokens [B, L, D] -> [B, D].
        levels: the blocks, counted from 0, whose normed tokens the pool reads, one after another; None = the last one.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        width: Width,
        pool: nn.Module,
        levels: Sequence[int] | None = None,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.num_features = dim = width.width
        self.head_width = dim // width.num_heads
        self.levels = check_levels(levels, width.depth)
        self.patch_embed = nn.Conv3d(3, dim, kernel_size=TUBELET, stride=TUBELET)
        rates = drop_path_rates(drop_path, width.depth)
        blocks = [RotaryBlock(dim, width.num_heads, width.hidden, rate) for rate in rates]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        nn.init.normal_(self.patch_embed.weight, std=0.02)
        init_linear(self, into_stream=[(block.attention.project, block.mlp.fc2) for block in blocks])
        self.pool = pool
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(dim, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, L, D], one level after another.

        Raises: ValueError: a clip that the tubelets do not divide.
        """
        grid = token_grid(video)
        rotation = rotary_tables(grid, self.head_width, video.device)
        x_BLD = self.patch_embed(video).flatten(2).transpose(1, 2)  # [B, D, T', H', W'] -> [B, L, D]
        read, begin = [], 0
        for level in self.levels:
            blocks = self.blocks[begin : level + 1]
            x_BLD, begin = run_blocks(blocks, x_BLD, *rotation, checkpointing=self.checkpointing), level + 1
            read.append(self.norm(x_BLD))
        return torch.cat(read, dim=1)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, L, D] -> logits [B, K], or the pooled [B, D]."""
        pooled = self.pool(features)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else, the pool too, keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block; the pool goes with the head. ``coarse`` is the same."""
        return {"stem": r"^patch_embed", "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))]}

    def no_weight_decay(self) -> set[str]:
        """The probe's query."""
        return {"pool.query_token"} if isinstance(self.pool, AttentivePooler) else set()

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks, and the probe's."""
        return [*self.blocks, *(self.pool.blocks if isinstance(self.pool, AttentivePooler) else ())]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


class TokenMean(nn.Module):
    """[B, L, D] -> [B, D]."""

    def forward(self, x_BLD: Tensor) -> Tensor:
        """The mean of the tokens."""
        return x_BLD.mean(1)


class RotaryBlock(nn.Module):
    """Pre-norm rotary attention and MLP."""

    def __init__(self, width: int, num_heads: int, hidden: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attention = RotaryAttention(width, num_heads)
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = Mlp(width, hidden)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BLD: Tensor, cos_LF: Tensor, sin_LF: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]."""
        x_BLD = x_BLD + self.drop_path(self.attention(self.norm1(x_BLD), cos_LF, sin_LF))
        return x_BLD + self.drop_path(self.mlp(self.norm2(x_BLD)))


class RotaryAttention(nn.Module):
    """Multi-head self-attention whose queries and keys are turned by their place in time and space."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x_BLD: Tensor, cos_LF: Tensor, sin_LF: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]."""
        qkv_BLNF = self.qkv(x_BLD).unflatten(-1, (3, self.num_heads, -1))
        q_BNLF, k_BNLF, v_BNLF = (part.transpose(1, 2) for part in qkv_BLNF.unbind(2))
        q_BNLF, k_BNLF = (rotate(part, cos_LF, sin_LF) for part in (q_BNLF, k_BNLF))
        out_BNLF = F.scaled_dot_product_attention(q_BNLF, k_BNLF, v_BNLF)
        return self.project(out_BNLF.transpose(1, 2).flatten(2))


def token_grid(video: Tensor) -> tuple[int, int, int]:
    """(T, H, W) in tubelets. Raises: ValueError: the tubelets do not divide the clip."""
    frames, rows, columns = video.shape[2:]
    check_patches("vjepa2", (frames, rows, columns), TUBELET, group="clip")
    return frames // TUBELET[0], rows // TUBELET[1], columns // TUBELET[2]


def rotary_tables(grid: tuple[int, int, int], head_width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """cos and sin [L, F] of the angles of each token: a third of the head for time, one for rows, one for columns, and
    what is left over (2 to 4 numbers) is not turned. Always float32: bfloat16 cannot tell 257 from 258.

    The frequencies are tiled (f0 f1 f2 f0 f1 f2) although neighbouring pairs are rotated, where RoPE (arXiv:2104.09864)
    repeats each (f0 f0 f1 f1 f2 f2): a slip of the authors, with which the published weights were trained. The two of a
    pair turn by different angles, so scores depend on places and not only on their differences.
    """
    num_frequencies = head_width // 3 // 2
    powers = torch.arange(num_frequencies, device=device) / num_frequencies
    frequencies = 1.0 / ROPE_BASE**powers
    places = torch.meshgrid(*(torch.arange(length, device=device) for length in grid), indexing="ij")
    angles = [(place.flatten()[:, None] * frequencies).tile(1, 2) for place in places]
    rest = angles[0].new_zeros(angles[0].shape[0], head_width - 6 * num_frequencies)
    angles_LF = torch.cat([*angles, rest], dim=1)
    return angles_LF.cos(), angles_LF.sin()


def rotate(x_BNLF: Tensor, cos_LF: Tensor, sin_LF: Tensor) -> Tensor:
    """Turn neighbouring pairs: (a, b) -> (a cos - b sin, b cos + a sin)."""
    a, b = x_BNLF.unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack((-b, a), dim=-1).flatten(-2)
    return (x_BNLF * cos_LF + turned * sin_LF).to(x_BNLF.dtype)


def check_levels(levels: Sequence[int] | None, depth: int) -> tuple[int, ...]:
    """Raises: ValueError: not ascending, or no such block; the last must be read, or it would train nothing."""
    if levels is None:
        return (depth - 1,)
    if list(levels) != sorted(set(levels)) or not levels or levels[0] < 0 or levels[-1] != depth - 1:
        raise ValueError(
            f"model.levels={list(levels)}: name blocks from 0 to {depth - 1} in rising order, the last of them "
            f"{depth - 1}."
        )
    return tuple(levels)


def _encoder(num_classes: int, width: Width, dropout: float, drop_path: float) -> VJepa2:
    return VJepa2(num_classes, width=width, pool=TokenMean(), dropout=dropout, drop_path=drop_path)


def _probe(
    num_classes: int, width: Width, levels: Sequence[int] | None, norm_eps: float, dropout: float, drop_path: float
) -> VJepa2:
    pool = AttentivePooler(width.width, num_heads=PROBE_HEADS, depth=PROBE_DEPTH, norm_eps=norm_eps)
    return VJepa2(num_classes, width=width, pool=pool, levels=levels, dropout=dropout, drop_path=drop_path)


def vjepa2_l(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.0) -> VJepa2:
    """ViT-L/16: 304 M parameters."""
    return _encoder(num_classes, LARGE, dropout, drop_path)


def vjepa2_h(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.0) -> VJepa2:
    """ViT-H/16: 631 M parameters."""
    return _encoder(num_classes, HUGE, dropout, drop_path)


def vjepa2_g(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.0) -> VJepa2:
    """ViT-g/16: 1012 M parameters."""
    return _encoder(num_classes, GIANT, dropout, drop_path)


def vjepa2_g384(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.0) -> VJepa2:
    """ViT-g/16: the same network, trained on to 384 px."""
    return _encoder(num_classes, GIANT, dropout, drop_path)


def vjepa2_l_probe(
    num_classes: int,
    *,
    levels: Sequence[int] | None = None,
    probe_norm_eps: float = 1e-5,
    dropout: float = 0.0,
    drop_path: float = 0.0,
) -> VJepa2:
    """ViT-L/16 and the attentive probe: 353 M parameters at 174 classes."""
    return _probe(num_classes, LARGE, levels, probe_norm_eps, dropout, drop_path)


def vjepa2_h_probe(
    num_classes: int,
    *,
    levels: Sequence[int] | None = None,
    probe_norm_eps: float = 1e-5,
    dropout: float = 0.0,
    drop_path: float = 0.0,
) -> VJepa2:
    """ViT-H/16 and the attentive probe: 709 M parameters at 174 classes."""
    return _probe(num_classes, HUGE, levels, probe_norm_eps, dropout, drop_path)


def vjepa2_g_probe(
    num_classes: int,
    *,
    levels: Sequence[int] | None = None,
    probe_norm_eps: float = 1e-5,
    dropout: float = 0.0,
    drop_path: float = 0.0,
) -> VJepa2:
    """ViT-g/16 and the attentive probe: 1105 M parameters at 174 classes."""
    return _probe(num_classes, GIANT, levels, probe_norm_eps, dropout, drop_path)
