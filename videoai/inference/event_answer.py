"""What ``predict`` says of one video in which events are found."""

from itertools import pairwise
from typing import Any, NamedTuple

from videoai.events.event import Event
from videoai.events.named import named
from videoai.inference.panel import Bar, Caption


class EventAnswer(NamedTuple):
    """The events of one video."""

    path: str
    duration_seconds: float
    events: list[Event]
    classes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON."""
        events = [event.to_dict() for event in named(self.events, self.classes)]
        return {"path": self.path, "duration_seconds": round(self.duration_seconds, 3), "events": events}

    def captions(self) -> list[Caption]:
        """The events of each moment, the surest first; nothing where there is none."""
        ends = sorted({0.0, *(one for event in self.events for one in (event.start_seconds, event.end_seconds))})
        return [self._caption(start, end) for start, end in pairwise([*ends, float("inf")])]

    def _caption(self, start: float, end: float) -> Caption:
        now = [event for event in self.events if event.start_seconds <= start < event.end_seconds]
        best = sorted(now, key=lambda event: -event.score)
        return Caption(start, end, "", tuple(Bar(one.label, self.classes[one.label], one.score) for one in best))
