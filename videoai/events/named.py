"""Events by the names of their classes, as answers and files give them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from videoai.events.event import Event

TOUCH_SECONDS = 0.01  # windows that are no farther apart touch: their times are rounded to milliseconds


class NamedEvent(NamedTuple):
    """One event of one video."""

    label: str
    start_seconds: float
    end_seconds: float
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        times = {"start_seconds": round(self.start_seconds, 3), "end_seconds": round(self.end_seconds, 3)}
        return {"label": self.label, **times, "score": round(self.score, 6)}


def named(events: Sequence[Event], classes: Sequence[str]) -> list[NamedEvent]:
    """The same events under the names of their classes."""
    return [NamedEvent(classes[one.label], one.start_seconds, one.end_seconds, one.score) for one in events]


def events_of(record: Mapping[str, Any]) -> list[NamedEvent]:
    """The events of an answer of ``predict``: its own, or the windows of a classifier's timeline, where neighbours of
    one class are one event with the mean of their scores. A short video is one event from its start to its end."""
    if "events" in record:
        return [NamedEvent(**event) for event in record["events"]]
    whole = {"start_seconds": 0.0, "end_seconds": record.get("duration_seconds", 0.0)}
    best = record["top"][0] if record.get("top") else {}
    windows = record.get("timeline") or [
        {**whole, **best, **{key: record[key] for key in ("labels",) if key in record}}
    ]
    names = sorted({name for window in windows for name in labels_of(window)})
    events = [event for name in names for event in joined(name, [w for w in windows if name in labels_of(w)])]
    return sorted(events, key=lambda event: (event.start_seconds, event.end_seconds))


def labels_of(window: Mapping[str, Any]) -> Sequence[str]:
    """The classes that hold in a window."""
    return window["labels"] if "labels" in window else [window["label"]]


def joined(name: str, windows: Sequence[Mapping[str, Any]]) -> list[NamedEvent]:
    """One event for each run of windows that touch or overlap."""
    breaks = [
        at
        for at, (one, other) in enumerate(pairwise(windows), start=1)
        if other["start_seconds"] - one["end_seconds"] > TOUCH_SECONDS
    ]
    parts = [windows[start:end] for start, end in pairwise([0, *breaks, len(windows)])]
    return [
        NamedEvent(
            name,
            part[0]["start_seconds"],
            part[-1]["end_seconds"],
            sum(window["probability"] for window in part) / len(part),
        )
        for part in parts
    ]
