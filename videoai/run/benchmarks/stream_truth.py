"""How many of the known events of streams a live run tells, and how soon."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from videoai.core.messages import did_you_mean, truncated_list
from videoai.data.lists.csv_clips import read_csv_clips
from videoai.data.untrimmed import BACKGROUND
from videoai.events.event import Event
from videoai.events.segmental import segmental_counts, segmental_f1
from videoai.live.synthetic import SCHEME, motions_of

LEAST_IOU = 0.5  # an event is found that overlaps the true one so much
Truth = Mapping[str, list[Event]]  # source -> its events


def read_truth(path: str | None, sources: Sequence[str], classes: Sequence[str]) -> Truth:
    """The events of files from a table of segments, and of rendered motions from themselves.

    Args:
        path: a CSV file with path, label, start_seconds, end_seconds, as for ``task=localize``; None = files have none.
        classes: of the checkpoint. A rendered motion has no truth for a model that does not know it.

    Raises: FileNotFoundError: no such table. ValueError: anything wrong in it, a class that the checkpoint does not
        know, a source that it does not name.
    """
    truth = {one: _rendered(one, classes) for one in sources if one.startswith(f"{SCHEME}://")}
    if path:
        files = [one for one in sources if one not in truth]
        truth |= dict(zip(files, _read(path, files, classes), strict=True))
    return {source: events for source, events in truth.items() if events}


def _rendered(url: str, classes: Sequence[str]) -> list[Event]:
    motions = motions_of(url)
    known = {name for name, _, _ in motions} <= {*classes}
    return [Event(classes.index(name), start, end) for name, start, end in motions] if known else []


def _read(path: str, files: Sequence[str], classes: Sequence[str]) -> list[list[Event]]:
    listing = read_csv_clips(path, root=os.path.dirname(path) or ".").clips
    names = [name for name in listing.names if name.lower() not in BACKGROUND]
    if strange := [name for name in names if name not in classes]:
        raise ValueError(
            f"truth={path}: the checkpoint knows no class {strange[0]}{did_you_mean(strange[0], classes)}. It has "
            f"{truncated_list(classes)}."
        )
    events = defaultdict[str, list[Event]](list)
    for item in listing.items:
        name = listing.names[item.label]
        if name in names:
            end = float("inf") if item.end_seconds is None else item.end_seconds
            events[os.path.realpath(item.path)].append(Event(classes.index(name), item.start_seconds, end))
    if missing := [one for one in files if os.path.realpath(one) not in events]:
        raise ValueError(f"truth={path}: has no line of {missing[0]}. Add its events, or leave that source out.")
    return [events[os.path.realpath(one)] for one in files]


def found_of(
    truth: Truth, lines: Sequence[Mapping[str, Any]], classes: Sequence[str], lengths: Mapping[str, float]
) -> dict[str, Any] | None:
    """How well lines meet the truth; None = there is none.

    Args:
        lines: of ``Session.run``. lengths: source -> seconds of media that were shown.

    Returns: ``events``, ``events_found`` (an event of the class overlaps half of it or more), ``event_f1`` (segmental
        F1 at 50 %, 0 .. 1), ``events_detected`` (the class was told while a window still saw the event), and
        ``seconds_to_detect`` with p50 and p95: from the start of the event to the first such line, its latency
        included.
    """
    if not truth:
        return None
    shown = {name: parts(events, lengths[name]) for name, events in truth.items()}
    told = {name: [line for line in lines if line["stream"] == name and line["event"]] for name in truth}
    ended = {name: [event_of(line, classes) for line in told[name] if line["event"] == "end"] for name in truth}
    delays = [delay(event, told[name], classes) for name, events in shown.items() for event in events]
    known = [one for one in delays if one is not None]
    return {
        "events": len(delays),
        "events_found": sum(segmental_counts(shown[name], ended[name], LEAST_IOU).right for name in truth),
        "event_f1": segmental_f1([*shown.values()], [*ended.values()], LEAST_IOU),
        "events_detected": len(known),
        "seconds_to_detect": dict(zip(("p50", "p95"), np.percentile(known, (50, 95)), strict=True)) if known else None,
    }


def parts(events: Sequence[Event], seconds: float) -> list[Event]:
    """What was shown of events within so many seconds."""
    return [one._replace(end_seconds=min(one.end_seconds, seconds)) for one in events if one.start_seconds < seconds]


def event_of(line: Mapping[str, Any], classes: Sequence[str]) -> Event:
    """A line that ends an event."""
    start, end = line["span"]
    return Event(classes.index(line["label"]), start, end, line["score"])


def delay(event: Event, lines: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> float | None:
    """Seconds from the start of an event to the first line that tells it, of a window that sees it; None = no line."""
    for line in lines:
        if line["window"] and line["event"] != "end" and line["label"] == classes[event.label]:
            start, end = line["window"]
            if start < event.end_seconds and end > event.start_seconds:
                return line["t_media"] - event.start_seconds + (line["latency_ms"] or 0.0) / 1000
    return None
