"""The average precision of each class as bars beside what chance gives; same numbers, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from videoai.core.fonts import drawable, fonts_for
from videoai.report.multilabel_metrics import LabelScore

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_NAMED_CLASSES = 60  # beyond this, names are too small to read and the axis shows ranks
MAX_NAME_LENGTH = 40


def average_precision_png(scores: Sequence[LabelScore], *, title: str) -> bytes:
    """``average_precision_figure`` as the bytes of a PNG file."""
    buffer = BytesIO()
    figure = average_precision_figure(scores, title=title)
    figure.savefig(buffer, format="png", metadata={"Software": None})  # the version would change the bytes
    return buffer.getvalue()


def average_precision_figure(scores: Sequence[LabelScore], *, title: str) -> Figure:
    """A bar a class, the best on top, and a mark where a random ranking would end. Classes of no video are left out."""
    # A bare Figure, not pyplot: no global state, no display, safe in a thread.
    from matplotlib.figure import Figure

    shown = sorted((s for s in scores if s.num_videos), key=lambda score: (-score.average_precision, score.name))
    height_inches = min(max(0.22 * len(shown) + 1.2, 2.5), 14.0)
    figure = Figure(figsize=(8.0, height_inches), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, parse_math=False, fontsize=11)
    ranks = range(len(shown))
    axes.barh(ranks, [score.average_precision for score in shown], color="tab:blue", height=0.8)
    axes.scatter([score.base_rate for score in shown], ranks, marker="|", color="black", label="chance", zorder=2)
    if shown:
        axes.legend(loc="lower right")
        axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("average precision")
    if len(shown) <= MAX_NAMED_CLASSES:
        # parse_math off: a class named "$5_bill$" is a name, not a formula.
        names = [f"{_shortened(s.name)} ({s.num_videos})" for s in shown]
        fonts = fonts_for(names)
        look: dict[str, Any] = {"fontsize": 8, "fontfamily": [font.family for font in fonts], "parse_math": False}
        axes.set_yticks(ranks, [drawable(name, fonts) for name in names], **look)
    else:
        axes.set_ylabel("class, by rank (names: per_class.csv)")
    return figure


def _shortened(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
