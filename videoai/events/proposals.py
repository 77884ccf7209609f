"""From probabilities over time to events.

``timeline`` gives the events that a person sees: hysteresis with two thresholds, gaps closed, short ones dropped.
``proposals`` gives many ranked candidates, as average precision wants them: the runs above each of several thresholds,
and Soft-NMS (arXiv:1704.04503) among those of a class.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from videoai.events.event import Event, Track, overlap, stretches

THRESHOLDS = tuple(np.linspace(0.1, 0.9, 9).round(1).tolist())  # steps of proposals, as usual for scores of snippets
OUTER = 0.25  # share of a proposal's length that is looked at on both sides of it (AutoLoc, arXiv:1807.08333)
SAME = 0.3  # IoU from which on two candidates of a class are one event for a person; judgement
MOST_PROPOSALS = 200  # a video; ActivityNet's evaluation keeps as many


@dataclass(frozen=True, kw_only=True)
class EventSettings:
    """How events are read from probabilities."""

    threshold: float = 0.5  # an event reaches it somewhere
    low_threshold: float = 0.35  # and goes as far as this holds
    merge_seconds: float = 0.0  # shorter gaps between events of one class are closed
    min_seconds: float = 0.0  # shorter events are dropped
    nms_sigma: float = 0.4  # for Soft-NMS among proposals; smaller = overlapping ones fade faster


def timeline(track: Track, settings: EventSettings) -> list[Event]:
    """The events of a video by start, scored by their mean probability, or as the head that gave them says."""
    if track.candidates is not None:
        chosen = [event for event in proposals(track, settings) if event.score >= settings.threshold]
        return sorted(without_repeats(chosen, settings), key=by_time)
    high = settings.threshold
    low = min(settings.low_threshold, high)
    events = []
    for label, row in enumerate(np.nan_to_num(track.probability)):
        found = [run for run in runs(row >= low) if row[slice(*run)].max() >= high]
        for first, end in merged(found, round(settings.merge_seconds * track.rate)):
            event = track.event(label, first, end, row[first:end].mean())
            if event.seconds > 0 and event.seconds >= settings.min_seconds:
                events.append(event)
    return sorted(events, key=by_time)


def by_time(event: Event) -> tuple[float, float, int]:
    """The order of a timeline."""
    return event.start_seconds, event.end_seconds, event.label


def without_repeats(events: list[Event], settings: EventSettings) -> list[Event]:
    """Those that are long enough, without what overlaps a better one of its class by SAME; the best come first."""
    kept: list[Event] = []
    for event in events:
        others = [one for one in kept if one.label == event.label]
        is_new = not others or overlap(stretches([event]), stretches(others)).max() < SAME
        if is_new and event.seconds >= settings.min_seconds:
            kept.append(event)
    return kept


def proposals(track: Track, settings: EventSettings) -> list[Event]:
    """Ranked candidates, the best first; each class keeps those that Soft-NMS leaves above a thousandth."""
    events = []
    if track.candidates is not None:
        for label in sorted({event.label for event in track.candidates}):
            own = [event for event in track.candidates if event.label == label]
            events += soft_nms(own, sigma=settings.nms_sigma)
        return sorted(events, key=lambda event: -event.score)[:MOST_PROPOSALS]
    for label, row in enumerate(np.nan_to_num(track.probability)):
        found = {run for threshold in THRESHOLDS for run in runs(row >= threshold)}
        made = [track.event(label, first, end, contrast(row, first, end)) for first, end in sorted(found)]
        events += soft_nms([event for event in made if event.score > 0 and event.seconds > 0], sigma=settings.nms_sigma)
    return sorted(events, key=lambda event: -event.score)[:MOST_PROPOSALS]


def contrast(row: ndarray, first: int, end: int) -> float:
    """The mean probability inside, less half of what the mean at both sides has: an edge that cuts an action scores
    lower than one that meets its end (outer-inner contrast, arXiv:1807.08333)."""
    margin = max(1, round(OUTER * (end - first)))
    outside = np.concatenate([row[max(0, first - margin) : first], row[end : end + margin]])
    return float(row[first:end].mean() - (0.5 * outside.mean() if len(outside) else 0.0))


def runs(holds: ndarray) -> list[tuple[int, int]]:
    """(first, end) of each run of True in bool [T]; end is one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def merged(found: list[tuple[int, int]], most_steps: int) -> list[tuple[int, int]]:
    """Neighbours whose gap is not longer than so many steps become one."""
    made: list[tuple[int, int]] = []
    for first, end in found:
        if made and first - made[-1][1] <= most_steps:
            made[-1] = (made[-1][0], end)
        else:
            made.append((first, end))
    return made


def soft_nms(events: list[Event], *, sigma: float, least: float = 1e-3) -> list[Event]:
    """Gaussian Soft-NMS among events of one class: each choice lowers the scores of what overlaps it by
    exp(-IoU^2 / sigma). Those that fall below ``least`` go."""
    where, scores, left, kept = stretches(events), np.array([e.score for e in events]), np.arange(len(events)), []
    while len(left) and len(kept) < MOST_PROPOSALS:
        best = left[int(scores[left].argmax())]
        if scores[best] < least:
            break
        kept.append(events[best]._replace(score=float(scores[best])))
        left = left[left != best]
        scores[left] *= np.exp(-(overlap(where[[best]], where[left])[0] ** 2) / sigma)
    return kept
