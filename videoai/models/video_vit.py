"""One vision transformer for video: the network behind ViViT, TimeSformer, VideoMAE, MAE-ST and UMT.

They differ in the attention pattern, in their positions, in a class token, and in settings that change the logits but
no tensor shape: ``vivit.py``, ``timesformer.py`` and ``videomae.py`` fix them.

Suffixes: B batch, T frames, H rows, W columns of tokens, S = H*W, L tokens of a clip, D token width.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from videoai.models.attention import Block, DividedBlock, Gelu, drop_path_rates, init_linear
from videoai.models.blocks import run_blocks
from videoai.models.clip_size import Size3, check_clip, check_patches
from videoai.models.layers import check_choice, make_head
from videoai.models.positions import Kind, Positions

Attention = Literal["joint", "divided", "space"]
Pool = Literal["mean", "class_token"]


class Width(NamedTuple):
    """A size of ViT (Dosovitskiy et al. 2021, arXiv:2010.11929; huge and giant: Zhai et al. 2022, arXiv:2106.04560)."""

    width: int
    depth: int
    num_heads: int
    hidden: int  # inside the MLPs


SMALL = Width(384, 12, 6, 1536)
BASE = Width(768, 12, 12, 3072)
LARGE = Width(1024, 24, 16, 4096)
HUGE = Width(1280, 32, 16, 5120)
GIANT = Width(1408, 40, 16, 6144)


class VideoViT(nn.Module):
    """Tubelets -> blocks -> pool -> norm -> head. The clip size is fixed by the position tables.

    Args:
        width: size of the network, one of those above.
        tubelet: (T, H, W) pixels of a token.
        num_frames, size: length and side of a clip.
        attention: "joint": every token sees every token; "divided": over time, then over space, which needs a class
            token; "space": frames are kept apart, and averaged after the last block.
        positions: ``Positions`` says which there are.
        class_token: one token more, before all others.
        pool: what the head reads: the mean of the tokens without the class token, or the class token.
        key_bias, gelu: options of the blocks.
        norm_eps: epsilons of the block norms and of the norm after the pool.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.

    Raises: ValueError: a choice that does not exist, or a clip that the tubelets do not divide.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        width: Width,
        tubelet: Size3,
        num_frames: int,
        size: int,
        positions: Kind,
        attention: Attention = "joint",
        class_token: bool = False,
        pool: Pool = "mean",
        key_bias: bool = True,
        gelu: Gelu = "none",
        norm_eps: Sequence[float] = (1e-6, 1e-6),
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("attention", attention, get_args(Attention))
        self.attention, self.pool = attention, pool
        self.input_size = (num_frames, size, size)
        self.tubelet = tubelet
        self.grid = token_grid(self.input_size, tubelet)
        self.num_features = dim = width.width
        self.patch_embed = nn.Conv3d(3, dim, kernel_size=tubelet, stride=tubelet)
        self.positions = Positions(positions, self.grid, dim)
        self.class_token = nn.Parameter(torch.zeros(dim)) if class_token else None
        self.class_position = nn.Parameter(torch.zeros(dim)) if class_token else None
        sizes = (dim, width.num_heads, width.hidden)
        self.blocks = nn.ModuleList(
            DividedBlock(*sizes, num_frames=self.grid[0], drop_path=rate)
            if attention == "divided"
            else Block(*sizes, key_bias=key_bias, gelu=gelu, norm_eps=norm_eps[0], drop_path=rate)
            for rate in drop_path_rates(drop_path, width.depth)
        )
        self.norm = nn.LayerNorm(dim, eps=norm_eps[1])
        self.dropout = nn.Dropout(dropout)
        self._init_weights()
        self.head = make_head(dim, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, L, D] of the last block, the class token first where there is one;
        with attention over "space" their mean over the frames, [B, 1+S, D].

        Raises: ValueError: a clip of another size than the position tables.
        """
        x_BLD = self.embed(video)
        if self.attention == "space":
            x_BLD = x_BLD.unflatten(1, (self.grid[0], -1)).flatten(0, 1)  # [B, T*S, D] -> [B*T, S, D]
        x_BLD = run_blocks(self.blocks, self.with_class_token(x_BLD), checkpointing=self.checkpointing)
        return x_BLD.unflatten(0, (-1, self.grid[0])).mean(1) if self.attention == "space" else x_BLD

    def embed(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, T*S, D] with positions, so that some of them can be dropped before
        the blocks."""
        check_clip("model", video.shape[2:], self.input_size, self.tubelet)
        x_BTSD = self.patch_embed(video).flatten(3).permute(0, 2, 3, 1)  # [B, D, T, H, W] -> [B, T, S, D]
        return (x_BTSD + self.positions()).flatten(1, 2)

    def with_class_token(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] -> [B, 1+L, D], where there is a class token."""
        if self.class_token is None or self.class_position is None:
            return x_BLD
        token_D = self.class_token + self.class_position
        return torch.cat([token_D.expand(x_BLD.shape[0], 1, -1), x_BLD], dim=1)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, L, D] -> logits [B, K], or the pooled and normed [B, D]."""
        if self.pool == "class_token":
            pooled = features[:, 0]
        else:
            pooled = features[:, 0 if self.class_token is None else 1 :].mean(1)
        pooled = self.norm(pooled)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another clip size, its position tables made to fit this one."""
        return self.positions.fit_state_dict(state, "positions.")

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the tokens, then a depth a block; ``coarse`` is the same."""
        return {
            "stem": r"^(?:patch_embed|positions|class_)",
            "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))],
        }

    def no_weight_decay(self) -> set[str]:
        """Position tables and the class token."""
        return {name for name, _ in self.named_parameters() if name.startswith(("positions.", "class_"))}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def _init_weights(self) -> None:
        """As BEiT. Attention over time starts with zero output in all blocks but the first, as TimeSformer's code."""
        blocks = [block for block in self.blocks if isinstance(block, (Block, DividedBlock))]
        init_linear(self, into_stream=[(block.attention.project, block.mlp.fc2) for block in blocks])
        nn.init.normal_(self.patch_embed.weight, std=0.02)
        for parameter in (self.class_token, self.class_position):
            if parameter is not None:
                nn.init.normal_(parameter, std=0.02)
        for block in blocks[1:]:
            if isinstance(block, DividedBlock):
                nn.init.zeros_(block.project_time.weight)


def token_grid(clip: Size3, tubelet: Size3) -> tuple[int, int]:
    """Tokens (T, S) of a clip. Raises: ValueError: the tubelets do not divide it."""
    check_patches("model", clip, tubelet)
    return clip[0] // tubelet[0], (clip[1] // tubelet[1]) * (clip[2] // tubelet[2])
