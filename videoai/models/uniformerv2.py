"""UniFormerV2 (Li et al. 2022, arXiv:2211.09552): CLIP's image ViT, armed for video.

The ViT (Radford et al. 2021, arXiv:2103.00020) runs on each frame. After each of its last layers a global block lets
one video token read all tokens of the clip: depthwise 3x3x3 positions, cross attention, MLP. The head sees a learned
blend of the video token and of the mean of the frames' class tokens. The form for Something-Something also mixes over
time inside the ViT (``local_temporal``) and halves the frames in the stem. Differs: the position table is resampled
when weights of another size are loaded; drop path skips branches of clips (the authors' skips tokens, by its layout)
and leaves the global blocks alone.

Suffixes: B batch, T frames after the stem, S patches of a frame, L = 1 + S tokens of a frame, D token width.
"""

from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from videoai.models.attention import drop_path_rates
from videoai.models.blocks import run_blocks
from videoai.models.layers import make_head
from videoai.models.positions import Positions
from videoai.models.uniformerv2_blocks import GlobalBlock, LocalBlock, OverTime
from videoai.models.video_vit import BASE, LARGE, Width


class UniFormerV2(nn.Module):
    """Stem -> blocks on frames, the last ``num_global`` of them read by a video token -> blend -> norm -> head.

    Args:
        patch, width, depth, num_heads: sizes of the image ViT.
        size: pixels, the frame that the position table is made for; no other fits. Any number of frames does.
        num_global: layers, the last ones, that the video token reads.
        local_temporal: mix each place over three frames, before and after the attention of every block.
        temporal_stride: 2 = the stem takes three frames at every second one.
        blend: False = the head sees the video token alone, as the authors' models with a frozen ViT.
        dropout: before the head and in the MLPs of the global blocks.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.

    Raises: ValueError: a size that does not divide into patches, or more global blocks than blocks.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        patch: int,
        width: int,
        depth: int,
        num_heads: int,
        size: int,
        num_global: int,
        local_temporal: bool,
        temporal_stride: Literal[1, 2],
        blend: bool,
        dropout: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        _check(size, patch, num_global, depth, temporal_stride)
        self.size, self.patch, self.side = size, patch, size // patch  # the last in patches
        span = 2 * temporal_stride - 1  # frames that a patch sees: 1 or 3
        self.stem = nn.Conv3d(
            3, width, (span, patch, patch), (temporal_stride, patch, patch), (span // 2, 0, 0), bias=False
        )
        self.class_token = nn.Parameter(torch.empty(width))
        self.class_position = nn.Parameter(torch.empty(width))
        self.positions = Positions("space", (1, self.side**2), width)
        self.norm_pre = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            LocalBlock(width, num_heads, local_temporal, rate) for rate in drop_path_rates(drop_path, depth)
        )
        self.video_token = nn.Parameter(torch.zeros(1, width))
        self.global_blocks = nn.ModuleList(GlobalBlock(width, num_heads, dropout, self.side) for _ in range(num_global))
        self.balance = nn.Parameter(torch.zeros(width)) if blend else None  # before its sigmoid
        self.num_features = width
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.checkpointing = False
        self._init_weights()
        self.head = make_head(width, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 1 + T', D]: the video token, then each frame's class token.

        Raises: ValueError: another size than the model was built for.
        """
        if tuple(video.shape[3:]) != (self.size, self.size):
            height, width = video.shape[3:]
            size = max(self.patch, height // self.patch * self.patch)
            both = "" if (size, size) == (height, width) else f" clip.size={size}"
            raise ValueError(
                f"uniformerv2: frames of {height}x{width} pixels, but the model is built for {self.size}x{self.size}. "
                f"Set model.size={size}{both}, or clip.size={self.size}."
            )
        x_BTLD = self._tokens(video)
        # repeat, not expand: a view of a parameter calls for a gradient also under no_grad, and flop counters refuse it
        token_B1D = self.video_token.repeat(video.shape[0], 1, 1)
        alone = len(self.blocks) - len(self.global_blocks)
        x_BTLD = run_blocks(self.blocks[:alone], x_BTLD, checkpointing=self.checkpointing)
        for block, reader in zip(self.blocks[alone:], self.global_blocks, strict=True):
            x_BTLD = run_blocks([block], x_BTLD, checkpointing=self.checkpointing)
            token_B1D = run_blocks([reader], token_B1D, x_BTLD, checkpointing=self.checkpointing)
        return torch.cat([token_B1D, x_BTLD[:, :, 0]], dim=1)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 1 + T', D] -> logits [B, K], or the blended and normalised [B, D]."""
        blended = features[:, 0]
        if self.balance is not None:
            blended = torch.lerp(blended, features[:, 1:].mean(1), self.balance.sigmoid().to(features))
        pooled = self.norm(blended)
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block of the ViT; what is new to it has the head's."""
        return {"stem": r"^(?:stem|class_|positions|norm_pre)", "blocks": r"^blocks\.(\d+)"}

    def no_weight_decay(self) -> set[str]:
        """Tokens and the position table."""
        return {"class_token", "class_position", "positions.space", "video_token"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The ViT's blocks, and between its last ones those of the video token."""
        first, last = self.blocks[: -len(self.global_blocks)], self.blocks[-len(self.global_blocks) :]
        return [*first, *(block for pair in zip(last, self.global_blocks, strict=True) for block in pair)]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def fit_state_dict(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """A state dict of another size, its position table made to fit this one."""
        return self.positions.fit_state_dict(state, "positions.")

    def _tokens(self, video: Tensor) -> Tensor:
        x_BTSD = self.stem(video).flatten(3).permute(0, 2, 3, 1) + self.positions()  # [B, D, T, H, W] -> [B, T, S, D]
        class_BT1D = (self.class_token + self.class_position).expand(*x_BTSD.shape[:2], 1, -1)
        return self.norm_pre(torch.cat([class_BT1D, x_BTSD], dim=2))

    def _init_weights(self) -> None:
        """As CLIP: tokens and positions normal with std width^-0.5. Linear layers as ViT: normal with std 0.02, cut at
        two of them, bias 0. What is new to the ViT starts silent (zeros), so that training starts from the ViT."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
                nn.init.zeros_(module.bias)
        for table in (self.class_token, self.class_position, self.positions.space):
            nn.init.normal_(table, std=self.num_features**-0.5)  # pyright: ignore[reportArgumentType]
        for module in self.modules():
            if isinstance(module, (GlobalBlock, OverTime)):
                module.zero_output()


def _check(size: int, patch: int, num_global: int, depth: int, temporal_stride: int) -> None:
    if size % patch or size < patch:
        raise ValueError(f"model.size={size} must be a multiple of {patch}, the model's patch.")
    if not 1 <= num_global <= depth:
        raise ValueError(f"model.num_global={num_global} must be 1 to {depth}, the blocks of the model.")
    if temporal_stride not in (1, 2):
        raise ValueError(f"model.temporal_stride={temporal_stride}: choose 1, or 2 to halve the frames.")


def uniformerv2(
    width: Width,
    patch: int,
    num_classes: int,
    *,
    size: int = 224,
    num_global: int = 4,
    local_temporal: bool = False,
    temporal_stride: Literal[1, 2] = 1,
    blend: bool = True,
    dropout: float = 0.5,
    drop_path: float = 0.0,
) -> UniFormerV2:
    """Any UniFormerV2; the names of the zoo fix CLIP's ViT."""
    return UniFormerV2(
        num_classes,
        patch=patch,
        width=width.width,
        depth=width.depth,
        num_heads=width.num_heads,
        size=size,
        num_global=num_global,
        local_temporal=local_temporal,
        temporal_stride=temporal_stride,
        blend=blend,
        dropout=dropout,
        drop_path=drop_path,
    )


# The names of the zoo, with their parameters at 400 classes.
uniformerv2_b = partial(uniformerv2, BASE, 16)  # CLIP's ViT-B/16: 114.6 M
uniformerv2_l = partial(uniformerv2, LARGE, 14)  # CLIP's ViT-L/14: 354 M
uniformerv2_l336 = partial(uniformerv2_l, size=336)  # another position table
