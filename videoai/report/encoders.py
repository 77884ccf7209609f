"""Encoders beside each other: what their features know of the same videos, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from videoai.core.messages import pluralize

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table


LONGEST = 40  # characters of a name in a picture


class EncoderRow(NamedTuple):
    """One encoder; without an accuracy it was ``refused``, which says why."""

    encoder: str
    accuracy: float | None  # linear probe, 0 .. 1
    low: float | None
    high: float | None
    knn: float | None
    knn_low: float | None
    knn_high: float | None
    majority: float | None
    clips_per_second: float | None
    peak_mib: int | None  # that a GPU holds at most; None on a CPU
    width: int | None
    licence: str | None
    weights: str | None  # hash
    trained: bool | None  # False = a network as it begins
    knows_classes: bool | None  # it was trained to tell some of these classes, perhaps on these very videos
    refused: str | None = None


def encoders_table(rows: Sequence[EncoderRow]) -> Table:
    """The most accurate first, then those that could not be measured."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Features of {pluralize(len(rows), 'encoder')} on the same videos")
    for column in ("encoder", "linear %", "95 %", "5-NN %", "clips/s", "MiB", "width", "licence", "weights"):
        left = column in ("encoder", "licence", "weights")
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for row in ordered(rows):
        title = row.encoder + (" (untrained)" if row.trained is False else " *" if row.knows_classes else "")
        if row.accuracy is None:
            table.add_row(Text(title), Text("failed"), "", "", "", "", "", "", "")
            continue
        interval = f"{100 * (row.low or 0):.0f} .. {100 * (row.high or 0):.0f}"
        cells = [f"{100 * row.accuracy:.1f}", interval, f"{100 * (row.knn or 0):.1f}", f"{row.clips_per_second:g}"]
        cells += ["" if row.peak_mib is None else str(row.peak_mib), str(row.width)]
        table.add_row(
            Text(title), *cells, Text(row.licence or ("own" if row.trained else "")), Text((row.weights or "")[:8])
        )
    return table


def ordered(rows: Sequence[EncoderRow]) -> list[EncoderRow]:
    """The most accurate first; those without an accuracy last."""
    return sorted(rows, key=lambda row: -1.0 if row.accuracy is None else row.accuracy, reverse=True)


def verdict(rows: Sequence[EncoderRow]) -> str:
    """The best, and the fastest that it does not beat for sure; how many failed."""
    measured = [row for row in ordered(rows) if row.accuracy is not None]
    failed = len(rows) - len(measured)
    rest = f" {pluralize(failed, 'encoder')} failed; rows.jsonl says why." if failed else ""
    if not measured:
        return f"No encoder could be measured.{rest}"
    best = measured[0]
    said = f"{best.encoder} knows most: {_accuracy(best)}; the largest class is {100 * (best.majority or 0):.1f} %."
    close = [row for row in measured[1:] if (row.accuracy or 0) >= (best.low or 0)]
    faster = max(close, key=lambda row: row.clips_per_second or 0, default=None)
    if faster and (faster.clips_per_second or 0) > (best.clips_per_second or 0):
        times = (faster.clips_per_second or 0) / (best.clips_per_second or 1)
        said += f" {faster.encoder} lies within its interval ({_accuracy(faster)}) and is {times:.1f} times as fast."
    elif close:
        said += f" {pluralize(len(close), 'other lies', 'others lie')} within its interval, and none is faster."
    return said + _flattered(measured) + rest


def _flattered(rows: Sequence[EncoderRow]) -> str:
    """Which encoders may have seen the labels."""
    names = [row.encoder for row in rows if row.knows_classes]
    if not names:
        return ""
    return f" * {', '.join(names)}: trained to tell these classes; where it saw these videos, its number flatters."


def _accuracy(row: EncoderRow) -> str:
    return f"{100 * (row.accuracy or 0):.1f} % (95 %: {100 * (row.low or 0):.0f} .. {100 * (row.high or 0):.0f})"


def encoders_figure(rows: Sequence[EncoderRow]) -> Figure:
    """Accuracy over speed, with intervals; untrained networks are grey. Numbers lead from points to names."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    figure = Figure(figsize=(9, 4.6), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    measured = [row for row in ordered(rows) if row.accuracy is not None]
    for number, (row, title) in enumerate(zip(measured, titles(measured), strict=True), start=1):
        y, colour = 100 * (row.accuracy or 0), "0.55" if row.trained is False else "tab:blue"
        error = [[max(0.0, y - 100 * (row.low or 0))], [max(0.0, 100 * (row.high or 0) - y)]]
        said = f"{number}  {title}".replace("$", r"\$")
        place = row.clips_per_second or 0
        axes.errorbar([place], [y], yerr=error, fmt="o", markersize=5, linewidth=1, color=colour, label=said)
        axes.annotate(str(number), (place, y), xytext=(6, 4), textcoords="offset points", fontsize=9)
    majority = next((row.majority for row in rows if row.majority is not None), None)
    if majority is not None:
        axes.axhline(100 * majority, color="0.4", linewidth=1, linestyle=":", label="largest class")
    axes.set_xscale("log")
    for place in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        place(LogFormatter(labelOnlyBase=False, minor_thresholds=(2, 0.5)))
    axes.set(xlabel="clips a second, network alone", ylabel="linear probe, %")
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1.2)
    return figure


def titles(rows: Sequence[EncoderRow]) -> list[str]:
    """What the encoders are called in a picture."""
    names = short_names([row.encoder for row in rows])
    return [name + " (untrained)" * (row.trained is False) for name, row in zip(names, rows, strict=True)]


def short_names(checkpoints: Sequence[str]) -> list[str]:
    """A checkpoint of a run by its run, where no other is called so; long names are cut in the middle."""
    short = [_run_of(one) for one in checkpoints]
    names = [one if short.count(one) == 1 else whole for one, whole in zip(short, checkpoints, strict=True)]
    return [name if len(name) <= LONGEST else f"{name[:8]}…{name[9 - LONGEST :]}" for name in names]


def _run_of(encoder: str) -> str:
    """``gestures`` for runs/gestures/checkpoints/best.pt, ``gestures, last`` for last.pt beside it."""
    path = PurePath(encoder)
    if path.parent.name != "checkpoints":
        return encoder
    run = path.parent.parent.name
    return run if path.stem == "best" else f"{run}, {path.stem}"
