"""Differentiable augmentation of clips (DiffAugment, arXiv:2006.10738): what the discriminator sees of real and of made
clips alike. Every frame of a clip is treated alike, so that motion stays what it was; nothing is mirrored, turned or
played backwards, because that would change what a clip shows."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

POLICY = ("color", "translation", "cutout")  # all three: the authors' advice for hundreds of clips
MAX_SHIFT = 1 / 8  # share of a side; this and the two below are the values of the paper's code
CUTOUT = 1 / 2  # share of a side
BRIGHTNESS, SATURATION, CONTRAST = 1.0, (0.0, 2.0), (0.5, 1.5)  # width on the scale of [-1, 1]; factors


def diff_augment(
    video: Tensor, policy: Sequence[str], generator: Generator, probability: float | Tensor = 1.0
) -> Tensor:
    """video: float [B, C, T, H, W] in [-1, 1] -> the same shape; colours may leave the range.

    ``generator`` is a CPU generator, so that the draw is the same on every device. Each clip gets each operation with
    ``probability`` (a tensor: no waiting for the device).
    """
    for name in policy:
        changed = OPERATIONS[name](video, generator)
        chosen = _draw(video, generator) < probability
        video = torch.where(chosen, changed, video)
    return video


def color(video: Tensor, generator: Generator) -> Tensor:
    """Another brightness, saturation and contrast for each clip."""
    video = video + BRIGHTNESS * (_draw(video, generator) - 0.5)
    grey = video.mean(1, keepdim=True)
    video = grey + (video - grey) * _between(SATURATION, video, generator)
    middle = video.mean((1, 2, 3, 4), keepdim=True)
    return middle + (video - middle) * _between(CONTRAST, video, generator)


def translation(video: Tensor, generator: Generator) -> Tensor:
    """Moves each clip by up to MAX_SHIFT of its sides; grey (0) moves in."""
    moved = video
    for dim in (3, 4):
        side = video.shape[dim]
        reach = round(side * MAX_SHIFT)
        shift = torch.randint(-reach, reach + 1, (len(video), 1), generator=generator)
        source = torch.arange(side) - shift  # [B, side]
        shape = [len(video), 1, 1, 1, 1]
        shape[dim] = side
        inside = ((source >= 0) & (source < side)).view(shape).to(video.device, non_blocking=True)
        index = source.clamp(0, side - 1).view(shape).to(video.device, non_blocking=True).expand_as(moved)
        moved = torch.where(inside, moved.gather(dim, index), 0.0)
    return moved


def cutout(video: Tensor, generator: Generator) -> Tensor:
    """A grey (0) box of CUTOUT of the sides, anywhere, partly outside too; the same in every frame."""
    inside = torch.ones(1, dtype=torch.bool)
    for dim in (3, 4):
        side = video.shape[dim]
        middle = torch.randint(0, side + 1, (len(video), 1), generator=generator)
        shape = [len(video), 1, 1, 1, 1]
        shape[dim] = side
        inside = inside & ((torch.arange(side) - middle).abs() * 2 < side * CUTOUT).view(shape)
    return video.masked_fill(inside.to(video.device, non_blocking=True), 0.0)


OPERATIONS = {"color": color, "translation": translation, "cutout": cutout}


def _draw(video: Tensor, generator: Generator) -> Tensor:
    """Uniform in [0, 1), one number a clip: [B, 1, 1, 1, 1]."""
    return torch.rand(len(video), 1, 1, 1, 1, generator=generator).to(video.device, non_blocking=True)


def _between(ends: tuple[float, float], video: Tensor, generator: Generator) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * _draw(video, generator)
