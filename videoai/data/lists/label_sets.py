"""The labels of videos that have several: each different set of them once, in columns.

A million videos have few different sets, and those that name times are as many as their annotations. An item keeps the
number of its set, so that selecting and sorting items never touches a set, and forked workers share all of them.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan

import numpy as np
from numpy import ndarray

from videoai.core.types import LabelSpan


@dataclass(frozen=True, eq=False)
class LabelSets:
    """Set s holds the spans ends[s] .. ends[s + 1]."""

    ends: ndarray  # int64 [S + 1]
    label: ndarray  # int32 [P]
    start_seconds: ndarray  # float64 [P]
    end_seconds: ndarray  # float64 [P], NaN = to the end of the file
    is_known: ndarray  # bool [P], False = a label of which nothing is known

    @classmethod
    def of(cls, sets: Iterable[Sequence[LabelSpan]]) -> "LabelSets":
        """Takes the sets one by one: no list of them is made."""
        sizes, label, start, end, known = array("q", [0]), array("i"), array("d"), array("d"), array("b")
        for spans in sets:
            sizes.append(len(spans))
            label.extend(span.label for span in spans)
            start.extend(span.start_seconds for span in spans)
            end.extend(nan if span.end_seconds is None else span.end_seconds for span in spans)
            known.extend(span.is_known for span in spans)
        columns = np.array(label, np.int32), np.array(start), np.array(end), np.array(known, bool)
        return cls(np.cumsum(sizes), *columns)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, number: int) -> tuple[LabelSpan, ...]:
        part = slice(*self.ends[number : number + 2].tolist())
        columns = (self.label, self.start_seconds, self.end_seconds, self.is_known)
        spans = zip(*(column[part].tolist() for column in columns), strict=True)
        return tuple(LabelSpan(label, start, None if end != end else end, known) for label, start, end, known in spans)

    @cached_property
    def _distinct(self) -> tuple[ndarray, ndarray]:
        """As ends and label, but each known label of a set once, however often it holds, and in order."""
        known = self.label[self.is_known]
        least = int(known.min(initial=0))  # below 0 only where data check looks for such mistakes
        num_labels = int(known.max(initial=0)) - least + 1
        owner = np.repeat(np.arange(len(self)), np.diff(self.ends))[self.is_known]
        owner, label = np.divmod(np.unique(owner * num_labels + (known - least)), num_labels)
        return np.searchsorted(owner, np.arange(len(self) + 1)), (label + least).astype(np.int32)

    def pairs(self, numbers: ndarray) -> tuple[ndarray, ndarray]:
        """int64 [M] and int32 [M]: position in ``numbers`` [N] and label, each pair once, in order."""
        ends, label = self._distinct
        sizes = np.diff(ends)[numbers]
        position = np.repeat(np.arange(len(numbers)), sizes)
        within = np.arange(len(position)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return position, label[ends[numbers][position] + within]

    def count_unknown(self, numbers: ndarray, num_classes: int) -> ndarray:
        """int64 [K], for each class the items of which nobody said whether they have it. numbers: [N], their sets."""
        items = np.repeat(np.bincount(numbers, minlength=len(self)), np.diff(self.ends))[~self.is_known]
        return np.bincount(self.label[~self.is_known], items, minlength=num_classes).astype(np.int64)

    def renumbered(self, label_of: ndarray) -> "LabelSets":
        """With label_of[label], int32, in the place of each label; those that turn into -1 are left out."""
        label = label_of[self.label].astype(np.int32)
        keep = label >= 0
        ends = np.concatenate([[0], np.cumsum(keep)])[self.ends]
        return replace(
            self,
            ends=ends,
            label=label[keep],
            start_seconds=self.start_seconds[keep],
            end_seconds=self.end_seconds[keep],
            is_known=self.is_known[keep],
        )
