"""Events from a head that gives classes and the distances to an action's ends (``ActionFormer``)."""

import numpy as np
import torch
from numpy import ndarray

from videoai.events.event import Event, Track
from videoai.inference.tracks import stitched
from videoai.models.temporal_pyramid import points_of

LEAST = 1e-3  # a lower score is no candidate; as published (arXiv:2202.07925)
MOST = 2000  # candidates of a video, likewise


def decoded(outputs: ndarray, seconds: ndarray, duration: float, rate: float) -> Track:
    """The candidates of a video, and as the probability of a step the best score of those that cover it.

    A moment that several windows show is read in the one whose middle is nearest.

    Args:
        outputs: [M, K + 2, P]: probabilities, and steps to begin and end. seconds: float64 [M, T], the time of each
            step.
    """
    read = stitched(np.zeros_like(outputs[:, :1, : seconds.shape[1]]), seconds, duration, rate).probability[0]
    candidates = candidates_of(outputs, seconds, duration, rate)
    probability = np.where(np.isnan(read), np.nan, np.zeros((outputs.shape[1] - 2, len(read)))).astype(np.float32)
    when = np.arange(len(read)) / rate
    for event in reversed(candidates):  # the best comes last
        covered = slice(*np.searchsorted(when, (event.start_seconds, event.end_seconds)).tolist())
        probability[event.label, covered] = np.where(np.isnan(read[covered]), np.nan, event.score)
    return Track(probability=probability, rate=rate, duration_seconds=duration, candidates=tuple(candidates))


def candidates_of(outputs: ndarray, seconds: ndarray, duration: float, rate: float) -> list[Event]:
    """By score, the best first."""
    points = points_of(seconds.shape[1])
    when = seconds[:, points.step.numpy()]  # [M, P]
    is_own = nearest_window(seconds, when) & is_first_time(seconds)[:, points.step.numpy()]
    scores = np.where(is_own[:, None], outputs[:, :-2], 0.0)
    order = torch.from_numpy(scores.reshape(-1)).topk(min(MOST, scores.size)).indices.numpy()
    found = []
    for window, label, point in zip(*np.unravel_index(order, scores.shape), strict=True):
        start, end = outputs[window, -2:, point] / rate
        start, end = max(0.0, when[window, point] - start), min(duration, when[window, point] + end)
        if (score := float(scores[window, label, point])) >= LEAST and end > start:
            found.append(Event(int(label), float(start), float(end), score))
    return found


def nearest_window(seconds: ndarray, when: ndarray) -> ndarray:
    """bool [M, P]: whether no other window has its middle nearer to a time. when: [M, P]."""
    middles = (seconds[:, 0] + seconds[:, -1]) / 2
    own = np.abs(when - middles[:, None])
    return own <= np.abs(when[..., None] - middles).min(-1) + 1e-6


def is_first_time(seconds: ndarray) -> ndarray:
    """bool [M, T]: not a step that repeats the one before it, as where a video is shorter than a window."""
    return np.concatenate([np.ones((len(seconds), 1), bool), np.diff(seconds, axis=1) > 0], 1)
