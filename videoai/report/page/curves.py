"""Curves of a run over its optimizer steps."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, hinted, svg, words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 440, 210, 56, 14, 32, 28  # pixels
MAX_POINTS = 400  # a longer curve shows every second, third, ... point


class Curve(NamedTuple):
    """One line of a chart."""

    title: str
    points: Sequence[tuple[float, float]]  # step, value
    style: str = "first"  # a class of page.css: first or second


def curves_chart(title: str, curves: Sequence[Curve], *, best_step: float = 0) -> Html:
    """Curves in one frame; nothing where there is no point. ``best_step``: the step of the best checkpoint, which is
    marked; 0 = none."""
    curves = [one._replace(points=_drawn(one.points)) for one in curves]
    curves = [one for one in curves if one.points]
    if not curves:
        return Html("")
    steps, values = ([point[axis] for one in curves for point in one.points] for axis in (0, 1))
    across = Axis(min(steps), max(steps), LEFT, WIDTH - RIGHT)
    ticks = round_ticks(min(values), max(values))
    up = Axis(ticks[0], ticks[-1], HEIGHT - BELOW, TOP)
    parts = [words(title, LEFT, 15, "title"), *_grid(across, up, ticks)]
    if across.low <= best_step <= across.high:
        line = tag("line", x1=across(best_step), y1=TOP, x2=across(best_step), y2=HEIGHT - BELOW, class_="mark")
        parts.append(hinted(f"best checkpoint: step {best_step:g}", line))
    parts += [_curve(one, across, up) for one in curves]
    keys = [tag("span", tag("i", class_=one.style), one.title, class_="key") for one in curves]
    legend = tag("figcaption", *keys) if len(keys) > 1 else ""
    return tag("figure", svg(WIDTH, HEIGHT, *parts, label=title), legend, class_="chart")


def round_ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers, equally far apart, from below ``low`` to above ``high``."""
    rough = max(high - low, 1e-9 * abs(high), 1e-12) / 3
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [step * number for number in range(first, last + 1)]


def _grid(across: Axis, up: Axis, ticks: Sequence[float]) -> list[Html]:
    drawn = []
    for value in ticks:
        drawn.append(tag("line", x1=LEFT, y1=up(value), x2=WIDTH - RIGHT, y2=up(value), class_="grid"))
        drawn.append(words(f"{value:.4g}", LEFT - 7, up(value), "row"))
    drawn.append(words(f"step {across.low:g}", LEFT, HEIGHT - 8, "tick start"))
    drawn.append(words(f"{across.high:g}", WIDTH - RIGHT, HEIGHT - 8, "tick end"))
    return drawn


def _curve(one: Curve, across: Axis, up: Axis) -> Html:
    path = " ".join(f"{across(step)},{up(value)}" for step, value in one.points)
    dots = [
        hinted(f"{one.title}, step {step:g}: {value:.4g}", tag("circle", cx=across(step), cy=up(value), r=2.6))
        for step, value in one.points
    ]
    return tag("g", tag("polyline", points=path), *dots, class_=f"curve {one.style}")


def _drawn(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that have a place in the chart."""
    known = [(x, y) for x, y in points if math.isfinite(y)]
    return known[:: -(-len(known) // MAX_POINTS) or 1]
