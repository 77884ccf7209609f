"""A control, not a contender: it sees the middle frame and nothing else.

Trained beside a video model it tells how much of a data set can be solved without motion ("What makes a video a video",
Huang et al. 2018, CVPR). On motion-only data it must stay at chance.
"""

from typing import Any

from torch import Tensor, nn

from videoai.models.blocks import run_blocks
from videoai.models.layers import FrameCnn, make_head


class FrameOnly(nn.Module):
    """A small 2-D CNN on frame T // 2."""

    def __init__(self, num_classes: int, *, width: int = 16, dropout: float = 0.0) -> None:
        super().__init__()
        self.cnn = FrameCnn(3, width=width)
        self.dropout = nn.Dropout(dropout)
        self.num_features = self.cnn.num_features
        self.head = make_head(self.num_features, num_classes)
        self.checkpointing = False

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D, H', W'] of the middle frame."""
        frame = video[:, :, video.shape[2] // 2]  # [B, C, T, H, W] -> [B, C, H, W]
        return run_blocks(self.repeated_blocks(), frame, checkpointing=self.checkpointing)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """features: [B, D, H', W'] -> logits [B, K], or the pooled [B, D]."""
        pooled = features.mean((2, 3))
        return pooled if pre_logits else self.head(self.dropout(pooled))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.num_features, num_classes).to(next(self.parameters()))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """timm's form: no stem, a depth a convolution."""
        return {"stem": r"^$", "blocks": r"^cnn\.convs\.(\d+)"}

    def repeated_blocks(self) -> list[nn.Module]:
        """The convolutions."""
        return self.cnn.repeated_blocks()

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the convolutions' activations in the backward pass."""
        self.checkpointing = enable
