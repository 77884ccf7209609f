"""Losses of numbers with missing targets, in standard deviations of the training clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.settings.tasks import ValueLoss

MSE_BESIDE_CCC = 0.1  # share of MSE beside 1 - CCC, which alone is flat where outputs do not vary
LEAST_FOR_CCC = 8  # clips in a batch; CCC compares them with each other (judgement)


@dataclass(frozen=True)
class ValuesLoss:
    """Outputs float [B, T], standardised; targets float [B, T] in their units, NaN = missing -> a scalar: the mean over
    what is known; for ccc over the targets."""

    kind: ValueLoss
    mean: Sequence[float]
    std: Sequence[float]

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        mean, std = (torch.tensor(one, dtype=outputs.dtype, device=outputs.device) for one in (self.mean, self.std))
        wanted, known = (targets.to(outputs.dtype) - mean) / std, ~targets.isnan()
        wanted = torch.where(known, wanted, outputs.detach())
        if self.kind == "ccc":
            return (1 - concordance(outputs, wanted, known)).mean() + MSE_BESIDE_CCC * _mean(outputs, wanted, known)
        return _mean(outputs, wanted, known, smooth=self.kind == "smooth_l1")


def concordance(outputs: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """CCC of each target over the batch, [T]; 0 where fewer than two clips have one. known: bool [B, T]."""
    share = known.to(outputs.dtype) / known.sum(0).clamp(min=1)
    one, other = outputs - (outputs * share).sum(0), wanted - (wanted * share).sum(0)
    gap = ((outputs - wanted) * share).sum(0)
    spread = (share * (one.square() + other.square())).sum(0) + gap.square()
    return 2 * (share * one * other).sum(0) / spread.clamp(min=1e-8)


def _mean(outputs: Tensor, wanted: Tensor, known: Tensor, *, smooth: bool = False) -> Tensor:
    error = F.smooth_l1_loss if smooth else F.mse_loss
    return (error(outputs, wanted, reduction="none") * known).sum() / known.sum().clamp(min=1)
