"""The outputs of several heads side by side: a block for each."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import TargetColumn
from videoai.settings.tasks import ValueLoss
from videoai.tasks.value_loss import ValuesLoss

SEPARATOR = ": "  # between the name of a head and that of its class


class Head(NamedTuple):
    """A head and its outputs."""

    name: str
    kind: Literal["class", "value"]
    start: int  # its first output
    end: int
    mean: float  # where it is a value; 0 for a class
    std: float  # likewise; 1

    def of(self, outputs: Tensor) -> Tensor:
        """[..., K] -> its block [..., k]."""
        return outputs[..., self.start : self.end]

    def classes(self, outputs: Sequence[str]) -> list[str]:
        """Names of its classes, of the names of all outputs."""
        return [name.removeprefix(f"{self.name}{SEPARATOR}") for name in outputs[self.start : self.end]]


def heads_of(
    kinds: Mapping[str, Literal["class", "value"]], sizes: Sequence[int], mean: Sequence[float], std: Sequence[float]
) -> list[Head]:
    """A head for each of ``kinds``."""
    spans = pairwise(accumulate(sizes, initial=0))
    about = zip(kinds.items(), spans, mean, std, strict=True)
    return [Head(name, kind, start, end, shift, scale) for (name, kind), (start, end), shift, scale in about]


def output_names(column: TargetColumn) -> list[str]:
    """``verb: open, verb: close``, or the name of a value."""
    if column.kind == "value":
        return [column.name]
    return [f"{column.name}{SEPARATOR}{name}" for name in column.classes]


def column_of(manifest: Manifest, name: str) -> TargetColumn:
    """A column of targets of the data."""
    return manifest.columns[manifest.place_of(name)]


def activated(heads: Sequence[Head], outputs: Tensor) -> Tensor:
    """Probabilities in the blocks of classes, values in their units."""
    parts = [
        head.of(outputs).softmax(-1) if head.kind == "class" else head.of(outputs) * head.std + head.mean
        for head in heads
    ]
    return torch.cat(parts, -1)


class HeadsLoss(NamedTuple):
    """Outputs float [B, K], targets float [B, K] with NaN where one is missing -> a scalar: the weighted mean of the
    heads' losses, each over the clips that have its target."""

    heads: Sequence[Head]
    weights: Sequence[float]
    value_loss: ValueLoss = "mse"
    label_smoothing: float = 0.0

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        losses = [self._of(head, head.of(outputs), head.of(targets)) for head in self.heads]
        total = sum(weight * loss for weight, loss in zip(self.weights, losses, strict=True))
        return torch.as_tensor(total) / sum(self.weights)

    def _of(self, head: Head, outputs: Tensor, targets: Tensor) -> Tensor:
        if head.kind == "value":
            return ValuesLoss(self.value_loss, [head.mean], [head.std])(outputs, targets)
        known = ~targets.isnan().any(1)
        each = F.cross_entropy(
            outputs,
            targets.nan_to_num(0.0).to(outputs.dtype),
            reduction="none",
            label_smoothing=self.label_smoothing,
        )
        return (each * known).sum() / known.sum().clamp(min=1)
