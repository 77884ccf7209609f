"""Precision against recall of each class as a figure; same numbers, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from videoai.core.fonts import drawable, fonts_for
from videoai.report.multilabel_metrics import average_precision

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_NAMED = 10  # classes with a colour and a name: those that are found worst; others are grey
MAX_DRAWN = 100  # classes
MAX_POINTS = 200  # on a line; among more, no step is seen
MAX_NAME_LENGTH = 32


def precision_recall(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Recall and precision of one class where the threshold passes each distinct score, the highest first.

    Args:
        scores: float [N]; NaN = unreadable, which is ranked last.
        labels: bool [N], of which at least one is true.

    Returns:
        float64 [M] each, M <= N; recall rises to 1.
    """
    ranked, order = scores.double().nan_to_num(float("-inf")).sort(descending=True)
    hits = labels[order].double().cumsum(0)
    is_last = torch.ones_like(labels)  # the last of the videos that share a score
    is_last[:-1] = ranked[:-1] != ranked[1:]
    count = torch.arange(1, len(scores) + 1, dtype=torch.float64)
    return (hits / hits[-1])[is_last], (hits / count)[is_last]


def precision_recall_figure(scores: Tensor, labels: Tensor, *, classes: Sequence[str], title: str) -> Figure:
    """A line a class, those with the lowest average precision in colour and by name. Classes of no video are left out.

    Args:
        scores: float [N, K]; a row with NaN = unreadable.
        labels: bool [N, K].
    """
    from matplotlib.figure import Figure

    scores, labels = scores.cpu(), labels.cpu()
    precisions = average_precision(scores, labels).tolist()
    order = sorted((k for k in range(len(classes)) if labels[:, k].any()), key=lambda k: (precisions[k], classes[k]))
    names = {k: f"{_shortened(classes[k])}  {precisions[k]:.2f}" for k in order[:MAX_NAMED]}
    fonts = fonts_for([title, *names.values()])
    figure = Figure(figsize=(8.4, 4.6), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for k in reversed(order[:MAX_DRAWN]):  # the worst on top
        recall, precision = (_thinned(values) for values in precision_recall(scores[:, k], labels[:, k]))
        points = [0.0, *recall.tolist()], [float(precision[0]), *precision.tolist()]
        look = (
            {"linewidth": 1.6, "label": drawable(names[k], fonts)}
            if k in names
            else {"color": "0.82", "linewidth": 0.8}
        )
        axes.plot(*points, drawstyle="steps-pre", **look)
    axes.set(xlim=(0, 1.005), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    axes.grid(color="0.93")
    axes.spines[["top", "right"]].set_visible(False)
    left_out = len(order) - MAX_DRAWN
    title += f" ({left_out} classes that are found better are not drawn)" if left_out > 0 else ""
    families = [font.family for font in fonts]
    axes.set_title(drawable(title, fonts), parse_math=False, fontsize=11, loc="left", family=families)
    if names:
        heading = "average precision" if len(order) <= MAX_NAMED else f"average precision, lowest {MAX_NAMED}"
        legend = figure.legend(
            loc="outside right upper", title=heading, frameon=False, fontsize=9, reverse=True, alignment="left"
        )
        for text in legend.get_texts():
            text.set(parse_math=False, fontfamily=[font.family for font in fonts])
    return figure


def _thinned(values: Tensor) -> Tensor:
    """At most ``MAX_POINTS`` of them, the first and the last among them."""
    if len(values) <= MAX_POINTS:
        return values
    return values[torch.linspace(0, len(values) - 1, MAX_POINTS).round().long()]


def _shortened(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
