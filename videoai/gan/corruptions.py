"""Corruption baselines: real clips corrupted in known ways, to compare the distance of generated clips with.

A distance on features that does not rise when time is destroyed says nothing about motion (arXiv:2404.12391).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from videoai.core.seeding import generator_for


def shuffled(video: Tensor, seed: int = 0) -> Tensor:
    """Frames in random order, another for each clip. video: [N, T, C, H, W]."""
    order = torch.stack(
        [torch.randperm(video.shape[1], generator=generator_for(seed, "ladder", n)) for n in range(len(video))]
    )
    return video[torch.arange(len(video))[:, None], order]


def frozen(video: Tensor) -> Tensor:
    """The middle frame throughout. video: [N, T, C, H, W]."""
    middle = video.shape[1] // 2
    return video[:, middle : middle + 1].expand_as(video)


def backwards(video: Tensor) -> Tensor:
    """The last frame first. video: [N, T, C, H, W]. Small where every class has its reverse among the classes."""
    return video.flip(1)


CORRUPTIONS: dict[str, Callable[[Tensor], Tensor]] = {"shuffled": shuffled, "frozen": frozen, "reversed": backwards}
