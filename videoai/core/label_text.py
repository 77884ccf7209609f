"""What a clip teaches, in words."""

from collections.abc import Sequence

import torch
from torch import Tensor

MOST_NAMES = 4  # names of a clip with several labels
LEAST_WEIGHT = 0.005  # less of a soft label would be written as 0 %


def label_text(label: int | Tensor, names: Sequence[str]) -> str:
    """Its class, its classes with their weights where they are soft, or a number. label: a number of ``names``, float
    [K] for K names, or the target of another task."""
    label = torch.as_tensor(label)
    if label.ndim == 0 and not label.is_floating_point() and 0 <= int(label) < len(names):
        return names[int(label)]
    if label.ndim == 1 and len(label) == len(names):
        weights = sorted(
            zip(label.nan_to_num(0).tolist(), names, strict=True), key=lambda pair: -pair[0]
        )  # equal ones keep their order
        parts = [
            title if weight == 1 else f"{title} {100 * weight:.0f} %"
            for weight, title in weights
            if weight >= LEAST_WEIGHT
        ]
        return ", ".join(parts[:MOST_NAMES]) or "no label"
    return f"{float(label):g}" if label.ndim == 0 else str(label.tolist())
