"""What the two networks minimise."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

COARSE = (4, 8, 8)  # cells in time, height and width: a sprite's place, not its texture; the first choice, not tuned


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss of the discriminator (arXiv:1705.02894): scores [B] of real and generated clips -> scalar, 2 at
    chance, 0 when every clip is classified with a margin of one."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def generator_hinge(fake: Tensor) -> Tensor:
    """Hinge loss of the generator: scores [B] of generated clips -> scalar."""
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
    """Mode-seeking loss in 0 .. 1: 0 = two generated clips of a class differ as much as two real ones, 1 = they are one
    clip. The mean over all pairs of a class in the batch; 0 without a pair.

    Mode seeking (arXiv:1903.05628) with a bound: clips need not differ more than real clips do. Distances are between
    downsampled clips, where place and colour count and noise does not; a discriminator of convolutions and a mean
    cannot detect that all clips of a class show one place.

    made, real: float [B, C, T, H, W]; label: int64 [B], the classes of both.
    """
    same = (label[:, None] == label).triu(1)  # its values are not read: that would wait for the device
    distances = [(torch.cdist(coarse, coarse) * same).sum() for coarse in (_coarse(made), _coarse(real))]
    return F.relu(1 - distances[0] / distances[1].clamp_min(1e-6)) * same.any()


def _coarse(video: Tensor) -> Tensor:
    """float [B, D]."""
    return F.adaptive_avg_pool3d(video.float(), COARSE).flatten(1)
