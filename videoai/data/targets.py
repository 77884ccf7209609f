"""What the labels of a clip become for a loss, in workers and for a whole split alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videoai.core.types import LabelSpan
from videoai.data.lists.items import Items

# Labels of a clip, numbers of the data's classes -> what the loss compares with. Travels to workers, so it pickles.
Target = Callable[[Sequence[int]], int | Tensor]


def one_class(labels: Sequence[int]) -> int:
    """The only label, under the data's own number."""
    return labels[0]


@dataclass(frozen=True)
class OneClass:
    """An output for each class of the data: ``labels -> int``."""

    output_of: Sequence[int]  # [K of the data]

    def __call__(self, labels: Sequence[int]) -> int:
        return self.output_of[labels[0]]


@dataclass(frozen=True)
class MultiHot:
    """Any number of labels: ``labels -> float [num_outputs]``, 1 for each of them."""

    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, labels: Sequence[int]) -> Tensor:
        target = torch.zeros(self.num_outputs)
        target[[self.output_of[label] for label in labels]] = 1
        return target


@dataclass(frozen=True)
class FrameLabels:
    """Which labels hold at each frame of a clip."""

    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, labels: Sequence[int]) -> Tensor:
        """float [num_outputs, 1]: labels that hold all along."""
        target = torch.zeros(self.num_outputs, 1)
        target[[self.output_of[label] for label in labels]] = 1
        return target

    def at(self, spans: Sequence[LabelSpan], seconds: Sequence[float]) -> Tensor:
        """float [num_outputs, T], 1 for the labels of the spans that a frame's time lies in; an end is outside."""
        target, when = torch.zeros(self.num_outputs, len(seconds)), torch.tensor(seconds, dtype=torch.float64)
        for span in spans:
            end = float("inf") if span.end_seconds is None else span.end_seconds
            target[self.output_of[span.label], (when >= span.start_seconds) & (when < end)] = 1
        return target


def split_targets(items: Items, target: Target) -> Tensor:
    """[N, ...], the target of each item. Each different label, or set of labels, is asked for once."""
    numbers, which = np.unique(items.label, return_inverse=True)
    first = np.unique(which, return_index=True)[1]  # an item of each
    table = [torch.as_tensor(target(items[int(row)].labels)) for row in first]
    return torch.stack(table)[torch.from_numpy(which)] if len(numbers) else torch.empty(0)
