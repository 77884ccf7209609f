"""A table as arrays: features of a network and columns of other kinds, labels, and what must stay together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray


@dataclass(frozen=True, eq=False)
class Matrix:
    """N rows of D columns. A categorical column holds the numbers of its values; NaN = missing."""

    x: ndarray  # float32 [N, D]
    names: list[str]  # [D]
    categorical: ndarray  # bool [D]
    y: ndarray  # int64 [N]
    classes: list[str]
    groups: ndarray  # int64 [N]: rows of one group are never learned and tested at once

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, chosen: ndarray) -> "Matrix":
        """The rows of a mask or of indices."""
        return replace(self, x=self.x[chosen], y=self.y[chosen], groups=self.groups[chosen])

    def columns(self, chosen: Sequence[int]) -> "Matrix":
        """The columns with these numbers."""
        keep = list(chosen)
        names = [self.names[number] for number in keep]
        return replace(self, x=self.x[:, keep], names=names, categorical=self.categorical[keep])


def as_column(values: Sequence[object]) -> tuple[ndarray, bool]:
    """float32 [N], and whether it is categorical: numbers stay, anything else becomes the number of its value in
    order; None, "" and NaN are missing."""
    missing = [value is None or value == "" or value != value for value in values]
    try:
        numbers = [np.nan if gone else float(value) for value, gone in zip(values, missing, strict=True)]  # pyright: ignore[reportArgumentType]
        return np.array(numbers, np.float32), False
    except (TypeError, ValueError):
        known = sorted({str(value) for value, gone in zip(values, missing, strict=True) if not gone})
        number = {text: place for place, text in enumerate(known)}
        codes = [np.nan if gone else number[str(value)] for value, gone in zip(values, missing, strict=True)]
        return np.array(codes, np.float32), True


def group_scaled(x: ndarray, groups: ndarray, categorical: ndarray) -> ndarray:
    """Each numeric column less its mean in the group, over its standard deviation there. It uses no label, and no
    other group; a group must be there as a whole, also where it is tested."""
    scaled = x.copy()
    numeric = ~categorical
    for group in np.unique(groups):
        rows = groups == group
        part = x[np.ix_(rows, numeric)]
        deviation = np.nanstd(part, axis=0)
        scaled[np.ix_(rows, numeric)] = (part - np.nanmean(part, axis=0)) / np.where(deviation > 0, deviation, 1)
    return scaled
