"""Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365)."""

import torch
from torch import Tensor, nn

from videoai.attribution.blur import blurred

STEPS = 32  # the paper: 20 to 300 approximate the integral within 5 %


def integrated_gradients(
    network: nn.Module, video: Tensor, target: int, *, steps: int = STEPS, baseline: Tensor | None = None
) -> Tensor:
    """What each pixel adds to the target's output on the straight way from a baseline to the clip.

    Args:
        video: float [1, C, T, H, W], normalised.
        target: the number of the output.
        baseline: as ``video``; None = the clip blurred in space and averaged over time.

    Returns: float [C, T, H, W], signed; its sum is about output(video) - output(baseline) (completeness).
    """
    start = blurred(video) if baseline is None else baseline
    total = torch.zeros_like(video)
    for step in range(steps):
        point = (start + (video - start) * ((step + 0.5) / steps)).detach().requires_grad_()  # midpoint rule
        with torch.enable_grad():
            score = network(point)[0, target]
        total += torch.autograd.grad(score, point)[0]
    return ((video - start) * total / steps)[0].detach().float()
