"""Metrics of segmentation: segmental F1 at IoU 10, 25 and 50 %, edit score, frame accuracy (Lea et al. 2017,
arXiv:1611.05267; Farha and Gall 2019, arXiv:1903.01945)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.events.event import Event, overlap, stretches

OVERLAPS = (0.1, 0.25, 0.5)


class Counts(NamedTuple):
    """Events that were found, were none, and were missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is nothing to find and nothing was said."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else float("nan")


def judged(truth: list[Event], predicted: list[Event], least_iou: float) -> list[tuple[Event, bool]]:
    """Each predicted event, in order of time, and whether it is right. It is compared with the event of its class that
    it overlaps most; a second one on the same event is wrong."""
    ordered = sorted(predicted, key=lambda event: (event.start_seconds, event.end_seconds))
    taken, rows = np.zeros(len(truth), bool), []
    ious, labels = overlap(stretches(ordered), stretches(truth)), np.array([event.label for event in truth], int)
    for event, row in zip(ordered, ious, strict=True):
        same = np.where(labels == event.label, row, -1.0)
        best = int(same.argmax()) if len(same) else -1
        is_right = best >= 0 and bool(same[best] >= least_iou) and not taken[best]
        if is_right:
            taken[best] = True
        rows.append((event, is_right))
    return rows


def segmental_counts(truth: list[Event], predicted: list[Event], least_iou: float) -> Counts:
    """How many predicted events are right and wrong, and how many of the true ones none has met."""
    right = sum(is_right for _, is_right in judged(truth, predicted, least_iou))
    return Counts(right, len(predicted) - right, len(truth) - right)


def segmental_f1(truth: Sequence[list[Event]], predicted: Sequence[list[Event]], least_iou: float) -> float:
    """F1 over the events of all videos together, 0 .. 1."""
    total = Counts()
    for one, other in zip(truth, predicted, strict=True):
        total = total.plus(segmental_counts(one, other, least_iou))
    return total.f1


def edit_score(truth: list[Event], predicted: list[Event]) -> float:
    """1 less the Levenshtein distance of the two orders of classes, over the longer one's length: 0 .. 1."""
    one, other = _order(truth), _order(predicted)
    longer = max(len(one), len(other))
    return 1.0 - levenshtein(one, other) / longer if longer else 1.0


def levenshtein(one: Sequence[int], other: Sequence[int]) -> int:
    """The fewest insertions, deletions and replacements that turn one into the other."""
    row = np.arange(len(other) + 1)
    for number, label in enumerate(one, start=1):
        changed = [number]
        for at, wanted in enumerate(other, start=1):
            changed.append(min(row[at] + 1, changed[-1] + 1, row[at - 1] + (label != wanted)))
        row = np.array(changed)
    return int(row[-1])


def frame_accuracy(truth: ndarray, probability: ndarray, threshold: float) -> tuple[int, int]:
    """Steps whose best class holds there, or where none holds and none reaches the threshold; and all steps.

    Args:
        truth: bool [K, T]. probability: [K, T]; NaN counts as 0.
    """
    known = np.nan_to_num(probability)
    says = known.max(0) >= threshold
    best_holds = np.take_along_axis(truth, known.argmax(0)[None], 0)[0]
    is_right = np.where(says, best_holds, ~truth.any(0))
    return int(is_right.sum()), truth.shape[1]


def _order(events: list[Event]) -> list[int]:
    return [event.label for event in sorted(events, key=lambda event: (event.start_seconds, event.end_seconds))]
