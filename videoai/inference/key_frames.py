"""Few frames that show what a video holds: far apart in what a network sees, and spread over the shots.

Farthest-point sampling, which is at most twice as far from any window as the best choice would be (Gonzalez 1985,
doi:10.1016/0304-3975(85)90224-5).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray

SAME = 1 - 1e-6  # cosine similarity from which on a window shows nothing that a key frame does not


class Moment(NamedTuple):
    """When a key frame is shown, and in which shot."""

    seconds: float
    shot: int


def key_moments(
    features: ndarray, spans: Sequence[tuple[float, float]], shots: Sequence[tuple[float, float]], most: int
) -> list[Moment]:
    """At most ``most`` moments in the order of time: one a shot as far as they go, then what differs most from them.

    Args:
        features: [W, D], what a network sees in each window. spans: start and end of each window in seconds.
    """
    windows, moments = candidates(spans, shots)
    points = unit(features)[windows]
    owner = np.array([one.shot for one in moments])
    typical = [typical_of(points, np.flatnonzero(owner == shot)) for shot in range(len(shots))]
    chosen = farthest(points, typical, [longest(shots, moments, typical)], most, below=np.inf)
    chosen = farthest(points, range(len(points)), chosen, most, below=SAME)
    return sorted(moments[at] for at in chosen)


def candidates(
    spans: Sequence[tuple[float, float]], shots: Sequence[tuple[float, float]]
) -> tuple[list[int], list[Moment]]:
    """The middle of each window; and of each shot that has none, with the window that is nearest."""
    starts = np.array([start for start, _ in shots])
    middles = np.array([(start + end) / 2 for start, end in spans])
    owner = np.searchsorted(starts, middles, side="right") - 1
    windows = list(range(len(spans)))
    moments = [Moment(float(seconds), int(shot)) for seconds, shot in zip(middles, owner, strict=True)]
    for shot in sorted({*range(len(shots))} - {*owner.tolist()}):
        seconds = sum(shots[shot]) / 2
        windows.append(int(np.abs(middles - seconds).argmin()))
        moments.append(Moment(seconds, shot))
    return windows, moments


def typical_of(points: ndarray, among: ndarray) -> int:
    """The point that is nearest to the mean of its shot."""
    own = points[among]
    return int(among[np.linalg.norm(own - own.mean(0), axis=1).argmin()])


def longest(shots: Sequence[tuple[float, float]], moments: Sequence[Moment], typical: Sequence[int]) -> int:
    """The typical point of the longest shot: where choosing begins."""
    return max(typical, key=lambda at: shots[moments[at].shot][1] - shots[moments[at].shot][0])


def farthest(points: ndarray, among: Sequence[int], chosen: Sequence[int], most: int, *, below: float) -> list[int]:
    """``chosen`` and, one after the other, the one of ``among`` that is farthest from all chosen ones, as long as its
    cosine similarity to each is below that."""
    picked, left = list(chosen), [at for at in among if at not in chosen]
    nearest = (points[left] @ points[picked].T).max(1, initial=-1.0)
    while left and len(picked) < most and nearest.min() < below:
        place = int(nearest.argmin())
        picked.append(left.pop(place))
        nearest = np.maximum(np.delete(nearest, place), points[left] @ points[picked[-1]])
    return picked


def unit(features: ndarray) -> ndarray:
    """Rows of length 1, float32; a row of zeros stays."""
    rows = np.asarray(features, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
