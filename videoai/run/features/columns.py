"""What the rows of an index say of themselves, as numbers that a comparison of all pairs can ask."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from videoai.data.feature_index import FeatureIndex


@dataclass(frozen=True)
class Column:
    """A value of each row by its number; -1 = the row has none."""

    values: list[str]
    numbers: Tensor  # int64 [N]

    def same(self, queries: slice | Tensor, rows: slice | Tensor, device: torch.device) -> Tensor:
        """bool [q, n]: whether both have the same value. Rows without one are like no other."""
        asked, held = self.numbers[queries].to(device)[:, None], self.numbers[rows].to(device)[None]
        return (asked == held) & (asked >= 0)

    def is_value(self, value: str) -> Tensor:
        """bool [N]"""
        return self.numbers == (self.values.index(value) if value in self.values else -2)

    def overlap(self) -> Tensor:
        """bool [K, K]: whether two label sets, such as run|jump, have a label in common."""
        sets = [set(value.split("|")) for value in self.values]
        return torch.tensor([[bool(one & other) for other in sets] for one in sets], dtype=torch.bool)


@dataclass(frozen=True)
class Columns:
    """The columns of an index that comparisons ask."""

    videos: Column
    groups: Column
    splits: Column
    labels: Column


def columns_of(index: FeatureIndex) -> Columns:
    """In one pass over the rows."""
    found: dict[str, dict[str, int]] = {"group": {}, "split": {}, "label": {}}
    numbers = {name: np.full(len(index), -1, np.int64) for name in found}
    for place in range(len(index)):
        row = index.rows[place]
        for name, values in found.items():
            value = getattr(row, name)
            if value is not None:
                numbers[name][place] = values.setdefault(value, len(values))
    columns = {name: Column([*values], torch.from_numpy(numbers[name])) for name, values in found.items()}
    videos = Column([row.video for row in index.first_rows()], torch.from_numpy(index.videos.astype(np.int64)))
    return Columns(videos, columns["group"], columns["split"], columns["label"])


def thinned_rows(rows: np.ndarray, most: int) -> np.ndarray:
    """As ``thinned``, of an array."""
    return thinned(torch.from_numpy(rows), most).numpy()


def thinned(rows: Tensor, most: int) -> Tensor:
    """At most so many of the rows, evenly over all."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, dtype=torch.float64).round().long()]
