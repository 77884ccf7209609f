"""What a selection of columns says: a table, a picture and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

from videoai.report.folds import fold_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

BASELINES = ("random", "pca")
NAMED = 5  # columns in a sentence
NAMES = {"random": "random columns", "pca": "principal components", "all": "all columns"}


class Point(NamedTuple):
    """A method at one number of columns."""

    method: str
    size: int
    accuracies: Sequence[float]  # one a fold, 0 .. 1
    stability: float  # mean Jaccard index of two folds' columns; NaN without columns to compare

    @property
    def accuracy(self) -> float:
        """The mean over folds."""
        return mean(self.accuracies)


class Choice(NamedTuple):
    """The selection that is kept, against what it must beat."""

    point: Point
    to_random: tuple[float, float, float]  # mean and interval of the paired difference, 0 .. 1
    to_all: tuple[float, float, float]


def choose(points: Sequence[Point], overlap: float) -> Choice | None:
    """The smallest selection whose accuracy is within one standard error of the best (Breiman et al. 1984, the one
    standard error rule), the most accurate among those of its size. None = no method was measured.

    Args:
        overlap: rows tested over rows learned in a fold.
    """
    measured = [point for point in points if point.method not in (*BASELINES, "all")]
    if not measured:
        return None
    best = max(measured, key=lambda point: point.accuracy)
    low, high = fold_interval(best.accuracies, overlap)
    close = [point for point in measured if point.accuracy >= best.accuracy - (high - low) / 4]
    size = min(point.size for point in close)
    point = max((one for one in close if one.size == size), key=lambda one: one.accuracy)
    at_random = next(one for one in points if (one.method, one.size) == ("random", size))
    whole = next(one for one in points if one.method == "all")
    return Choice(point, _difference(point, at_random, overlap), _difference(point, whole, overlap))


def _difference(point: Point, other: Point, overlap: float) -> tuple[float, float, float]:
    pairs = [one - two for one, two in zip(point.accuracies, other.accuracies, strict=True)]
    return mean(pairs), *fold_interval(pairs, overlap)


def verdict(choice: Choice | None, points: Sequence[Point]) -> str:
    """Two sentences."""
    if choice is None:
        return "No selector could be measured; there are fewer columns than the smallest of sizes."
    point = choice.point
    whole = next(one for one in points if one.method == "all")
    beside = ", ".join(
        f"{NAMES[one.method]} {100 * one.accuracy:.1f} %"
        for one in points
        if one.method in BASELINES and one.size == point.size
    )
    said = (
        f"{point.method} with {point.size} of {whole.size} columns: {100 * point.accuracy:.1f} % "
        f"(all {100 * whole.accuracy:.1f} %; as many {beside})."
    )
    return f"{said} {_against_random(choice)} {_against_all(choice)}"


def _against_random(choice: Choice) -> str:
    middle, low, high = (100 * one for one in choice.to_random)
    interval = f"{middle:+.1f} points (95 %: {low:+.1f} .. {high:+.1f})"
    if low > 0:
        return f"The choice matters: {interval} against columns at random."
    return f"The choice does not show: {interval} against columns at random, as where columns repeat each other."


def _against_all(choice: Choice) -> str:
    middle, low, high = (100 * one for one in choice.to_all)
    words = (
        "Fewer columns are better" if low > 0 else "It costs accuracy" if high < 0 else "It costs nothing that shows"
    )
    return f"{words}: {middle:+.1f} points (95 %: {low:+.1f} .. {high:+.1f}) against all columns."


def selection_table(points: Sequence[Point]) -> Table:
    """A row a method, a column a size, accuracy in percent."""
    from rich.table import Table

    sizes = sorted({point.size for point in points if point.method != "all"})
    whole = next(point for point in points if point.method == "all")
    table = Table(
        title=f"Accuracy in %, selected inside each fold; all {whole.size} columns: {100 * whole.accuracy:.1f}"
    )
    table.add_column("columns")
    for size in sizes:
        table.add_column(str(size), justify="right")
    held = {(point.method, point.size): f"{100 * point.accuracy:.1f}" for point in points}
    for method in dict.fromkeys(point.method for point in points if point.method != "all"):
        if method == BASELINES[0]:
            table.add_section()
        table.add_row(method, *(held.get((method, size), "") for size in sizes))
    return table


def selection_figure(points: Sequence[Point], choice: Choice | None, title: str) -> Figure:
    """Accuracy over the number of columns, a line a method; dashed what a selection must beat."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for method in dict.fromkeys(point.method for point in points if point.method != "all"):
        of_method = [point for point in points if point.method == method]
        x, y = [point.size for point in of_method], [100 * point.accuracy for point in of_method]
        (line,) = axes.plot(x, y, marker="o", markersize=3, linewidth=1.3, label=NAMES.get(method, method))
        if method in BASELINES:
            line.set(color="0.35" if method == "random" else "0.6", linestyle="--")
    whole = next(point for point in points if point.method == "all")
    axes.axhline(100 * whole.accuracy, color="0.2", linewidth=1, linestyle=":", label=f"all {whole.size}")
    if choice:
        axes.plot(choice.point.size, 100 * choice.point.accuracy, "o", markersize=10, fillstyle="none", color="black")
    axes.set_xscale("log", base=2)
    sizes = sorted({point.size for point in points if point.method != "all"})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="columns (circle: kept)", ylabel="accuracy, %")
    axes.set_title(title, parse_math=False, fontsize=11)
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def probe_table(results: Mapping[str, Any]) -> Table:
    """A row a probe."""
    from rich.table import Table

    table = Table(title=f"{len(results['classes'])} classes, {results['tested']}")
    table.add_column("probe")
    for name in ("accuracy %", "95 %"):
        table.add_column(name, justify="right")
    for name, one in results["probes"].items():
        table.add_row(name, f"{100 * one['accuracy']:.1f}", f"{100 * one['low']:.1f} .. {100 * one['high']:.1f}")
    table.add_section()
    table.add_row("majority", f"{100 * results['majority']:.1f}", "")
    return table


def importance_note(names: Sequence[str], compared: int) -> str:
    """One sentence on columns that impurity and permutation disagree about, of as many as were ``compared``."""
    if 2 * len(names) > compared:
        return (
            f"Permutation shows no use of {len(names)} of the {compared} columns that a forest puts first, as where "
            "columns are correlated; importance.csv has them all."
        )
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        "Important by impurity, yet of no use that shows on held-out rows (noise with many values, or correlated "
        f"with others): {', '.join(names[:NAMED])}{more}."
    )


def as_json(points: Sequence[Point]) -> list[Mapping[str, object]]:
    """Points as plain data."""
    return [
        {
            "method": point.method,
            "size": point.size,
            "accuracy": point.accuracy,
            "accuracies": list(point.accuracies),
            "stability": point.stability if point.stability == point.stability else None,
        }
        for point in points
    ]
