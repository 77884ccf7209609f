"""The rows of a table of features as points in a plane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numpy import ndarray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURED = 20  # values with a colour of their own, the most frequent; the eye tells no more apart
OTHERS = "others"
LONGEST = 30  # characters of a name


def map_figure(points: ndarray, names: Sequence[str], title: str) -> Figure:
    """Points [N, 2], coloured by name; the rarest share a grey."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    frequent = [name for name, _ in Counter(names).most_common(COLOURED)]
    colours = matplotlib.colormaps["tab10" if len(frequent) <= 10 else "tab20"]
    for number, name in enumerate([*sorted(frequent), OTHERS]):
        rows = [row for row, own in enumerate(names) if own == name or (name == OTHERS and own not in frequent)]
        colour = "0.75" if name == OTHERS else colours(number)
        if rows:
            axes.scatter(points[rows, 0], points[rows, 1], s=12, color=colour, label=shown(name), linewidths=0)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, parse_math=False, fontsize=11)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=1.6)
    return figure


def shown(name: str) -> str:
    """A name that fits beside the picture, and that matplotlib takes for no formula. Of a long one the middle goes,
    since paths of one folder differ in the end."""
    short = name if len(name) <= LONGEST else f"{name[:10]}…{name[11 - LONGEST :]}"
    return short.replace("$", r"\$") or "(none)"
