"""Several networks that answer together: the mean of their probabilities, as deep ensembles do (arXiv:1612.01474)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core.build import build


class Ensemble(nn.Module):
    """Networks of the same classes and the same clip.

    Args:
        members: a model node each, ``{"name": "tiny_r3d", ...}``.
        several_labels: the outputs are compared by a sigmoid each, not by a softmax.
        plain: the outputs themselves are averaged, as of numbers.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        members: Sequence[Mapping[str, Any]],
        several_labels: bool = False,
        plain: bool = False,
    ) -> None:
        super().__init__()
        from videoai.models.table import TARGETS

        self.several_labels, self.plain = several_labels, plain
        self.members = nn.ModuleList(build(node, TARGETS, where="model", num_classes=num_classes) for node in members)

    def forward(self, video: Tensor) -> Tensor:
        """video: float [B, 3, T, H, W], normalised -> logits [B, K] of the mean probabilities."""
        logits = torch.stack([member(video).float() for member in self.members])
        if self.plain:
            return logits.mean(0)
        if self.several_labels:
            return torch.logit(logits.sigmoid().mean(0), eps=1e-6)
        return logits.log_softmax(2).logsumexp(0) - math.log(len(self.members))
