"""Video Swin (Liu et al. 2021, arXiv:2106.13230): attention in shifted 3-D windows, from torchvision.

torchvision's public SwinTransformer3d behind our contract; its names are ours. It forms the attention matrix, N x N for
the N tokens of a window. With the table of relative positions as its mask, PyTorch's fused attention was no smaller on
a CPU and took a fifth longer, forward and backward (392 tokens, 3 heads): kernels for a mask that learns are for CUDA
alone. A grid smaller than the window shrinks the window and reads the position
table by its first N rows, as the original code does. Differs: the pooled vector has dropout before the head, as the
original and unlike torchvision, and is a plain mean, whose CUDA backward is deterministic.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import make_head

if TYPE_CHECKING:
    from torchvision.models.video import SwinTransformer3d

Window = Sequence[int]


class VideoSwin(nn.Module):
    """Patches of 2x4x4 -> four stages of window attention, halving H and W in between -> norm -> mean -> head."""

    def __init__(self, num_classes: int, *, network: "SwinTransformer3d", dropout: float) -> None:
        super().__init__()
        self.patch_embed, self.features, self.norm = network.patch_embed, network.features, network.norm
        self.num_features = network.num_features
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], any size -> features [B, D, T/2, H/32, W/32], rounded up."""
        x = run_blocks(self.repeated_blocks(), self.patch_embed(video), checkpointing=self.checkpointing)
        return self.norm(x).permute(0, 4, 1, 2, 3)  # [B, T, H, W, D] -> [B, D, T, H, W]

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, T', H', W'] -> logits [B, K], or the pooled [B, D]."""
        pooled = features.mean((2, 3, 4))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: the patches, a depth a block or merging layer (a stage when ``coarse``), the last norm."""
        merging, last = (r"^features\.(\d+)", (0,)), (r"^norm", (99999,))
        blocks = [merging] if coarse else [(r"^features\.(\d+)\.(\d+)", None), merging]
        return {"stem": r"^patch_embed", "blocks": [*blocks, last]}

    def no_weight_decay(self) -> set[str]:
        """The tables of relative positions."""
        return {name for name, _ in self.named_parameters() if "relative_position_bias_table" in name}

    def repeated_blocks(self) -> list[nn.Module]:
        """The transformer blocks, and between two stages, which are sequences, the layer that merges patches."""
        parts = [part if isinstance(part, nn.Sequential) else [part] for part in self.features]
        return [block for part in parts for block in part]

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = enable


def swin3d_t(
    num_classes: int, *, window: Window = (8, 7, 7), dropout: float = 0.5, drop_path: float = 0.1
) -> VideoSwin:
    """Video Swin-T; 28.2 M parameters at 400 classes."""
    return _build(num_classes, 96, 6, 3, window, dropout, drop_path)


def swin3d_s(
    num_classes: int, *, window: Window = (8, 7, 7), dropout: float = 0.5, drop_path: float = 0.1
) -> VideoSwin:
    """Video Swin-S; 49.8 M parameters at 400 classes."""
    return _build(num_classes, 96, 18, 3, window, dropout, drop_path)


def swin3d_b(
    num_classes: int, *, window: Window = (8, 7, 7), dropout: float = 0.5, drop_path: float = 0.3
) -> VideoSwin:
    """Video Swin-B; 88.0 M parameters at 400 classes."""
    return _build(num_classes, 128, 18, 4, window, dropout, drop_path)


def swin3d_l(
    num_classes: int, *, window: Window = (8, 7, 7), dropout: float = 0.5, drop_path: float = 0.4
) -> VideoSwin:
    """Video Swin-L; 197 M parameters at 400 classes."""
    return _build(num_classes, 192, 18, 6, window, dropout, drop_path)


def _build(
    num_classes: int, width: int, depth: int, num_heads: int, window: Window, dropout: float, drop_path: float
) -> VideoSwin:
    """``depth``: blocks of the third stage; the others have two. Width and heads double from stage to stage.

    Raises: ValueError: a window that is not three positive numbers.
    """
    from torchvision.models.video import SwinTransformer3d

    if len(window) != 3 or min(window) < 1:
        raise ValueError(f"model.window={list(window)}: give (T, H, W) tokens, each at least 1, e.g. [8, 7, 7].")
    network = SwinTransformer3d(
        patch_size=[2, 4, 4],
        embed_dim=width,
        depths=[2, 2, depth, 2],
        num_heads=[num_heads * 2**stage for stage in range(4)],
        window_size=list(window),
        stochastic_depth_prob=drop_path,
        num_classes=1,
    )
    return VideoSwin(num_classes, network=network, dropout=dropout)
