"""UniFormer (Li et al. 2022, arXiv:2201.04676): convolutions early, space-time attention late, in one block shape.

A block adds a depthwise 3x3x3 convolution (its position encoding), then a mixer, then an MLP. In the first two of four
stages the mixer is a depthwise 5x5x5 convolution, in the last two joint attention over all tokens. Any clip size works:
T/2 frames, and 1/4 to 1/32 of the rows and columns. Differs: no dropout inside the blocks (the authors' is 0).
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from videoai.models.attention import DropPath, Mlp, SelfAttention, drop_path_rates
from videoai.models.blocks import run_blocks
from videoai.models.layers import make_head

WIDTHS = (64, 128, 320, 512)
HEAD_WIDTH = 64


class UniFormer(nn.Module):
    """Four stages: a strided convolution with a norm, then blocks; a batch norm, a global mean, a linear head.

    Args:
        depths: blocks of each stage.
        norm_eps: epsilon of the LayerNorms in stages three and four: 1e-6 as the authors, 1e-5 as mmaction2.
        drop_path: chance of skipping a branch in the last block, rising linearly from 0 in the first.
    """

    num_features = WIDTHS[-1]

    def __init__(
        self, num_classes: int, *, depths: Sequence[int], dropout: float, drop_path: float, norm_eps: float
    ) -> None:
        super().__init__()
        rates = iter(drop_path_rates(drop_path, sum(depths)))
        self.embeds = nn.ModuleList(PatchEmbed(stage) for stage in range(len(WIDTHS)))
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(
                    LocalBlock(width, next(rates)) if stage < 2 else GlobalBlock(width, next(rates), norm_eps)
                    for _ in range(depth)
                )
            )
            for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True))
        )
        self.norm = nn.BatchNorm3d(self.num_features)
        self.dropout = nn.Dropout(dropout)
        self.checkpointing = False
        self._init_weights()
        self.head = make_head(self.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, 512, T/2, H/32, W/32]."""
        x = video
        for embed, blocks in zip(self.embeds, self.stages, strict=True):
            x = run_blocks(blocks, embed(x), checkpointing=self.checkpointing)  # pyright: ignore[reportArgumentType]
        return self.norm(x)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, 512, T', H', W'] -> logits [B, K], or the pooled [B, 512]."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the stem, then a depth a block (a stage when ``coarse``); a stage begins with its embedding."""
        if coarse:
            return {"stem": r"^embeds\.0", "blocks": r"^(?:embeds|stages)\.(\d+)"}
        return {"stem": r"^embeds\.0", "blocks": [(r"^embeds\.(\d+)", None), (r"^stages\.(\d+)\.(\d+)", None)]}

    def repeated_blocks(self) -> list[nn.Module]:
        """The blocks of all stages."""
        return [block for stage in self.stages.children() for block in stage.children()]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable

    def _init_weights(self) -> None:
        """Linear layers: normal with std 0.02, cut at two of them, bias 0, as ViT. Convolutions: PyTorch's own."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
                nn.init.zeros_(module.bias)


class PatchEmbed(nn.Module):
    """The start of a stage: 4x4 patches of every second frame in the first, 2x2 patches in the others; then a norm."""

    def __init__(self, stage: int) -> None:
        super().__init__()
        if stage == 0:
            self.proj = nn.Conv3d(3, WIDTHS[0], (3, 4, 4), stride=(2, 4, 4), padding=(1, 0, 0))
        else:
            self.proj = nn.Conv3d(WIDTHS[stage - 1], WIDTHS[stage], (1, 2, 2), stride=(1, 2, 2))
        self.norm = nn.LayerNorm(WIDTHS[stage])  # eps 1e-5, also where the blocks have another

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T', H', W']."""
        # [B, C, T, H, W] -> [B, T, H, W, C] and back: a view when convolutions run channels-last
        return self.norm(self.proj(x).permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)


class LocalBlock(nn.Module):
    """Position, depthwise 5x5x5 convolution between two 1x1x1, MLP of 1x1x1: each a residual branch."""

    def __init__(self, width: int, drop_path: float) -> None:
        super().__init__()
        self.position = _depthwise(width, 3)
        self.norm1 = nn.BatchNorm3d(width)
        self.conv1 = nn.Conv3d(width, width, 1)
        self.attn = _depthwise(width, 5)
        self.conv2 = nn.Conv3d(width, width, 1)
        self.norm2 = nn.BatchNorm3d(width)
        self.mlp = nn.Sequential(nn.Conv3d(width, 4 * width, 1), nn.GELU(), nn.Conv3d(4 * width, width, 1))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T, H, W]."""
        x = x + self.position(x)
        x = x + self.drop_path(self.conv2(self.attn(self.conv1(self.norm1(x)))))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class GlobalBlock(nn.Module):
    """Position, joint space-time attention, MLP: each a residual branch."""

    def __init__(self, width: int, drop_path: float, norm_eps: float) -> None:
        super().__init__()
        self.position = _depthwise(width, 3)
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attn = SelfAttention(width, width // HEAD_WIDTH)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, 4 * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C, T, H, W]."""
        x = x + self.position(x)
        tokens = x.flatten(2).transpose(1, 2)  # [B, C, T, H, W] -> [B, L, D]
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens)))
        tokens = tokens + self.drop_path(self.mlp(self.norm2(tokens)))
        return tokens.transpose(1, 2).unflatten(2, x.shape[2:])


def _depthwise(width: int, kernel: int) -> nn.Conv3d:
    return nn.Conv3d(width, width, kernel, padding=kernel // 2, groups=width)


def uniformer_s(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.1, norm_eps: float = 1e-6) -> UniFormer:
    """UniFormer-S: 18 blocks, 21.4 M parameters at 400 classes."""
    return UniFormer(num_classes, depths=(3, 4, 8, 3), dropout=dropout, drop_path=drop_path, norm_eps=norm_eps)


def uniformer_b(num_classes: int, *, dropout: float = 0.0, drop_path: float = 0.3, norm_eps: float = 1e-6) -> UniFormer:
    """UniFormer-B: 40 blocks, 49.8 M parameters at 400 classes."""
    return UniFormer(num_classes, depths=(5, 8, 20, 7), dropout=dropout, drop_path=drop_path, norm_eps=norm_eps)
