"""Clips from a generator; which noise a clip comes from is a function of the seed and of its number."""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import Parameter

from videoai.core.seeding import generator_for


class MakesClips(Protocol):
    """A generator, as the docstring of the package says."""

    num_classes: int
    latent_size: int
    num_frames: int
    size: int

    def parameters(self) -> Iterator[Parameter]: ...

    def __call__(self, latent: Tensor, label: Tensor, /) -> Tensor: ...


@torch.no_grad()
def sample(generator: MakesClips, labels: Tensor, *, seed: int, batch_size: int = 16) -> Tensor:
    """labels: int64 [N] -> uint8 [N, T, C, H, W] RGB, on the CPU. Clip i depends on (seed, i) and its label alone, up
    to rounding: not on ``batch_size`` nor on how many are made. The generator is expected in evaluation mode.

    Raises: ValueError: a label that the generator does not know.
    """
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < generator.num_classes:
        raise ValueError(f"labels {int(labels.min())} .. {int(labels.max())}: 0 .. {generator.num_classes - 1} exist.")
    device = next(generator.parameters()).device
    noise = latents(len(labels), generator.latent_size, seed=seed)
    shape = (generator.num_frames, 3, generator.size, generator.size)
    made = torch.empty(len(labels), *shape, dtype=torch.uint8)
    for start in range(0, len(labels), batch_size):
        part = slice(start, start + batch_size)
        made[part] = to_pixels(generator(noise[part].to(device), labels[part].to(device))).cpu()
    return made


def latents(count: int, latent_size: int, *, seed: int) -> Tensor:
    """float [count, latent_size], standard normal; row i is a function of (seed, i)."""
    rows = [torch.randn(latent_size, generator=generator_for(seed, "latent", number)) for number in range(count)]
    return torch.stack(rows) if rows else torch.empty(0, latent_size)


def batch_latents(count: int, latent_size: int, *, seed: int, position: int) -> Tensor:
    """float [count, latent_size]: the noise of training batch number ``position``."""
    return torch.randn(count, latent_size, generator=generator_for(seed, "training latent", position))


def from_pixels(video: Tensor) -> Tensor:
    """uint8 [B, T, C, H, W] -> float [B, C, T, H, W] in [-1, 1]."""
    return video.transpose(1, 2).float() / 127.5 - 1


def to_pixels(video: Tensor) -> Tensor:
    """float [B, C, T, H, W] in [-1, 1] -> uint8 [B, T, C, H, W]."""
    return ((video.float() + 1) * 127.5).round().clamp(0, 255).byte().transpose(1, 2)
