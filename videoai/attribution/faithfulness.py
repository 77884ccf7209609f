"""Deletion and insertion curves (Petsiuk et al. 2018, arXiv:1806.07421): is the heat where the evidence is?"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from videoai.attribution.blur import blurred

POINTS = 11  # 0, 10, ... 100 % of the pixels


class Curves(NamedTuple):
    """The target's probability as the hottest pixels go, or come: float [POINTS] each."""

    deletion: Tensor
    insertion: Tensor


@torch.no_grad()
def curves(network: nn.Module, video: Tensor, target: int, heat: Tensor) -> Curves:
    """Hide the hottest pixels of a clip first, and show them first on a blurred one.

    Args:
        video: float [1, C, T, H, W], normalised; the network's outputs are logits of exclusive classes.
        heat: float [T, H, W].
    """
    order = heat.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    hidden, shares = blurred(video), torch.linspace(0, 1, POINTS)
    masks = torch.stack([(rank < share * len(order)).reshape(heat.shape) for share in shares]).to(video.device)
    masks = masks[:, None]  # [P, 1, T, H, W]: the hottest
    clips = [torch.where(masks, hidden, video), torch.where(masks, video, hidden)]
    return Curves(*(network(clip).float().softmax(1)[:, target].cpu() for clip in clips))


def area(curve: Tensor) -> float:
    """The mean height of a curve by the trapezoidal rule: low is good for deletion, high for insertion."""
    return float(torch.trapezoid(curve, dx=1 / (len(curve) - 1)))
