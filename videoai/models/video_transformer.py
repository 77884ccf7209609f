"""A small video transformer of our own, to learn from little data on a CPU: joint or divided attention.

After ViViT model 1 (Arnab et al. 2021, arXiv:2103.15691) and TimeSformer (Bertasius et al. 2021, arXiv:2102.05095);
their own networks are in ``video_vit.py``. Differs: each frame's difference is an input; three overlapping
convolutions instead of patches ("Early Convolutions Help Transformers See Better", Xiao et al. 2021, arXiv:2106.14881);
no class token but the mean of the tokens; position tables for space and for time, interpolated to any clip size.

Suffixes: B batch, T frames of tokens, H rows, W columns, S = H*W, L = T*S, D token width.
"""

import logging
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from videoai.models.attention import DropPath, SelfAttention, drop_path_rates
from videoai.models.blocks import run_blocks
from videoai.models.clip_size import check_patches
from videoai.models.layers import (
    Difference,
    check_choice,
    init_weights,
    make_head,
    motion_input,
    num_input_channels,
)
from videoai.models.positions import resize

logger = logging.getLogger(__name__)

Attention = Literal["joint", "divided"]
Stem = Literal["tubelet", "conv"]


class VideoTransformer(nn.Module):
    """Tokens -> blocks -> norm -> mean -> head.

    Args:
        attention: "joint" over all tokens, or "divided": cheaper per layer for long clips, twice the layers.
        stem: non-overlapping "tubelet" patches, or three "conv" layers that reach 1/2 of T and 1/8 of H and W.
        tubelet: (T, H, W) size of a patch; "tubelet" stem only.
        num_frames, size: the clip whose token grid the position tables are made for; others are interpolated.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        attention: Attention = "joint",
        stem: Stem = "tubelet",
        tubelet: tuple[int, int, int] = (2, 16, 16),
        num_frames: int = 16,
        size: int = 224,
        width: int = 384,
        depth: int = 12,
        num_heads: int = 6,
        dropout: float = 0.0,
        drop_path: float = 0.1,
        temporal_difference: Difference = "none",
    ) -> None:
        super().__init__()
        check_choice("attention", attention, get_args(Attention))
        check_choice("stem", stem, get_args(Stem))
        if width % num_heads:
            raise ValueError(f"model.width={width} must be a multiple of model.num_heads={num_heads}.")
        self.temporal_difference: Difference = temporal_difference
        in_channels = num_input_channels(temporal_difference)
        self.stem = TubeletStem(in_channels, width, tubelet) if stem == "tubelet" else ConvStem(in_channels, width)
        self.grid = self.stem.grid(num_frames, size, size)  # (T, H, W) tokens of the position tables
        self.space_position = nn.Parameter(torch.empty(*self.grid[1:], width))
        self.time_position = nn.Parameter(torch.empty(self.grid[0], width))
        rates = drop_path_rates(drop_path, depth)
        self.blocks = nn.ModuleList(Block(width, num_heads, attention, rate) for rate in rates)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.num_features = width
        self._init_weights()
        self.head = make_head(width, num_classes)
        self.checkpointing = False
        self._announced: set[tuple[int, ...]] = {self.grid}

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> tokens [B, L, D].

        Raises: ValueError: "tubelet" stem and a clip that its patches do not divide.
        """
        x_BDTHW = self.stem(motion_input(video, self.temporal_difference))
        grid = tuple(x_BDTHW.shape[2:])
        x_BTSD = (x_BDTHW.permute(0, 2, 3, 4, 1) + self._position_THWD(grid)).flatten(2, 3)
        x_BTSD = run_blocks(self.blocks, x_BTSD, checkpointing=self.checkpointing)
        return self.norm(x_BTSD).flatten(1, 2)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, L, D] -> logits [B, K], or the pooled [B, D]."""
        pooled = features.mean(1)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the tokens, then a depth a block; ``coarse`` is the same."""
        return {
            "stem": r"^(?:stem|space_position|time_position)",
            "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))],
        }

    def no_weight_decay(self) -> set[str]:
        """The position tables."""
        return {"space_position", "time_position"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks."""
        return list(self.blocks)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def _position_THWD(self, grid: tuple[int, ...]) -> Tensor:
        space_HWD, time_TD = self.space_position, self.time_position
        if grid != self.grid:
            self._announce(grid)
            space_HWD = resize(resize(space_HWD, 0, grid[1]), 1, grid[2])
            time_TD = resize(time_TD, 0, grid[0])
        return time_TD[:, None, None, :] + space_HWD

    def _announce(self, grid: tuple[int, ...]) -> None:
        if not torch.compiler.is_compiling() and grid not in self._announced:
            self._announced.add(grid)
            logger.info("positions interpolated from %s to %s (T, H, W) tokens", self.grid, grid)

    def _init_weights(self) -> None:
        """Linear layers: Xavier uniform, bias 0, as the original ViT (arXiv:2010.11929); a fixed std of 0.02 would
        leave the blocks of narrow models almost silent. Positions: normal with std 0.02, as ViT. Stem: as in CNNs.
        """
        init_weights(self.stem)
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for table in (self.space_position, self.time_position):
            nn.init.trunc_normal_(table, std=0.02, a=-0.04, b=0.04)


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


class TubeletStem(nn.Module):
    """Non-overlapping space-time patches, one linear map each (ViViT section 3.2)."""

    def __init__(self, in_channels: int, width: int, tubelet: tuple[int, int, int]) -> None:
        super().__init__()
        frames, rows, columns = tubelet
        self.tubelet = (frames, rows, columns)  # a tuple: YAML gives a list
        self.project = nn.Conv3d(in_channels, width, kernel_size=self.tubelet, stride=self.tubelet)

    def grid(self, *clip: int) -> tuple[int, ...]:
        """(T, H, W) of a clip -> (T, H, W) of its tokens.

        Raises: ValueError: the patches do not divide the clip.
        """
        check_patches("video_transformer", clip, self.tubelet, group="clip")
        return tuple(length // patch for length, patch in zip(clip, self.tubelet, strict=True))

    def forward(self, video: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, D, T', H', W']."""
        self.grid(*video.shape[2:])
        return self.project(video)


class ConvStem(nn.Module):
    """Three overlapping 3x3x3 convolutions: T/2, H/8, W/8."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        widths = (in_channels, width // 4, width // 2, width)
        strides = ((1, 2, 2), (2, 2, 2), (1, 2, 2))
        layers: list[nn.Module] = []
        for i, stride in enumerate(strides):
            layers.append(nn.Conv3d(widths[i], widths[i + 1], kernel_size=3, stride=stride, padding=1, bias=False))
            layers += [nn.BatchNorm3d(widths[i + 1]), nn.ReLU(inplace=True)]
        layers.append(nn.Conv3d(width, width, kernel_size=1))  # tokens of both signs (Xiao et al., section 4)
        self.convs = nn.Sequential(*layers)

    def grid(self, *clip: int) -> tuple[int, ...]:
        """(T, H, W) of a clip -> (T, H, W) of its tokens: any size is allowed, borders are padded."""
        return tuple(-(-length // stride) for length, stride in zip(clip, (2, 8, 8), strict=True))

    def forward(self, video: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, D, T', H', W']."""
        return self.convs(video)


def tiny_video_transformer(
    num_classes: int,
    *,
    attention: Attention = "joint",
    stem: Stem = "conv",
    width: int = 64,
    depth: int = 3,
    num_heads: int = 4,
    dropout: float = 0.0,
    drop_path: float = 0.0,
    temporal_difference: Difference = "append",
) -> VideoTransformer:
    """For 16 frames at 32 px on a CPU: 8x4x4 tokens, either stem."""
    return VideoTransformer(
        num_classes,
        attention=attention,
        stem=stem,
        tubelet=(2, 8, 8),
        num_frames=16,
        size=32,
        width=width,
        depth=depth,
        num_heads=num_heads,
        dropout=dropout,
        drop_path=drop_path,
        temporal_difference=temporal_difference,
    )
