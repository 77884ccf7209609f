"""What a clip becomes for a loss, in workers and for a whole split alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from videoai.core.types import VideoItem
from videoai.data.lists.items import Items

# (item, seconds) -> what the loss compares with. The item has the labels that hold in the clip, under the data's own
# numbers; those of a mirrored or reversed clip are changed already. seconds: when each frame is, in the order shown;
# () = the video as a whole. Travels to workers, so it pickles.
Target = Callable[[VideoItem, Sequence[float]], int | Tensor]


def one_class(item: VideoItem, seconds: Sequence[float]) -> int:
    """The only label, under the data's own number."""
    return item.labels[0]


@dataclass(frozen=True)
class OneClass:
    """An output for each class of the data."""

    output_of: Sequence[int]  # [K of the data]

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> int:
        return self.output_of[item.labels[0]]


@dataclass(frozen=True)
class MultiHot:
    """Any number of labels: float [num_outputs], 1 for each of them; NaN = not annotated."""

    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        target = torch.zeros(self.num_outputs)
        target[[self.output_of[label] for label in item.unknown]] = nan
        target[[self.output_of[label] for label in item.labels]] = 1
        return target


@dataclass(frozen=True)
class FrameLabels:
    """Which labels hold at each frame of a clip: float [num_outputs, T]."""

    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        """1 for the labels whose span a frame's time lies in; an end is outside. Without times [num_outputs, 1]: the
        labels that hold at some moment."""
        target = torch.zeros(self.num_outputs, max(1, len(seconds)))
        when = torch.tensor(seconds, dtype=torch.float64)
        for span in item.spans or ():
            end = inf if span.end_seconds is None else span.end_seconds
            holds = (when >= span.start_seconds) & (when < end) if len(seconds) else slice(None)
            target[self.output_of[span.label], holds] = 1
        return target


@dataclass(frozen=True)
class EventEnds(FrameLabels):
    """Which labels hold at each frame, and how far begin and end are: float [3 num_outputs, T], labels first, then
    distances in frames of the clip, 0 where a label does not hold. Of two spans of a label the shorter one counts."""

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        """Ends may lie outside of the clip. Of a clip that is shown backwards begin and end change places."""
        holds = super().__call__(item, seconds)
        if not seconds:
            return torch.cat([holds, torch.zeros_like(holds), torch.zeros_like(holds)])
        away, length = torch.zeros(2, *holds.shape), torch.full(holds.shape, inf)
        when = torch.tensor(seconds, dtype=torch.float64)
        steps = when.diff().abs()
        step = float(steps[steps > 0].median()) if bool((steps > 0).any()) else 1.0
        for span in sorted(item.spans or (), key=lambda one: one.start_seconds):
            end = span.end_seconds if span.end_seconds is not None else max(seconds) + step
            row = self.output_of[span.label]
            at = (when >= span.start_seconds) & (when < end) & (end - span.start_seconds < length[row])
            length[row, at] = end - span.start_seconds
            away[0, row, at] = ((when[at] - span.start_seconds) / step).float()
            away[1, row, at] = ((end - when[at]) / step).float()
        is_reversed = len(seconds) > 1 and seconds[0] > seconds[-1]
        return torch.cat([holds, *(away.flip(0) if is_reversed else away)])


@dataclass(frozen=True)
class Values:
    """Numbers of the clip: float [T], NaN where one is missing."""

    places: Sequence[int]  # [T], among the values of an item

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        return torch.tensor([_number(item.values[place]) for place in self.places])


@dataclass(frozen=True)
class Shares:
    """A distribution over the classes: float [num_outputs]."""

    places: Sequence[int]  # [K of the data], among the values of an item: the share of each class
    output_of: Sequence[int]  # [K of the data]
    num_outputs: int

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        target = torch.zeros(self.num_outputs)
        target[[*self.output_of]] = torch.tensor([_number(item.values[place]) for place in self.places])
        return target


class Block(NamedTuple):
    """Where a head's target lies among those of a clip."""

    place: int  # where its value stands among those of an item
    start: int  # its first output
    end: int
    output_of: Sequence[int]  # [K of the head's classes in the data], counted from start; () = a number


@dataclass(frozen=True)
class Heads:
    """Targets side by side: float [num_outputs], NaN where one is missing. A class is one-hot, so that it can be mixed;
    a number is itself."""

    blocks: Sequence[Block]
    num_outputs: int

    def __call__(self, item: VideoItem, seconds: Sequence[float]) -> Tensor:
        target = torch.zeros(self.num_outputs)
        for block in self.blocks:
            value = item.values[block.place]
            if value is None:
                target[block.start : block.end] = nan
            elif block.output_of:
                target[block.start + block.output_of[int(value)]] = 1
            else:
                target[block.start] = value
        return target


def _number(value: float | None) -> float:
    return nan if value is None else value


def split_targets(items: Items, target: Target) -> Tensor:
    """[N, ...], the target of each item. Without values each different label, or set of labels, is asked for once."""
    if items.values is not None and len(items):
        return torch.stack([torch.as_tensor(target(item, ())) for item in items])
    numbers, which = np.unique(items.label, return_inverse=True)
    first = np.unique(which, return_index=True)[1]  # an item of each
    table = [torch.as_tensor(target(items[int(row)], ())) for row in first]
    return torch.stack(table)[torch.from_numpy(which)] if len(numbers) else torch.empty(0)
