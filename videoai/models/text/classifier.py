"""A video network whose classes are texts: no head is trained, the nearest text is the answer.

Suffixes: B batch, N texts, K classes, E width of the space.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.core.build import build
from videoai.models.text.prompts import VideoPrompts


class TextClassifier(nn.Module):
    """Logits are CLIP's: the cosine of clip and text, times the learned scale. A class is the mean of its texts, each
    of length 1 (prompt ensembling, arXiv:2103.00020, section 3.1.4).

    Args:
        network: the node of the video network, without a head.
        texts: how many texts each class has.
        prompts: layers of X-CLIP's video-specific prompts; 0 = texts are the same for every video.
    """

    def __init__(self, num_classes: int, *, network: Mapping[str, Any], texts: Sequence[int], prompts: int = 0) -> None:
        super().__init__()
        from videoai.models.table import TARGETS

        self.network: Any = build(network, TARGETS, where="model", num_classes=0)
        embed = self.network.num_features
        self.prompts = VideoPrompts(self.network.feature_width, embed, prompts) if prompts else None
        self.logit_scale = nn.Parameter(torch.zeros(()))  # its logarithm
        self.texts: Tensor
        self.shares: Tensor
        self.register_buffer("texts", torch.zeros(sum(texts), embed))  # as the text tower gives them
        self.register_buffer("shares", shares_of(texts, num_classes), persistent=False)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] (no softmax)."""
        features = self.forward_features(video)
        clip_BE, texts_BNE = self.forward_head(features, pre_logits=True), self.texts_of(features)
        with torch.autocast(video.device.type, enabled=False):  # a scale of 100 makes rounding of bfloat16 seen
            exact = self.texts.dtype
            clip_BE, classes_BKE = F.normalize(clip_BE.to(exact), dim=-1), self.classes_of(texts_BNE.to(exact))
            return self.logit_scale.exp() * (classes_BKE @ clip_BE[:, :, None])[..., 0]

    def forward_features(self, video: Tensor) -> Tensor:
        """The network's own."""
        return self.network.forward_features(video)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """The clip's vector in the space of texts; there is no head."""
        return self.network.forward_head(features, pre_logits=True)

    def texts_of(self, features: Tensor) -> Tensor:
        """The texts for each video, [B, N, E], or [1, N, E] where all videos have the same."""
        return self.texts[None] if self.prompts is None else self.prompts(self.texts, self.network.by_frame(features))

    def classes_of(self, texts_BNE: Tensor) -> Tensor:
        """Unit vectors of the classes, [B, K, E]."""
        return F.normalize(self.shares @ F.normalize(texts_BNE, dim=-1), dim=-1)

    def repeated_blocks(self) -> list[nn.Module]:
        """The network's own."""
        return self.network.repeated_blocks()


def shares_of(texts: Sequence[int], num_classes: int) -> Tensor:
    """float [K, N]: how much of a class each text is. Raises: ValueError: other numbers of classes."""
    if len(texts) != num_classes or not all(texts):
        raise ValueError(f"model.texts={list(texts)}: give one number from 1 up for each of {num_classes} classes.")
    shares = torch.zeros(num_classes, sum(texts))
    start = 0
    for row, number in enumerate(texts):
        shares[row, start : start + number] = 1 / number
        start += number
    return shares
