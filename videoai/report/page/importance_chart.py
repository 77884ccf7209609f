"""How much each frame of a clip matters, over time."""

from collections.abc import Sequence

from videoai.report.page.html import Html, tag
from videoai.report.page.svg import Axis, box, hinted, svg, words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 640, 150, 12, 12, 30, 26  # pixels


def importance_chart(title: str, seconds: Sequence[float], shares: Sequence[float]) -> Html:
    """A bar a frame, as tall as its share of the whole; ``seconds``: the times of the frames, rising."""
    top = max(shares) or 1.0
    up = Axis(0, top, 0, HEIGHT - BELOW - TOP)
    width = (WIDTH - LEFT - RIGHT) / len(shares)
    bars = []
    for number, (time, share) in enumerate(zip(seconds, shares, strict=True)):
        height, kind = max(up(share), 1.0), "over" if share == top else "right"
        drawn = box(LEFT + number * width + 1, HEIGHT - BELOW - height, max(width - 2, 1), height, kind)
        bars.append(hinted(f"{time:.2f} s: {100 * share:.1f} % of the heat", drawn))
    ends = [
        words(f"{seconds[0]:.2f} s", LEFT, HEIGHT - 8, "tick start"),
        words(f"{seconds[-1]:.2f} s", WIDTH - RIGHT, HEIGHT - 8, "tick end"),
    ]
    return tag("figure", svg(WIDTH, HEIGHT, words(title, LEFT, 15, "title"), *bars, *ends, label=title), class_="chart")
