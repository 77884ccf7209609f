"""An event, and the probabilities over time that events are read from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray


class Event(NamedTuple):
    """A class that holds from one time to another; events may overlap."""

    label: int
    start_seconds: float
    end_seconds: float
    score: float = 1.0  # 0 .. 1; 1 for an annotation

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True, kw_only=True)
class Track:
    """The probability of each class at each step of one video. A step is a moment, as a frame is, and stands for half a
    step on both sides of it: with the time after it alone, each event would come half a step late."""

    probability: ndarray  # float32 [K, T], 0 .. 1; NaN where nothing could be read
    rate: float  # steps a second: step t is at t / rate
    duration_seconds: float
    candidates: tuple[Event, ...] | None = None  # events that a head gave itself, the best first; None = none does

    @property
    def num_steps(self) -> int:
        """T."""
        return self.probability.shape[1]

    def event(self, label: int, first: int, end: int, score: float) -> Event:
        """The event over steps first .. end - 1; the first and the last step reach the ends of the video."""
        start = (first - 0.5) / self.rate if first else 0.0
        stop = (end - 0.5) / self.rate if end < self.num_steps else self.duration_seconds
        return Event(label, start, min(stop, self.duration_seconds), float(score))


def step_labels(events: list[Event], *, num_classes: int, num_steps: int, rate: float) -> ndarray:
    """bool [K, T]: which classes hold at each step."""
    holds = np.zeros((num_classes, num_steps), bool)
    when = np.arange(num_steps) / rate
    for event in events:
        holds[event.label, (when >= event.start_seconds) & (when < event.end_seconds)] = True
    return holds


def overlap(one: ndarray, others: ndarray) -> ndarray:
    """IoU in time, float64 [N, M], of stretches [N, 2] and [M, 2] in seconds; 0 where they do not meet."""
    first, last = np.maximum(one[:, None, 0], others[None, :, 0]), np.minimum(one[:, None, 1], others[None, :, 1])
    shared = (last - first).clip(min=0)
    lengths = (one[:, 1] - one[:, 0])[:, None] + (others[:, 1] - others[:, 0])[None, :]
    return shared / np.maximum(lengths - shared, 1e-12)


def stretches(events: list[Event]) -> ndarray:
    """float64 [N, 2], start and end of each."""
    return np.array([(event.start_seconds, event.end_seconds) for event in events], float).reshape(-1, 2)
