"""Mean average precision of events at thresholds of temporal IoU, as ActivityNet and THUMOS define it.

A prediction is right if it meets an event of its class that no better one has taken, at the IoU or above. Precision is
made monotonous from the right before the area under it is taken (VOC 2010 and later; Caba Heilbron et al. 2015).
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from videoai.events.event import Event, overlap, stretches

TIOUS = (0.3, 0.4, 0.5, 0.6, 0.7)  # THUMOS14's


def average_precisions(
    truth: Sequence[list[Event]], predicted: Sequence[list[Event]], *, num_classes: int, tious: Sequence[float] = TIOUS
) -> ndarray:
    """float64 [K, len(tious)]; NaN for a class that no video has. truth, predicted: a list of events for each video."""
    rows = [class_precisions(_of(truth, label), _of(predicted, label), tious) for label in range(num_classes)]
    return np.array(rows).reshape(num_classes, len(tious))


def class_precisions(
    truth: Sequence[list[Event]], predicted: Sequence[list[Event]], tious: Sequence[float]
) -> list[float]:
    """AP at each IoU, of events that are all of one class."""
    positives = sum(map(len, truth))
    if not positives:
        return [np.nan] * len(tious)
    ranked = sorted(
        ((event, video) for video, events in enumerate(predicted) for event in events), key=lambda one: -one[0].score
    )
    where = [stretches(events) for events in truth]
    taken = [np.zeros((len(tious), len(events)), bool) for events in truth]
    is_right = np.zeros((len(tious), len(ranked)), bool)
    for rank, (event, video) in enumerate(ranked):
        ious = overlap(stretches([event]), where[video])[0]
        order = np.argsort(-ious, kind="stable")
        for at, tiou in enumerate(tious):
            free = next((one for one in order if ious[one] >= tiou and not taken[video][at, one]), None)
            if free is not None:
                taken[video][at, free] = is_right[at, rank] = True
    return [interpolated(row, positives) for row in is_right]


def interpolated(is_right: ndarray, positives: int) -> float:
    """The area under the precision envelope. is_right: bool [N], predictions by score, the best first."""
    right = is_right.cumsum()
    precision = right / np.arange(1, len(is_right) + 1)
    recall = np.concatenate([[0.0], right / positives])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * envelope).sum())


def _of(videos: Sequence[list[Event]], label: int) -> list[list[Event]]:
    return [[event for event in events if event.label == label] for events in videos]
