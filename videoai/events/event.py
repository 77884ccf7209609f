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
    """The probability of each class at each step of one video."""

    probability: ndarray  # float32 [K, T], 0 .. 1; NaN where nothing could be read
    rate: float  # steps a second: step t covers [t / rate, (t + 1) / rate)
    duration_seconds: float

    @property
    def num_steps(self) -> int:
        """T."""
        return self.probability.shape[1]

    def event(self, label: int, first: int, end: int, score: float) -> Event:
        """The event over steps first .. end - 1, cut off at the end of the video."""
        return Event(label, first / self.rate, min(end / self.rate, self.duration_seconds), float(score))


def step_labels(events: list[Event], *, num_classes: int, num_steps: int, rate: float) -> ndarray:
    """bool [K, T]: which classes hold in the middle of each step."""
    holds = np.zeros((num_classes, num_steps), bool)
    middle = (np.arange(num_steps) + 0.5) / rate
    for event in events:
        holds[event.label, (middle >= event.start_seconds) & (middle < event.end_seconds)] = True
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
