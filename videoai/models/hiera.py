"""Hiera (Ryali et al. 2023, arXiv:2306.00989): a hierarchical ViT of plain parts only.

A 16 x 224 px clip becomes 8 x 56 x 56 tokens in mask units of 8 x 8 tokens of one frame. The first two stages attend
within a unit, the last two over the whole clip; between stages the queries are max-pooled 2 x 2, so a unit shrinks from
64 tokens to one. Differs: position tables for space and time are resampled when weights of another clip are loaded, and
the head gives logits (the authors' own applies a softmax in evaluation).

Suffixes: B batch, U mask units, L tokens of a unit, N heads, D token width, F head width.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import DropPath, Mlp, drop_path_rates
from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_clip, check_patches
from videoai.models.layers import make_head
from videoai.models.positions import Positions

STEM_STRIDE = (2, 4, 4)  # T, H, W
UNIT = 8  # tokens, the side of a mask unit: 2 to the number of poolings
MASK_UNIT = (STEM_STRIDE[0], STEM_STRIDE[1] * UNIT, STEM_STRIDE[2] * UNIT)  # T, H, W: frames and pixels
EPS = 1e-6  # epsilon of every LayerNorm


class Hiera(nn.Module):
    """Stem -> four stages of blocks over mask units -> mean -> norm -> head.

    Args:
        width: embedding dimension of the first stage; each stage doubles it, and the heads.
        depths: blocks of each stage.
        num_frames, size: the clip that the position tables are made for; no other fits.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.

    Raises: ValueError: a clip that does not divide into mask units.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        width: int,
        num_heads: int,
        depths: Sequence[int],
        num_frames: int,
        size: int,
        dropout: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.input_size = (num_frames, size, size)
        check_patches("hiera", self.input_size, MASK_UNIT)
        self.grid = (num_frames // STEM_STRIDE[0], size // STEM_STRIDE[1], size // STEM_STRIDE[2])
        self.stem = nn.Conv3d(3, width, kernel_size=(3, 7, 7), stride=STEM_STRIDE, padding=(1, 3, 3))
        self.positions = Positions("separate", (self.grid[0], self.grid[1] * self.grid[2]), width)
        rates = drop_path_rates(drop_path, sum(depths))
        self.blocks = nn.ModuleList()
        for stage, depth in enumerate(depths):
            for i in range(depth):
                pools = stage > 0 and i == 0
                # attention over the clip begins after the pooling of the third stage, one block later than its width
                within_units = stage < 2 or (stage == 2 and pools)
                in_width, out_width = width * 2 ** (stage - pools), width * 2**stage
                rate = rates[len(self.blocks)]
                self.blocks.append(
                    Block(in_width, out_width, num_heads * 2**stage, within_units=within_units, drop_path=rate)
                )
        self.num_features = width * 2 ** (len(depths) - 1)
        self.norm = nn.LayerNorm(self.num_features, eps=EPS)
        self.dropout = nn.Dropout(dropout)
        self.checkpointing = False
        self._init_weights()
        self.head = make_head(self.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, T/2, H/32, W/32].

        Raises: ValueError: another clip than the model was built for.
        """
        check_clip("hiera", video.shape[2:], self.input_size, MASK_UNIT)
        x_BTSD = self.stem(video).flatten(3).permute(0, 2, 3, 1) + self.positions()  # [B, D, T, H, W] -> [B, T, S, D]
        x_BULD = run_blocks(
            self.blocks, into_units(x_BTSD.unflatten(2, self.grid[1:])), checkpointing=self.checkpointing
        )
        frames, rows, columns = self.grid
        # [B, T*U, 1, D] -> [B, D, T, H, W]
        # not len(), which torch.export takes for a constant
        return x_BULD.reshape(video.shape[0], frames, rows // UNIT, columns // UNIT, -1).permute(0, 4, 1, 2, 3)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T', H', W'] -> logits [B, K], or the pooled [B, D]."""
        pooled = self.norm(features.mean((2, 3, 4)))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem with the position tables, then a depth a block."""
        return {"stem": r"^(?:stem|positions)", "blocks": r"^blocks\.(\d+)"}

    def no_weight_decay(self) -> set[str]:
        """The position tables."""
        return {"positions.time", "positions.space"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another clip, its position tables made to fit this one."""
        return self.positions.fit_state_dict(state, "positions.")

    def _init_weights(self) -> None:
        """Normal with std 0.02, cut at two of them, as ViT; biases 0 (the authors: 0.02)."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Conv3d)):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
                nn.init.zeros_(module.bias)  # pyright: ignore[reportArgumentType] (they all have one)


class Block(nn.Module):
    """Pre-norm attention and MLP over units. Where the width changes, queries and shortcut are pooled by four."""

    def __init__(self, in_width: int, out_width: int, num_heads: int, *, within_units: bool, drop_path: float) -> None:
        super().__init__()
        self.pools = in_width != out_width
        self.norm1 = nn.LayerNorm(in_width, eps=EPS)
        self.attn = UnitAttention(in_width, out_width, num_heads, pools=self.pools, within_units=within_units)
        self.shortcut = nn.Linear(in_width, out_width) if self.pools else nn.Identity()
        self.norm2 = nn.LayerNorm(out_width, eps=EPS)
        self.mlp = Mlp(out_width, 4 * out_width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BULD: Tensor) -> Tensor:
        """[B, U, L, D] -> [B, U, L, D], or [B, U, L/4, 2D] where it pools."""
        normed = self.norm1(x_BULD)
        x = pool(self.shortcut(normed)) if self.pools else x_BULD  # the shortcut, too, starts at the norm
        x = x + self.drop_path(self.attn(normed))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class UnitAttention(nn.Module):
    """Multi-head attention within each mask unit, or over all tokens of the clip."""

    def __init__(self, in_width: int, out_width: int, num_heads: int, *, pools: bool, within_units: bool) -> None:
        super().__init__()
        self.num_heads, self.pools, self.within_units = num_heads, pools, within_units
        self.qkv = nn.Linear(in_width, 3 * out_width)
        self.proj = nn.Linear(out_width, out_width)

    def forward(self, x_BULD: Tensor) -> Tensor:
        """[B, U, L, D] -> [B, U, L, D], or [B, U, L/4, 2D]."""
        q, k, v = self.qkv(x_BULD).chunk(3, dim=-1)
        q = pool(q) if self.pools else q
        # fused kernels want four dimensions: [B, U, L, D] -> [B*U, N, L, F], or [B, N, U*L, F]
        merged = (0, 1) if self.within_units else (1, 2)
        q_NLF, k_NLF, v_NLF = (
            part.flatten(*merged).unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in (q, k, v)
        )
        out_NLF = F.scaled_dot_product_attention(q_NLF, k_NLF, v_NLF)
        return self.proj(out_NLF.transpose(1, 2).reshape(q.shape))


def into_units(x_BTHWD: Tensor) -> Tensor:
    """[B, T, H, W, D] -> [B, U, 64, D]: 8 x 8 tokens of one frame, in the order in which ``pool`` takes them.

    A row is (unit, its bits 2, 1, 0), a column likewise; the lowest bits come first, so that of four neighbours, which
    differ in them only, one lies in each quarter of the unit.
    """
    x = x_BTHWD.unflatten(3, (-1, 2, 2, 2)).unflatten(2, (-1, 2, 2, 2))
    #  B, T, row's unit and bits (2-5), column's unit and bits (6-9), D
    return x.permute(0, 1, 2, 6, 5, 9, 4, 8, 3, 7, 10).reshape(x.shape[0], -1, UNIT * UNIT, x.shape[-1])


def pool(x_BULD: Tensor) -> Tensor:
    """The maximum over 2 x 2 neighbours: [B, U, L, D] -> [B, U, L/4, D]. amax: its backward is deterministic."""
    return x_BULD.unflatten(2, (4, -1)).amax(2)


def hiera(
    width: int,
    num_heads: int,
    depths: tuple[int, ...],
    num_classes: int,
    *,
    num_frames: int = 16,
    size: int = 224,
    dropout: float = 0.0,
    drop_path: float = 0.1,
) -> Hiera:
    """Any Hiera; the names of the zoo fix its widths and depths."""
    return Hiera(
        num_classes,
        width=width,
        num_heads=num_heads,
        depths=depths,
        num_frames=num_frames,
        size=size,
        dropout=dropout,
        drop_path=drop_path,
    )


# The names of the zoo, with their parameters at 400 classes.
hiera_b = partial(hiera, 96, 1, (2, 3, 16, 3))  # 51.1 M
hiera_bp = partial(hiera, 112, 2, (2, 3, 16, 3))  # 69.4 M
hiera_l = partial(hiera, 144, 2, (2, 6, 36, 4))  # 213.1 M
hiera_h = partial(hiera, 256, 4, (2, 6, 36, 4))  # 671.6 M
