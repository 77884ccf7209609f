"""All metrics of events, of one model on one split."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray

from videoai.events.average_precision import TIOUS, average_precisions
from videoai.events.event import Event, Track, step_labels
from videoai.events.proposals import EventSettings, proposals, timeline
from videoai.events.segmental import OVERLAPS, Counts, edit_score, frame_accuracy, segmental_counts, segmental_f1

MIDDLE = 0.5  # the IoU at which counts by class and by length are taken


@dataclass(frozen=True)
class Scores:
    """What a model found in N videos, beside what happens in them."""

    truth: Sequence[list[Event]]
    tracks: Sequence[Track]
    num_classes: int
    settings: EventSettings

    @cached_property
    def events(self) -> list[list[Event]]:
        """What a person sees."""
        return [timeline(track, self.settings) for track in self.tracks]

    @cached_property
    def proposals(self) -> list[list[Event]]:
        """Ranked candidates."""
        return [proposals(track, self.settings) for track in self.tracks]

    @cached_property
    def precisions(self) -> ndarray:
        """float64 [K, len(TIOUS)]; NaN for a class without an event."""
        return average_precisions(self.truth, self.proposals, num_classes=self.num_classes)

    def metrics(self) -> dict[str, float]:
        """Every number by its name, 0 .. 1; NaN where there is nothing to find."""
        with np.errstate(invalid="ignore"):
            means = np.array([mean(column) for column in self.precisions.T])
        by_tiou = {f"map_{round(100 * tiou)}": float(value) for tiou, value in zip(TIOUS, means, strict=True)}
        f1 = {f"f1_{round(100 * least)}": segmental_f1(self.truth, self.events, least) for least in OVERLAPS}
        return {"map": mean(means), **by_tiou, **f1, "edit": self.edit(), "frame_accuracy": self.frame_accuracy()}

    def edit(self) -> float:
        """Mean edit score of the videos."""
        return mean(np.array([edit_score(one, other) for one, other in zip(self.truth, self.events, strict=True)]))

    def frame_accuracy(self) -> float:
        """Over the steps of all videos."""
        right, total = 0, 0
        for events, track in zip(self.truth, self.tracks, strict=True):
            counts = frame_accuracy(self.labels(events, track), track.probability, self.settings.threshold)
            right, total = right + counts[0], total + counts[1]
        return right / total if total else float("nan")

    def loss(self) -> float:
        """Mean binary cross-entropy of steps and classes; what could not be read counts as probability 0."""
        total, count = 0.0, 0
        for events, track in zip(self.truth, self.tracks, strict=True):
            p = np.nan_to_num(track.probability).astype(float).clip(1e-6, 1 - 1e-6)
            holds = self.labels(events, track)
            total, count = total - float(np.log(np.where(holds, p, 1 - p)).sum()), count + p.size
        return total / count if count else float("nan")

    def labels(self, events: list[Event], track: Track) -> ndarray:
        """bool [K, T] at the steps of the track."""
        return step_labels(events, num_classes=self.num_classes, num_steps=track.num_steps, rate=track.rate)

    def counts_of_class(self, label: int) -> Counts:
        """At IoU 50 %."""
        return total_counts(
            [[event for event in events if event.label == label] for events in self.truth],
            [[event for event in events if event.label == label] for events in self.events],
        )

    def recall_by_length(self) -> list[tuple[float, float, int, float]]:
        """(from, to, number of events, share found at IoU 50 %) of the shortest, middle and longest third."""
        rows = [(event.seconds, found) for event, found in self._found()]
        if not rows:
            return []
        lengths = np.array([seconds for seconds, _ in rows])
        edges = np.quantile(lengths, [0, 1 / 3, 2 / 3, 1])
        place = np.searchsorted(edges[1:-1], lengths, side="left")
        found = np.array([is_found for _, is_found in rows])
        return [
            (
                float(lengths[place == at].min()),
                float(lengths[place == at].max()),
                int((place == at).sum()),
                float(found[place == at].mean()),
            )
            for at in range(3)
            if (place == at).any()
        ]

    def _found(self) -> list[tuple[Event, bool]]:
        """Every annotated event, and whether one of its class meets it at IoU 50 %."""
        rows = []
        for truth, events in zip(self.truth, self.events, strict=True):
            for event in truth:
                same = [other for other in events if other.label == event.label]
                rows.append((event, segmental_counts([event], same, MIDDLE).right > 0))
        return rows


def total_counts(truth: Sequence[list[Event]], predicted: Sequence[list[Event]]) -> Counts:
    """Over all videos, at IoU 50 %."""
    total = Counts()
    for one, other in zip(truth, predicted, strict=True):
        total = total.plus(segmental_counts(one, other, MIDDLE))
    return total


def mean(values: ndarray) -> float:
    """The mean of those that are numbers; NaN where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
