"""How far long work is: on a terminal a row with a bar for each part that is under way, elsewhere a line now and then,
none for what takes less. The first of several processes shows it."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from videoai.core.launcher import launched_rank

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 30.0
_bars: list[Any] = []  # rich's display while a row is shown: a terminal has one, whoever adds to it


def duration(seconds: float) -> str:
    """``04:30`` minutes and seconds, ``1:04:30`` with hours as two digits, or days and hours."""
    if seconds >= 86400:
        return f"{seconds // 86400:.0f} d {seconds % 86400 // 3600:.0f} h"
    return time.strftime("%H:%M:%S" if seconds >= 3600 else "%M:%S", time.gmtime(seconds))


@contextmanager
def counting(what: str, total: int, unit: str = "videos") -> Iterator[Callable[[int], None]]:
    """``with counting("evaluate", 400) as add: ...; add(16)``: sixteen more of the 400 are done."""
    start = last = time.monotonic()
    done = 0
    with row(what, total) as show:

        def add(number: int = 1) -> None:
            nonlocal done, last
            done, now = done + number, time.monotonic()
            eta = f"ETA {duration((now - start) / done * max(0, total - done))}" if done else ""
            if show:
                show(done, eta)
            elif now - last >= SECONDS_BETWEEN_LINES and launched_rank() == 0:
                last = now
                logger.info("%s: %d of %d %s  %s", what, done, total, unit, eta)

        yield add


@contextmanager
def row(what: str, total: int, done: int = 0) -> Iterator[Callable[[int, str], None] | None]:
    """A row on the terminal, as long as the block runs: ``show(done, text)``. None where there is no terminal."""
    if not sys.stderr.isatty() or launched_rank() > 0:
        yield None
        return
    bar = _bars[0] if _bars else new_bar()
    task = bar.add_task(what, total=total, completed=done, text="")
    _bars.append(bar)
    try:
        if len(_bars) == 1:
            bar.start()
        yield lambda done, text: bar.update(task, completed=done, text=text)
    finally:
        _bars.pop()
        bar.remove_task(task) if _bars else bar.stop()


def new_bar() -> Any:
    """rich's display, on standard error. What is printed meanwhile stays above it, where both are one terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    text = TextColumn("{task.fields[text]}")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=10), MofNCompleteColumn(), text)
    return Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=bool(sys.stdout and sys.stdout.isatty())
    )
