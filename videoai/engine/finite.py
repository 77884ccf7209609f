"""Finds the step whose loss or gradients are not finite.

Reading a value makes the host wait for a GPU. So steps are noted, and read all at once when their values are due;
until then a fused optimizer leaves out the update of a broken step (``Precision.update``).
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from videoai.core.types import Clips


class NotFiniteError(ValueError):
    """A loss, gradient or weight is NaN or infinite; the message says which, and what is saved."""


class Noted(NamedTuple):
    """A step whose values nobody has read."""

    step: int  # the number of steps after it
    values: dict[str, Tensor]  # scalars on the device
    index: list[Tensor]  # int64 [B] on the CPU, the videos of each micro-batch


class Finiteness:
    """The steps since the last reading."""

    def __init__(self) -> None:
        self.unread: list[Noted] = []

    def note(self, step: int, values: dict[str, Tensor], micro_batches: Sequence[Clips]) -> None:
        """Keep what ``first_broken`` will read."""
        self.unread.append(Noted(step, values, [clips.index for clips in micro_batches]))

    def first_broken(self) -> str | None:
        """Read the noted steps: the first that is not finite in words, or None. Waits for the device once."""
        noted, self.unread = self.unread, []
        named = [(each, key) for each in noted for key in each.values]
        numbers = torch.stack([each.values[key] for each, key in named]).tolist() if named else []
        for (each, key), number in zip(named, numbers, strict=True):
            if not math.isfinite(number):
                videos = sorted({int(video) for index in each.index for video in index})[:8]
                return f"step {each.step}: {key} is {number} (training videos number {videos})."
        return None


def first_not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of a tensor with a NaN or infinity. Waits for the device once, not for each tensor."""
    numbers = {name: value for name, value in tensors.items() if value.is_floating_point()}
    device = next((value.device for value in numbers.values()), None)
    finite = torch.stack([torch.isfinite(value).all().to(device) for value in numbers.values()]).tolist()
    return next((name for name, is_finite in zip(numbers, finite, strict=True) if not is_finite), None)
