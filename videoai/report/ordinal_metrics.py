"""How well ordered levels are told: predicted and true levels int64 [N], 0 = the lowest; -1 = could not be read, which
counts as the level farthest from the truth."""

import torch
from torch import Tensor


def worst_for_unread(predicted: Tensor, labels: Tensor, num_levels: int) -> Tensor:
    """int64 [N], the levels that count."""
    farthest = torch.where(labels * 2 >= num_levels - 1, 0, num_levels - 1)
    return torch.where(predicted < 0, farthest, predicted)


def mean_level_error(predicted: Tensor, labels: Tensor) -> float:
    """The mean absolute error in levels."""
    return (predicted - labels).abs().double().mean().item()


def within_one(predicted: Tensor, labels: Tensor) -> float:
    """The share of answers that are right or one level off."""
    return ((predicted - labels).abs() <= 1).double().mean().item()


def quadratic_weighted_kappa(predicted: Tensor, labels: Tensor) -> float:
    """Cohen's kappa with weights of squared distance (1968): 1 = all right, 0 = as good as chance with these counts of
    levels, also where chance cannot be wrong."""
    one, other = predicted.double(), labels.double()
    seen = (one - other).square().mean()
    gap = one.mean() - other.mean()
    by_chance = one.var(correction=0) + other.var(correction=0) + gap.square()  # the mean over all pairs
    return (1 - seen / by_chance).item() if by_chance > 0 else 0.0
