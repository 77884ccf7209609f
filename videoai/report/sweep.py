"""What the runs of a sweep say: a table with the best first, a CSV file, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoai.core.files import csv_bytes, write_together
from videoai.core.messages import pluralize
from videoai.core.paths import display_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

MAX_PANELS = 8  # settings that are drawn; more would be too small to read
LOG_FROM = 30  # a setting whose largest value is that many times its smallest has a logarithmic axis
COLOURS = {"complete": "tab:blue", "pruned": "0.6"}


def sweep_rows(jobs: Sequence[tuple[Sequence[str], Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """A row for each run: number, settings, metric, value, step, state, folder; the best first, failed ones last.

    jobs: the words that are a run's own, and what it returned.
    """
    rows = []
    for number, (words, values) in enumerate(jobs):
        state = "failed" if "error" in values else "pruned" if values.get("pruned") else "complete"
        own = dict(word.split("=", 1) for word in words)
        rows.append({"error": "", "metric": "", "value": None, "step": None, "run_dir": "", **values} | {
            "number": number, "settings": own, "state": state,
        })  # fmt: skip
    sign = -1 if is_lower_better(rows) else 1
    order = {"complete": 0, "pruned": 1, "failed": 2}
    return sorted(rows, key=lambda row: (order[row["state"]], -sign * (row["value"] or 0)))


def is_lower_better(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a smaller value is better; a run that failed does not say."""
    return any(row.get("lower_is_better") for row in rows)


def sweep_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows of ``sweep_rows`` for the terminal."""
    from rich.table import Table
    from rich.text import Text

    counts = {state: sum(row["state"] == state for row in rows) for state in ("pruned", "failed")}
    more = [f"{number} {state}" for state, number in counts.items() if number]
    table = Table(title=", ".join([pluralize(len(rows), "run"), *more]))
    for column in ("settings", "metric", "best", "at step", "run"):
        table.add_column(column)
    for row in rows:
        words = Text(" ".join(f"{key}={short(value)}" for key, value in row["settings"].items()))
        if row["state"] == "failed":
            table.add_row(words, "failed", "", "", Text(row["error"]))
        else:
            best = f"{row['value']:.4g}" + (" (pruned)" if row["state"] == "pruned" else "")
            table.add_row(words, row["metric"], best, str(row["step"]), Text(display_path(row["run_dir"])))
    return table


def write_sweep(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """``sweep.csv`` and ``sweep.png``, both or none. Raises: OSError."""
    keys = list(dict.fromkeys(key for row in rows for key in row["settings"]))
    shown = ("number", "state", "metric", "value", "step", "run_dir", "error")
    lines = [[*(row[name] for name in shown), *(row["settings"].get(key, "") for key in keys)] for row in rows]
    picture = BytesIO()
    sweep_figure(rows).savefig(picture, format="png", metadata={"Software": None})
    table = csv_bytes([*shown, *keys], lines, errors="backslashreplace")
    write_together({folder / "sweep.csv": table, folder / "sweep.png": picture.getvalue()})


def sweep_figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """The value of each run in their order with the best so far, and beside it the values over each setting."""
    from matplotlib.figure import Figure

    scored = sorted((row for row in rows if row["value"] is not None), key=lambda row: row["number"])
    keys = list(dict.fromkeys(key for row in scored for key in row["settings"]))[:MAX_PANELS]
    columns = min(3, len(keys) + 1)
    lines = -(-(len(keys) + 1) // columns)
    figure = Figure(figsize=(4 * columns, 3 * lines), dpi=120, layout="constrained")
    panels: Any = figure.subplots(lines, columns, squeeze=False, sharey=True).flat
    metric = next((row["metric"] for row in scored), "value")
    for panel in panels:
        panel.set_visible(False)
    _draw_history(panels[0], scored, metric, lower_is_better=is_lower_better(rows))
    for panel, key in zip(panels[1:], keys, strict=False):
        _draw_setting(panel, scored, key)
    return figure


def short(value: str) -> str:
    """A number with four digits; any other value as it is."""
    number = _number(value)
    return value if number is None or len(value) <= 8 else f"{number:.4g}"


def _draw_history(panel: Axes, rows: Sequence[Mapping[str, Any]], metric: str, *, lower_is_better: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    panel.set_visible(True)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    _dots(panel, [row["number"] for row in rows], rows)
    complete = [row for row in rows if row["state"] == "complete"]
    best, choose = [], min if lower_is_better else max
    for row in complete:
        best.append(choose([*best[-1:], row["value"]]))
    panel.step([row["number"] for row in complete], best, where="post", color="black", linewidth=1, label="best so far")
    panel.set(xlabel="run", ylabel=metric)
    panel.legend(frameon=False, fontsize=8)


def _draw_setting(panel: Axes, rows: Sequence[Mapping[str, Any]], key: str) -> None:
    panel.set_visible(True)
    having = [row for row in rows if key in row["settings"]]
    numbers = [_number(row["settings"][key]) for row in having]
    places: list[Any] = numbers
    if None in numbers:
        names = sorted({row["settings"][key] for row in having})
        places = [names.index(row["settings"][key]) for row in having]
        panel.set_xticks(range(len(names)), [name[-20:] for name in names], fontsize=8, parse_math=False)
        panel.set_xlim(-0.5, len(names) - 0.5)
    elif min(places) > 0 and max(places) >= LOG_FROM * min(places):
        panel.set_xscale("log")
    _dots(panel, places, having)
    panel.set_xlabel(key, parse_math=False)


def _dots(panel: Axes, places: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    for state, colour in COLOURS.items():
        chosen = [place for place, row in enumerate(rows) if row["state"] == state]
        if chosen:
            x, y = [places[place] for place in chosen], [rows[place]["value"] for place in chosen]
            panel.scatter(x, y, s=18, color=colour, label=state)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
