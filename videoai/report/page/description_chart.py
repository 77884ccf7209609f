"""What is in a video on one time axis: shots, events and curves; a click opens the video at the moment."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, box, hinted, svg, words
from videoai.report.page.timeline_chart import NAMES, WIDTH, clock, marks

LANE, BAR, BAND = 22, 12, 56  # pixels: of a lane, of a bar in it, of a curve
MOST_LANES = 16  # labels of one model that are drawn, those that last longest
NAME_LETTERS = 22
MOST_POINTS = 400  # points of a curve; more are drawn as means


class Bar(NamedTuple):
    """A stretch of a lane."""

    start_seconds: float
    end_seconds: float
    score: float = 1.0
    count: int = 1  # events in it: what is nearer than a pixel is drawn as one


class Lane(NamedTuple):
    """A row of bars with a name."""

    name: str
    bars: Sequence[Bar]
    kind: str  # a class of page.css


class Curve(NamedTuple):
    """A row with a line."""

    name: str
    points: Sequence[Mapping[str, Any]]  # start_seconds, end_seconds, value


class Group(NamedTuple):
    """The rows of one model."""

    title: str
    rows: Sequence[Lane | Curve]


def description_chart(groups: Sequence[Group], *, seconds: float, url: str | None) -> Html:
    """All groups below each other. url: of the video; None = nothing to open."""
    across, top, parts = Axis(0.0, max(seconds, 1e-3), NAMES, WIDTH - 12), 4.0, list[Html]()
    for group in groups:
        if group.title:
            parts.append(words(short(group.title, 120), 0, top + LANE / 2, "column"))
            top += LANE
        for row in group.rows:
            parts.append(named(row.name, top + (BAND if isinstance(row, Curve) else LANE) / 2))
            parts += curve(row, across, top, url) if isinstance(row, Curve) else lane(row, across, top, url)
            top += BAND if isinstance(row, Curve) else LANE
        top += 6
    drawing = svg(WIDTH, top + 22, *marks(across, seconds, top), *parts, label="what is in the video, over time")
    return tag("div", drawing, class_="chart")


def lane(row: Lane, across: Axis, top: float, url: str | None) -> list[Html]:
    """The bars, each a link."""
    made = []
    for one in joined(row.bars, across):
        left, right = across(one.start_seconds), across(one.end_seconds)
        opacity = f"{0.35 + 0.65 * min(1.0, max(0.0, one.score)):.2f}"
        drawn = box(left, top + 5, max(1.5, right - left - 0.5), BAR, row.kind, rx=2, fill_opacity=opacity)
        many = f"{one.count} times between " if one.count > 1 else ""
        what = f"{row.name}, {many}{one.start_seconds:.2f} to {one.end_seconds:.2f} s"
        hint = what if row.kind == "quiet" else f"{what}, {one.score:.0%}"
        made.append(linked(hinted(hint, drawn), url, one.start_seconds, one.end_seconds))
    return made


def joined(bars: Sequence[Bar], across: Axis) -> list[Bar]:
    """Neighbours of which one is narrower than a pixel, and no more than a pixel away, as one bar."""
    made: list[Bar] = []
    for one in sorted(bars):
        last = made[-1] if made else None
        if last and across(one.start_seconds) - across(last.end_seconds) < 1 and narrow(one, last, across):
            count = last.count + one.count
            score = (last.score * last.count + one.score * one.count) / count
            made[-1] = Bar(last.start_seconds, max(last.end_seconds, one.end_seconds), score, count)
        else:
            made.append(one)
    return made


def narrow(one: Bar, other: Bar, across: Axis) -> bool:
    """Whether either is narrower than a pixel and a half."""
    return min(across(bar.end_seconds) - across(bar.start_seconds) for bar in (one, other)) < 1.5


def curve(row: Curve, across: Axis, top: float, url: str | None) -> list[Html]:
    """A line with its lowest and highest value; under the mouse the value of each window."""
    points = [one for one in thinned(row.points) if math.isfinite(one["value"])]
    if not points:
        return []
    values = [one["value"] for one in points]
    up = Axis(min(values), max(values), top + BAND - 10, top + 10)
    places = [(across((one["start_seconds"] + one["end_seconds"]) / 2), up(one["value"])) for one in points]
    line = tag("polyline", points=" ".join(f"{x},{y}" for x, y in places))
    dots = [tag("circle", cx=x, cy=y, r=4) for x, y in places]
    if len(places) == 1:  # a line of one point is none
        line = tag(
            "polyline", points=f"{across(points[0]['start_seconds'])},{places[0][1]} {WIDTH - 12},{places[0][1]}"
        )
    shown = [
        linked(
            hinted(f"{row.name} {one['value']:.4g}, {one['start_seconds']:.2f} to {one['end_seconds']:.2f} s", dot),
            *(url, one["start_seconds"], one["end_seconds"]),
        )
        for one, dot in zip(points, dots, strict=True)
    ]
    ends = [
        words(f"{value:.4g}", WIDTH - 8, up(value) + 3, "start axis")
        for value in dict.fromkeys((min(values), max(values)))
    ]
    return [tag("g", line, *shown, class_="curve first"), *ends]


def thinned(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The points, or means of neighbours where there are more than can be drawn."""
    step = -(-len(points) // MOST_POINTS) or 1
    parts = [points[at : at + step] for at in range(0, len(points), step)]
    return [
        {
            "start_seconds": part[0]["start_seconds"],
            "end_seconds": part[-1]["end_seconds"],
            "value": sum(one["value"] for one in part) / len(part),
        }
        for part in parts
    ]


def linked(shown: Html, url: str | None, start: float, end: float) -> Html:
    """A part of the drawing that opens the video there."""
    if url is None:
        return shown
    return tag("a", shown, href=moment_url(url, start, end), target="_blank", rel="noopener")


def moment_url(url: str, start: float, end: float | None = None) -> str:
    """The video from one time to another (W3C Media Fragments)."""
    return f"{url}#t={max(0.0, start):.2f}" + ("" if end is None else f",{end:.2f}")


def named(title: str, y: float) -> Html:
    """The name of a row; the whole of it under the mouse."""
    return hinted(title, words(short(title, NAME_LETTERS), NAMES - 10, y, "row"))


def short(title: str, most: int) -> str:
    """As long as there is room."""
    return title if len(title) <= most else title[: most - 1] + "…"


def lanes_of(events: Sequence[Mapping[str, Any]], kind: str) -> tuple[list[Lane], int]:
    """A lane for each label, in the order in which they begin, and how many labels are left out: those that last
    shortest."""
    bars: dict[str, list[Bar]] = {}
    for one in events:
        name = f"{one['target']}: {one['label']}" if "target" in one else one["label"]
        bars.setdefault(name, []).append(Bar(one["start_seconds"], one["end_seconds"], one["score"]))
    longest = sorted(bars, key=lambda name: -sum(bar.end_seconds - bar.start_seconds for bar in bars[name]))
    kept = sorted(longest[:MOST_LANES], key=lambda name: min(bars[name]))
    return [Lane(name, bars[name], kind) for name in kept], max(0, len(bars) - MOST_LANES)


def when(start: float, end: float | None = None) -> str:
    """``1:05``, or ``1:05 to 1:09``"""
    first = clock(round(start, 1))
    return first if end is None else f"{first} to {clock(round(end, 1))}"
