"""The reliability diagram of arXiv:1706.04599, figure 1, and below it how many videos each bin has."""

from videoai.core.messages import pluralize
from videoai.report.calibration import Bin, Calibration
from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, box, hinted, svg, words

SIZE, LEFT, TOP, BELOW = 300, 44, 24, 56  # pixels: side of the diagram, its margins, height of the counts


def reliability_chart(measured: Calibration) -> Html:
    """Bars: how often the videos of a bin are right. The gap to the mean confidence is drawn over them."""
    across, up = Axis(0, 1, LEFT, LEFT + SIZE), Axis(0, 1, TOP + SIZE, TOP)
    most = max(1, *(one.num_videos for one in measured.bins))
    floor = TOP + SIZE + 52 + BELOW
    counts = Axis(0, most, floor, floor - BELOW)
    parts = [box(LEFT, TOP, SIZE, SIZE, "ground")]
    parts += [_bin(one, across, up, counts) for one in measured.bins if one.num_videos]
    parts.append(tag("line", x1=across(0), y1=up(0), x2=across(1), y2=up(1), class_="diagonal"))
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(words(f"{100 * tick:.0f} %", LEFT - 7, up(tick), "row"))
        parts.append(words(f"{100 * tick:.0f} %", across(tick), TOP + SIZE + 15, "tick"))
    parts.append(words("share of right answers, by confidence", LEFT, TOP - 10, "axis"))
    parts.append(words("videos", LEFT, floor - BELOW - 8, "axis"))
    parts.append(words(most, LEFT - 7, floor - BELOW + 5, "row"))
    return tag("div", svg(LEFT + SIZE + 22, floor + 4, *parts, label="Reliability diagram"), class_="chart")


def _bin(one: Bin, across: Axis, up: Axis, counts: Axis) -> Html:
    x, width = across(one.low) + 1, across(one.high) - across(one.low) - 2
    lower, upper = sorted((one.accuracy, one.confidence))
    hint = (
        f"{100 * one.low:.0f} to {100 * one.high:.0f} % confidence: {pluralize(one.num_videos, 'video')}, on average "
        f"{100 * one.confidence:.1f} % sure and {100 * one.accuracy:.1f} % right"
    )
    return hinted(
        hint,
        box(x, up(one.accuracy), width, up(0) - up(one.accuracy), "right"),
        box(x, up(upper), width, up(lower) - up(upper), "over" if one.confidence > one.accuracy else "under"),
        box(x, counts(one.num_videos), width, counts(0) - counts(one.num_videos), "quiet"),
    )
