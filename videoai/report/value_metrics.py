"""How well numbers are estimated. Each value is of a whole set, never a mean over batches: CCC of parts says little of
the whole. Pairs whose truth is missing are left out, and counted."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class ValueScore(NamedTuple):
    """The estimates of one target."""

    name: str
    num: int  # videos whose truth is known
    num_missing: int
    ccc: float
    pearson: float
    rmse: float
    mae: float
    sagr: float


def per_value(predicted: Tensor, truth: Tensor, names: Sequence[str]) -> list[ValueScore]:
    """predicted: float [N, T], all known; truth: float [N, T], NaN = missing."""
    return [value_score(predicted[:, at], truth[:, at], name) for at, name in enumerate(names)]


def value_score(predicted: Tensor, truth: Tensor, name: str) -> ValueScore:
    """predicted and truth: float [N], NaN = missing in the truth. All are 0 where no truth is known."""
    known = ~truth.isnan()
    one, other = predicted[known].double(), truth[known].double()
    error = one - other
    num = len(other)
    return ValueScore(
        name,
        num,
        len(truth) - num,
        ccc=concordance(one, other),
        pearson=pearson(one, other),
        rmse=error.square().mean().sqrt().item() if num else 0.0,
        mae=error.abs().mean().item() if num else 0.0,
        sagr=(one.sign() == other.sign()).double().mean().item() if num else 0.0,
    )


def concordance(one: Tensor, other: Tensor) -> float:
    """Lin's concordance correlation coefficient (1989), with population moments: 1 = the same, 0 = nothing in common,
    also where neither varies."""
    if len(one) < 2:
        return 0.0
    covariance = ((one - one.mean()) * (other - other.mean())).mean()
    spread = one.var(correction=0) + other.var(correction=0) + (one.mean() - other.mean()).square()
    return (2 * covariance / spread).item() if spread > 0 else 0.0


def pearson(one: Tensor, other: Tensor) -> float:
    """Pearson's correlation; 0 where one of the two does not vary."""
    if len(one) < 2:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    scale = one.norm() * other.norm()
    return (one @ other / scale).clamp(-1, 1).item() if scale > 0 else 0.0


def filled(scores: Tensor, means: Sequence[float]) -> Tensor:
    """float64 [N, T]: the mean of training stands for the answer to a video that could not be read."""
    return torch.where(scores.isnan(), torch.tensor(means, dtype=scores.dtype, device=scores.device), scores)
