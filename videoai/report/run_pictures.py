"""Pictures of a run for those who look at folders: ``results.png`` and ``labels.png``; same numbers, same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_NAMED_CLASSES = 60  # beyond this names are too small to read
COLOURS = {"train": "tab:blue", "val": "tab:orange", "test": "tab:green"}

Points = Sequence[tuple[float, float]]


def png(figure: Figure) -> bytes:
    """The bytes of a figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})  # the version would change the bytes
    return buffer.getvalue()


def side_by_side(pictures: Sequence[bytes]) -> bytes:
    """PNG files in one, from left to right, scaled to the height of the first."""
    from PIL import Image

    opened = [Image.open(BytesIO(picture)).convert("RGB") for picture in pictures]
    height = opened[0].height
    scaled = [one.resize((round(one.width * height / one.height), height)) for one in opened]
    whole = Image.new("RGB", (sum(one.width for one in scaled), height), "white")
    left = 0
    for one in scaled:
        whole.paste(one, (left, 0))
        left += one.width
    buffer = BytesIO()
    whole.save(buffer, "PNG")
    return buffer.getvalue()


def curves_figure(charts: Mapping[str, Mapping[str, Points]], *, best_step: int) -> Figure:
    """A chart below the other. charts: title -> name of a curve, ``train`` or ``val`` -> (step, value)."""
    from matplotlib.figure import Figure

    shown = {title: curves for title, curves in charts.items() if any(curves.values())}
    figure = Figure(figsize=(6.4, 2.2 * max(1, len(shown)) + 0.4), dpi=120, layout="constrained")
    for number, (title, curves) in enumerate(shown.items()):
        axes = figure.add_subplot(len(shown), 1, number + 1)
        for name, points in curves.items():
            if points:
                axes.plot(*zip(*points, strict=True), color=COLOURS[name], label=name, linewidth=1.4)
        axes.axvline(best_step, color="0.6", linestyle=":", linewidth=1)
        axes.set_title(title, parse_math=False, fontsize=10, loc="left")
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        axes.tick_params(labelsize=8)
        if number == len(shown) - 1:
            axes.set_xlabel("step (dotted: the best checkpoint)", fontsize=9)
    return figure


def labels_figure(rows: Sequence[tuple[str, Sequence[int]]], splits: Sequence[str]) -> Figure:
    """Clips of each class as bars, the splits beside each other. rows: class, its count in each of ``splits``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, min(max(0.24 * len(rows) + 1.0, 2.5), 16.0)), dpi=120, layout="constrained")
    left = [0] * len(rows)
    axes = figure.add_subplot()
    for at, split in enumerate(splits):
        counts = [counts[at] for _, counts in rows]
        axes.barh(
            range(len(rows)), counts, left=left, color=COLOURS[split], label=f"{split}: {sum(counts)}", height=0.8
        )
        left = [before + count for before, count in zip(left, counts, strict=True)]
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_xlabel("clips", fontsize=9)
    if len(rows) <= MAX_NAMED_CLASSES:
        names = [title if len(title) <= 40 else f"{title[:39]}…" for title, _ in rows]
        axes.set_yticks(range(len(rows)), names, fontsize=8, parse_math=False)
    else:
        axes.set_ylabel("class (index)")
    return figure
