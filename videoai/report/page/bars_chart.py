"""Counts as bars: of kinds, and of values by their size."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, box, hinted, svg, words

ROW, WIDTH, NAMES, COUNTS = 24, 460, 140, 50  # pixels: height of a bar, width of the drawing, room for names and counts
HIGH, BELOW, LEFT = 150, 30, 44  # pixels of a histogram
NUM_BINS = 24
FAR = 20  # times the median: where the largest value is farther, bins grow with their values; judgement
MOST_MARKS = 7  # values that are written below a histogram


class Bar(NamedTuple):
    """One count."""

    title: str
    count: int
    hint: str = ""  # appears under the mouse
    kind: str = "right"  # a class of page.css, which has the colour


def bars_chart(title: str, bars: Sequence[Bar]) -> Html:
    """A bar below the other, in the order given."""
    across = Axis(0, max((bar.count for bar in bars), default=1), NAMES, WIDTH - COUNTS)
    parts = []
    for number, bar in enumerate(bars):
        top = number * ROW
        drawn = box(NAMES, top + 4, max(1.0, across(bar.count) - NAMES), ROW - 8, bar.kind, rx=2)
        count = words(bar.count, across(bar.count) + 8, top + ROW / 2, "column")
        named = words(bar.title, NAMES - 10, top + ROW / 2, "row")
        parts.append(hinted(f"{bar.title}: {bar.count}. {bar.hint}".rstrip(), named, drawn, count))
    return tag("div", svg(WIDTH, ROW * len(bars) + 4, *parts, label=title), class_="chart")


def histogram_chart(title: str, values: Sequence[float], unit: str, of: str) -> Html:
    """How often values of each size occur; nothing without values. Bins are equally wide, or grow by one factor where
    few values are far larger than most. ``of``: what is counted, such as clips."""
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return Html("")
    edges = bin_edges(known)
    counts = binned(known, edges)
    across, up = Axis(0, len(counts), LEFT, WIDTH - 20), Axis(0, max(counts), HIGH, 24)
    parts = [words(title, LEFT, 12, "title"), words(max(counts), LEFT - 7, up(max(counts)), "row")]
    for number, count in enumerate(counts):
        hint = f"{edges[number]:.3g} to {edges[number + 1]:.3g} {unit}: {count} {of}"
        bar = box(across(number) + 0.5, up(count), across(1) - across(0) - 1, HIGH - up(count), "right")
        parts += [hinted(hint, bar)] if count else []
    parts.append(tag("line", x1=LEFT, y1=HIGH, x2=WIDTH - 20, y2=HIGH, class_="grid"))
    for number in range(0, len(edges), max(1, -(-len(edges) // MOST_MARKS))):
        last = f" {unit}" if number == 0 else ""
        parts.append(words(f"{edges[number]:.3g}{last}", across(number), HIGH + 17, "tick"))
    return tag("figure", svg(WIDTH, HIGH + BELOW, *parts, label=title), class_="chart")


def bin_edges(known: Sequence[float]) -> list[float]:
    """The borders of the bins of sorted values: one more than there are bins."""
    low, high, median = known[0], known[-1], known[len(known) // 2]
    if low == high:
        return [low, high]
    if low > 0 and high > FAR * median:
        return [low * (high / low) ** (number / NUM_BINS) for number in range(NUM_BINS + 1)]
    return [low + (high - low) * number / NUM_BINS for number in range(NUM_BINS + 1)]


def binned(known: Sequence[float], edges: Sequence[float]) -> list[int]:
    """How many of the values lie in each bin; the largest belongs to the last one."""
    counts = [0] * (len(edges) - 1)
    for value in known:
        counts[min(bisect_right(edges, value), len(counts)) - 1] += 1
    return counts
