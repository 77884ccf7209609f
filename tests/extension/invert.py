"""A batch operation of a user's own package."""

from typing import ClassVar

import torch


class Invert:
    """Turns a share of the clips of a batch into their negative."""

    positions_seen: ClassVar[list[int]] = []  # by this process

    def __init__(self, *, strength: float) -> None:
        self.strength = strength

    def __call__(self, batch, position):
        self.positions_seen.append(position)
        rng = torch.Generator().manual_seed(position)
        inverted = torch.rand(len(batch.video), generator=rng) < self.strength
        sign = torch.where(inverted, -1.0, 1.0).to(batch.video.device)
        return batch._replace(video=batch.video * sign[:, None, None, None, None])
