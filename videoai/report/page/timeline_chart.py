"""What happens in a video over what was found in it, on one time axis; a click opens the video at the moment."""

from collections.abc import Sequence

from videoai.events.event import Event
from videoai.events.scores import MIDDLE
from videoai.events.segmental import judged
from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, box, hinted, svg, words

WIDTH, NAMES, LANE, BAR = 1000, 150, 26, 9  # pixels: of the drawing, room for names, of a class, of a bar
MOST_LANES = 16  # classes that are drawn of one video
NICE = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between two marks
MOST_MARKS = 8


def timeline_chart(
    truth: Sequence[Event], found: Sequence[Event], classes: Sequence[str], *, seconds: float, url: str | None
) -> Html:
    """A lane for each class that is annotated or found: above what is annotated, below what was found, in the colour of
    right or wrong.

    Args:
        found: each is right or wrong as the metrics count it, at an overlap of 50 %.
        url: of the video; None = nothing to open.
    """
    labels = sorted({event.label for event in (*truth, *found)})[:MOST_LANES]
    across = Axis(0.0, max(seconds, 1e-3), NAMES, WIDTH - 12)
    height = LANE * len(labels)
    parts = [*marks(across, seconds, height)]
    for lane, label in enumerate(labels):
        top = lane * LANE
        parts.append(words(classes[label], NAMES - 10, top + LANE / 2, "row"))
        for event in (one for one in truth if one.label == label):
            parts.append(bar(event, across, top + 3, "quiet", f"annotated: {classes[label]}", url))
        for event, is_right in judged([*truth], [*found], MIDDLE):
            if event.label == label:
                kind = "right" if is_right else "wrong"
                text = f"found: {classes[label]}, {event.score:.0%}, {kind}"
                parts.append(bar(event, across, top + 4 + BAR, kind, text, url))
    return tag("div", svg(WIDTH, height + 22, *parts, label="annotated and found events"), class_="chart")


def bar(event: Event, across: Axis, top: float, kind: str, what: str, url: str | None) -> Html:
    """One event as a link into its video."""
    left, right = across(event.start_seconds), across(event.end_seconds)
    drawn = box(left, top, max(1.5, right - left), BAR, kind, rx=2)
    shown = hinted(f"{what}, {event.start_seconds:.2f} to {event.end_seconds:.2f} s", drawn)
    if url is None:
        return shown
    moment = f"{url}#t={max(0.0, event.start_seconds):.2f},{event.end_seconds:.2f}"
    return tag("a", shown, href=moment, target="_blank", rel="noopener")


def marks(across: Axis, seconds: float, height: float) -> list[Html]:
    """Lines and times."""
    step = next((one for one in NICE if seconds / one <= MOST_MARKS), NICE[-1])
    made = []
    for number in range(int(seconds / step) + 1):
        x = across(number * step)
        made.append(tag("line", x1=x, x2=x, y1=0, y2=height, class_="grid"))
        made.append(words(clock(number * step), x, height + 15, "tick"))
    return made


def clock(seconds: float) -> str:
    """``4 s``, ``1:05`` or ``1:00:00``"""
    if seconds < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
