"""Figures that a section gives to the page: a line of JSON each, written at once, so that a section that is ended
half-way keeps those it has."""

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

failures: list[str] = []


def add(**values: Any) -> None:
    """One row: words and numbers by name."""
    values = {key: rounded(value) for key, value in values.items()}
    print("  ".join(f"{key}={value}" for key, value in values.items()), flush=True)
    if path := os.environ.get("GPU_CHECK_ROWS"):
        with open(path, "a") as file:
            file.write(json.dumps(values) + "\n")


def rounded(value: Any) -> Any:
    """Numbers to four digits; JSON knows no NaN."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else str(value)


@contextmanager
def part(**names: Any) -> Iterator[None]:
    """A part of a section: an error in it becomes a row, and the parts after it go on."""
    try:
        yield
    except Exception as error:
        import traceback

        traceback.print_exc()
        lines = str(error).strip().splitlines() or [""]
        add(**names, error=f"{type(error).__name__}: {lines[0][:160]}")
        failures.append(str(names))


def finish() -> None:
    """Exit status 1 if a part failed."""
    sys.exit(1 if failures else 0)


def skip(why: str) -> None:
    """This section has nothing to do here."""
    print(why)
    sys.exit(77)
