"""A linear softmax classifier fitted to its optimum: no steps, rates or draws to choose."""

from typing import NamedTuple

import torch
from torch import Tensor


class Linear(NamedTuple):
    """weight: float64 [D, K]; bias: [K]."""

    weight: Tensor
    bias: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """[N, D] -> logits [N, K]."""
        return features.double() @ self.weight + self.bias


def fit_linear(features: Tensor, target: Tensor, *, sample_weight: Tensor, l2: float) -> Linear:
    """Minimises the weighted sum of cross-entropies plus ``l2`` / 2 times the sum of squared weights, by L-BFGS.

    features: float [N, D]; target: float [N, K], rows sum to 1; sample_weight: float [N].
    """
    x, y, w = features.double(), target.double(), sample_weight.double()
    weight = torch.zeros(x.shape[1], y.shape[1], dtype=torch.float64, device=x.device, requires_grad=True)
    bias = torch.zeros(y.shape[1], dtype=torch.float64, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        log_p = (x @ weight + bias).log_softmax(1)
        value = -(w * (y * log_p).sum(1)).sum() + l2 / 2 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)  # pyright: ignore[reportArgumentType] (a tensor is taken where a float is declared)
    return Linear(weight.detach(), bias.detach())
