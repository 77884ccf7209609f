"""The table of ``videoai runs``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {"failed": "red", "training now": "green"}


def runs_table(rows: Sequence[Any]) -> Table:
    """Rows with ``name state step best test date``, as ``run/runs.py`` lists them."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in ("run", "state", "step", "best", "test", "began"):
        table.add_column(name, justify="right" if name == "step" else "left", overflow="fold")
    for row in rows:
        cells = (row.name, row.state, row.step, row.best, row.test, row.date)
        table.add_row(*map(Text, cells), style=STYLES.get(row.state, ""))
    return table


def settings_lines(rows: Sequence[Any]) -> list[str]:
    """``NAME: optim.lr=0.1, seed=2`` for each run: the settings that are not the same in all."""
    own = {row.name: ", ".join(f"{key}={value}" for key, value in row.settings.items()) for row in rows}
    return ["what differs:", *(f"  {name}: {words}" for name, words in own.items())] if any(own.values()) else []
