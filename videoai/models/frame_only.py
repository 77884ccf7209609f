"""A control, not a contender: it sees the middle frame and nothing else.

Trained beside a video model it tells how much of a data set can be solved without motion ("What makes a video a video",
Huang et al. 2018, CVPR). On motion-only data it must stay at chance.
"""

from torch import Tensor, nn

from videoai.models.layers import FrameCnn, make_head


class FrameOnly(nn.Module):
    """A small 2-D CNN on frame T // 2."""

    def __init__(self, num_classes: int, *, width: int = 16, dropout: float = 0.0) -> None:
        super().__init__()
        self.cnn = FrameCnn(3, width=width)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.cnn.num_features, num_classes)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        return self.forward_head(self.forward_features(video))

    def forward_features(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W] -> features [B, D] of the middle frame."""
        return self.cnn(video[:, :, video.shape[2] // 2])  # [B, C, T, H, W] -> [B, C, H, W]

    def forward_head(self, features: Tensor) -> Tensor:
        """features: [B, D] -> logits [B, K]."""
        return self.head(self.dropout(features))

    def reset_classifier(self, num_classes: int) -> None:
        """A fresh head for ``num_classes``; everything else keeps its weights."""
        self.head = make_head(self.head.in_features, num_classes).to(self.head.weight)
