"""What the labels of a clip become for a loss, in workers and for a whole split alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videoai.data.lists.items import Items

# Labels of a clip, numbers of the data's classes -> what the loss compares with. Travels to workers, so it pickles.
# Where a clip was not annotated for some classes, these are a second argument.
Target = Callable[..., int | Tensor]


def target_of(target: Target, labels: Sequence[int], unknown: Sequence[int]) -> int | Tensor:
    """The target of a clip. unknown: the classes that it was not annotated for."""
    return target(labels, unknown) if unknown else target(labels)


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
    """Any number of labels: ``labels -> float [num_outputs]``, 1 for each of them; NaN = not annotated."""

    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, labels: Sequence[int], unknown: Sequence[int] = ()) -> Tensor:
        target = torch.zeros(self.num_outputs)
        target[[self.output_of[label] for label in unknown]] = torch.nan
        target[[self.output_of[label] for label in labels]] = 1
        return target


def split_targets(items: Items, target: Target) -> Tensor:
    """[N, ...], the target of each item. Each different label, or set of labels, is asked for once."""
    numbers, which = np.unique(items.label, return_inverse=True)
    first = np.unique(which, return_index=True)[1]  # an item of each
    chosen = [items[int(row)] for row in first]
    table = [torch.as_tensor(target_of(target, item.labels, item.unknown)) for item in chosen]
    return torch.stack(table)[torch.from_numpy(which)] if len(numbers) else torch.empty(0)
