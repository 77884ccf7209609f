"""From scores of windows, as they come, to events that start, go on and end."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy import ndarray

Kind = Literal["start", "update", "end"]
Smoothing = Literal["mean", "ema"]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When an event begins and ends."""

    on: Sequence[float]  # [K]: an event begins when the smoothed score of its class reaches this
    off: Sequence[float]  # [K]: and ends when it falls below this
    min_seconds: float = 0.0  # shorter events are not told; the start of another is told when it is so long
    smoothing: Smoothing = "mean"  # mean of the last windows, or exponential moving average
    smooth_windows: int = 1  # N: so many windows, or a factor of 2 / (N + 1); 1 = none
    quiet: Collection[int] = ()  # classes that are no event


class Change(NamedTuple):
    """What happens to an event with one more window."""

    kind: Kind
    label: int
    score: float  # the smoothed score now; at the end the mean over the event
    start_seconds: float
    end_seconds: float  # so far


@dataclass
class Running:
    """An event that has begun."""

    start_seconds: float
    end_seconds: float
    scores: list[float]  # sum and count
    is_told: bool = False


class Decider:
    """The events of one stream. Windows come in order."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.running: dict[int, Running] = {}
        self.recent = deque[ndarray](maxlen=rules.smooth_windows if rules.smoothing == "mean" else 1)

    def feed(self, start_seconds: float, end_seconds: float, scores: ndarray) -> tuple[ndarray, list[Change]]:
        """The smoothed scores, float [K], and what changes with the scores [K] of one more window."""
        smooth = self._smoothed(scores)
        changes: list[Change] = []
        for label in self._concerned(smooth):
            score = float(smooth[label])
            if score < self.rules.off[label]:
                changes += self._end(label)
            else:
                changes += self._go_on(label, score, start_seconds, end_seconds)
        return smooth, changes

    def close(self) -> list[Change]:
        """Nothing comes after this, or a gap does: all events end, and nothing is smoothed over it."""
        self.recent.clear()
        return [change for label in sorted(self.running) for change in self._end(label)]

    def _smoothed(self, scores: ndarray) -> ndarray:
        if self.rules.smoothing == "ema" and self.recent:
            share = 2 / (self.rules.smooth_windows + 1)
            scores = share * scores + (1 - share) * self.recent[-1]
        self.recent.append(scores)
        return np.mean(self.recent, axis=0)

    def _concerned(self, smooth: ndarray) -> list[int]:
        reached = np.flatnonzero(smooth >= np.asarray(self.rules.on)).tolist()
        return sorted({*self.running, *reached} - {*self.rules.quiet})

    def _go_on(self, label: int, score: float, start: float, end: float) -> list[Change]:
        event = self.running.setdefault(label, Running(start, end, [0.0, 0.0]))
        event.end_seconds = end
        event.scores[0] += score
        event.scores[1] += 1
        if not event.is_told and end - event.start_seconds < self.rules.min_seconds:
            return []
        kind: Kind = "update" if event.is_told else "start"
        event.is_told = True
        return [Change(kind, label, score, event.start_seconds, end)]

    def _end(self, label: int) -> list[Change]:
        event = self.running.pop(label)
        mean = event.scores[0] / event.scores[1]
        return [Change("end", label, mean, event.start_seconds, event.end_seconds)] if event.is_told else []
