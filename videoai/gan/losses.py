"""What the two networks minimise."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Scores [B] of real and made clips -> scalar: 2 when nothing is told apart, 0 when everything is, by a margin of
    one (arXiv:1705.02894)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def generator_hinge(fake: Tensor) -> Tensor:
    """Scores [B] of made clips -> scalar."""
    return -fake.mean()


def r1_penalty(discriminator: nn.Module, video: Tensor, label: Tensor, conditioning: float = 1.0) -> Tensor:
    """Half the squared gradient of the score at real clips, mean over the batch (arXiv:1801.04406). In fp32: it is
    differentiated twice.

    video: float [B, 3, T, H, W].
    """
    with torch.autocast(video.device.type, enabled=False):
        video = video.detach().float().requires_grad_()
        score = discriminator(video, label, conditioning)
        (slope,) = torch.autograd.grad(score.sum(), video, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2
