"""What the two networks minimise."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

COARSE = (4, 8, 8)  # cells in time, height and width: a sprite's place, not its texture; the first choice, not tuned


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Scores [B] of real and made clips -> scalar: 2 at chance, 0 when the discriminator separates all, by a margin of
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


def sameness(made: Tensor, real: Tensor, label: Tensor) -> Tensor:
    """Scalar in 0 .. 1: 0 = two made clips of a class differ as much as two real ones, 1 = they are one clip. The mean
    over all pairs of a class in the batch; 0 without a pair.

    Mode seeking (arXiv:1903.05628) in a form that stops: it asks for no more difference than real clips have. Distances
    are between coarse clips, where noise does not count but place and colour do; a discriminator of convolutions and a
    mean cannot see that all clips of a class lie in one place.

    made, real: float [B, C, T, H, W]; label: int64 [B], of both.
    """
    same = (label[:, None] == label).triu(1)  # never asked for its values: that would wait for the device
    distances = [(torch.cdist(coarse, coarse) * same).sum() for coarse in (_coarse(made), _coarse(real))]
    return F.relu(1 - distances[0] / distances[1].clamp_min(1e-6)) * same.any()


def _coarse(video: Tensor) -> Tensor:
    """float [B, D]."""
    return F.adaptive_avg_pool3d(video.float(), COARSE).flatten(1)
