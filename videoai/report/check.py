"""The report of a data check: a table for programs and a summary for the terminal; the page is in check_page.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from videoai.core.files import csv_bytes
from videoai.core.messages import pluralize

if TYPE_CHECKING:
    from rich.table import Table

NAME, TABLE = "report.html", "report.csv"


class FaultLike(Protocol):
    """What a row of the report shows."""

    @property
    def kind(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def detail(self) -> str: ...

    @property
    def twin(self) -> str: ...

    @property
    def is_light(self) -> bool: ...


def faults_csv(faults: Sequence[FaultLike]) -> bytes:
    """``report.csv``: kind, path, detail, twin."""
    rows = ((fault.kind, fault.path, fault.detail, fault.twin) for fault in faults)
    return csv_bytes(("kind", "path", "detail", "twin"), rows)


def summary(faults: Sequence[FaultLike]) -> str:
    """``3 faults and 1 warning``."""
    light = sum(fault.is_light for fault in faults)
    heavy = len(faults) - light
    return f"{pluralize(heavy, 'fault')} and {pluralize(light, 'warning')}"


def check_table(faults: Sequence[FaultLike], meanings: Mapping[str, str]) -> Table:
    """Kinds with their counts, the first of each by name."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="What was found")
    table.add_column("kind")
    table.add_column("count", justify="right")
    table.add_column("meaning; the first one", overflow="fold")
    for kind, count in Counter(fault.kind for fault in faults).items():
        first = next(fault for fault in faults if fault.kind == kind)
        where = ": ".join(part for part in (first.path, first.detail) if part)
        table.add_row(kind, str(count), Text("; ".join(part for part in (meanings.get(kind, ""), where) if part)))
    return table
