"""CORN (arXiv:2111.08851): of K ordered classes, each of K - 1 outputs says whether a clip lies above a class, given
that it lies above the one before. The last of the model's K outputs is not used."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class CornLoss:
    """Outputs [B, K]; labels int64 [B], or a distribution [B, K] as of mixed clips -> a scalar, the mean over all
    conditional questions. A clip is asked as far as it lies above."""

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        share = label if label.ndim == 2 else F.one_hot(label, outputs.shape[1])
        at_least = share.to(outputs.dtype).flip(1).cumsum(1).flip(1)  # [B, K]: P(y >= k); the first is 1
        asked, above, logits = at_least[:, :-1], at_least[:, 1:], outputs[:, :-1]
        terms = above * F.logsigmoid(logits) + (asked - above) * F.logsigmoid(-logits)
        return -terms.sum() / asked.sum()


def class_probabilities(outputs: Tensor) -> Tensor:
    """[..., K] -> [..., K]: the probability of each class, from the products of the conditional ones."""
    above = outputs[..., :-1].sigmoid().cumprod(-1)  # P(y > k)
    ones, zeros = torch.ones_like(above[..., :1]), torch.zeros_like(above[..., :1])
    return torch.cat([ones, above], -1) - torch.cat([above, zeros], -1)
