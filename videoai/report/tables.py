"""Tables for the terminal, returned as rich renderables: class balance, result summary, worst classes.

rich is imported inside: a training process that prints nothing does not pay for it. Names are wrapped in ``Text``, so a
class called "[red]" is shown as written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from videoai.report.metrics import ClassScore

MAX_BALANCE_ROWS = 30  # a terminal's height, roughly
MAX_WORST_CLASSES = 5


def class_balance_table(counts: Mapping[str, Sequence[int]], *, classes: Sequence[str]) -> Table:
    """Videos per class and split, the most frequent classes of the first split on top. A video counts once for each
    of its labels.

    Args:
        counts: split name -> K counts, e.g. {"train": [10, 4], "val": [3, 0]}; column order as given.
        classes: K names. Beyond 30, the middle is folded into one row that holds its sums.

    Raises:
        ValueError: a split does not hold one count per class.
    """
    from rich.table import Table
    from rich.text import Text

    for split, values in counts.items():
        if len(values) != len(classes):
            raise ValueError(f"class_balance_table: {split} has {len(values)} counts for {len(classes)} classes.")
    columns = list(counts.values())
    order = sorted(range(len(classes)), key=lambda label: -columns[0][label]) if columns else list(range(len(classes)))
    top, folded, bottom = _folded(order)
    table = Table(title="Videos per class", show_footer=True)
    table.add_column("class", footer=f"labels in all ({len(classes)} classes)")
    for split, values in counts.items():
        table.add_column(Text(split), justify="right", footer=str(sum(values)))
    for label in top:
        table.add_row(Text(classes[label]), *(_count(values[label]) for values in columns))
    if folded:
        sums = (str(sum(values[label] for label in folded)) for values in columns)
        table.add_row(f"… {len(folded)} more classes", *sums, style="dim")
    for label in bottom:
        table.add_row(Text(classes[label]), *(_count(values[label]) for values in columns))
    return table


def results_table(rows: Sequence[tuple[str, str]], *, split: str) -> Table:
    """The summary of one evaluation: rows of name and value, as a task's ``table`` gives them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"Results on {split}"), show_header=False)
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in rows:
        table.add_row(Text(name), Text(value), style="red" if name.startswith("unreadable") and value != "0" else "")
    return table


def closing_rows(results: Mapping[str, Any], *, unreadable: str) -> list[tuple[str, str]]:
    """The rows below the metrics; ``unreadable``: how such videos are counted."""
    return [
        ("videos", str(results["n_total"])),
        (f"unreadable ({unreadable})", str(results["n_bad"])),
        ("views", results["views"]),
    ]


def of_classes(results: Mapping[str, Any]) -> str:
    """`` (3 of 17 classes present)`` where a split lacks some, otherwise nothing."""
    present, known = results["classes_present"], results["classes"]
    return f" ({present} of {known} classes present)" if present < known else ""


def percent(share: float | None) -> str:
    """``71.2 %``; a dash where there is no value."""
    return "-" if share is None else f"{100 * share:.1f} %"


def worst_classes_table(scores: Sequence[ClassScore]) -> Table:
    """Up to 5 classes with mistakes, the lowest accuracy first; among equals the class with more videos."""
    from rich.table import Table
    from rich.text import Text

    wrong = [score for score in scores if score.num_correct < score.num_videos]
    worst = sorted(wrong, key=lambda score: (score.accuracy, -score.num_videos))[:MAX_WORST_CLASSES]
    caption = None if worst else "every video is classified correctly"
    table = Table(title="Worst classes", caption=caption)
    table.add_column("class")
    for name in ("accuracy", "correct", "precision"):
        table.add_column(name, justify="right")
    table.add_column("most confused with")
    for score in worst:
        correct = f"{score.num_correct}/{score.num_videos}"
        precision = percent(None if score.precision != score.precision else score.precision)
        confused_with = Text(score.most_confused_with or "-")
        table.add_row(Text(score.name), percent(score.accuracy), correct, precision, confused_with)
    return table


def as_text(renderable: RenderableType, *, width: int = 100) -> str:
    """Plain lines of at most ``width`` columns, without colours or a final newline: for logs and files."""
    from rich.console import Console

    console = Console(file=StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().rstrip("\n")


def _folded(order: list[int]) -> tuple[list[int], list[int], list[int]]:
    """Splits labels into those on top, those folded into one row, and those below it."""
    if len(order) <= MAX_BALANCE_ROWS:
        return order, [], []
    top = MAX_BALANCE_ROWS // 2
    bottom = len(order) - (MAX_BALANCE_ROWS - top - 1)
    return order[:top], order[top:bottom], order[bottom:]


def _count(value: int) -> str:
    return str(value) if value else "[red]0[/red]"
