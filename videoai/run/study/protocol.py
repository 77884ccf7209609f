"""The protocol of a study: cells of shots x seeds x arms, each measured once and kept, so that arms pair on seeds."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch

from videoai.core.files import write_atomic
from videoai.core.seeding import generator_for

logger = logging.getLogger(__name__)
ROWS = "rows.jsonl"


class Refused(ValueError):
    """This arm cannot be measured with so few clips; the message says why."""


class Cell(NamedTuple):
    """One measurement. What a seed decides (the chosen clips, first weights, order) is alike in all arms."""

    shots: int  # clips a class
    seed: int
    arm: str


ROW = (*Cell._fields, "accuracy")
Row = dict[str, Any]  # the cell's fields, and "accuracy" in 0 .. 1, or None and "refused": why
Measure = Callable[[Cell], Mapping[str, Any]]  # -> the other fields of the row


def all_cells(shots: Iterable[int], num_seeds: int, arms: Sequence[str]) -> list[Cell]:
    """In the order in which a table can soon be read: few shots first, all arms of a seed together."""
    return [Cell(number, seed, arm) for number in sorted(shots) for seed in range(num_seeds) for arm in arms]


def measure_all(
    cells: Sequence[Cell], measure: Measure, folder: Path, facts: Mapping[str, Any], unit: str = "shots"
) -> list[Row]:
    """The rows of all cells, in their order; those that the folder holds are not measured again. ``Refused`` makes
    a row without accuracy; any other error ends the study. ``unit``: what ``cell.shots`` counts.

    Raises: ValueError: the folder holds rows that were measured under other ``facts``.
    """
    rows = read_rows(folder / ROWS, facts)
    todo = [cell for cell in cells if cell not in rows]
    if len(todo) < len(cells):
        logger.info("%d of %d cells are there already", len(cells) - len(todo), len(cells))
    for cell in todo:
        rows[cell] = {**cell._asdict(), **_measured(measure, cell)}
        lines = [json.dumps(line) for line in (facts, *rows.values())]
        write_atomic(folder / ROWS, ("\n".join(lines) + "\n").encode())
        logger.info("%d %s, seed %d, %s: %s", cell.shots, unit, cell.seed, cell.arm, shown(rows[cell]))
    return [rows[cell] for cell in cells]


def read_rows(path: Path, facts: Mapping[str, Any]) -> dict[Cell, Row]:
    """What was measured before. Raises: ValueError: under other ``facts``, naming the first that differs; or a line is
    damaged."""
    if not path.exists():
        return {}
    then, *rows = _lines(path)
    now = json.loads(json.dumps(facts))
    if changed := [key for key in {**then, **now} if then.get(key) != now.get(key)]:
        key = changed[0]
        raise ValueError(
            f"{path} was measured with {key}={then.get(key)}, now it is {now.get(key)}: such rows cannot be compared. "
            "Choose another run_dir, or set it as it was."
        )
    return {Cell(row["shots"], row["seed"], row["arm"]): row for row in rows}


def _lines(path: Path) -> list[Row]:
    """The facts, then the rows. Raises: ValueError: naming the line that is neither."""
    first, *others = path.read_bytes().splitlines() or [b""]
    rows = enumerate(others, 2)
    return [_read(first, (), f"{path}:1", "file"), *(_read(line, ROW, f"{path}:{at}", "line") for at, line in rows)]


def _read(line: bytes, needed: Sequence[str], where: str, what: str) -> Row:
    with suppress(ValueError):
        row = json.loads(line)
        if isinstance(row, dict) and {*needed} <= {*row}:
            return row
    raise ValueError(
        f"{where}: is damaged. Delete the {what}, and what it held is measured again; or choose another run_dir."
    )


def choose_shots(labels: torch.Tensor, wanted: Sequence[int], seed: int) -> torch.Tensor:
    """Rows, int64 [M], of ``wanted[k]`` clips of each class k, or of all where there are fewer; more of a seed hold the
    fewer. labels: int64 [N]."""
    order = torch.randperm(len(labels), generator=generator_for(seed, "shots"))
    return torch.cat([order[labels[order] == label][:count] for label, count in enumerate(wanted)])


def shown(row: Row) -> str:
    """``71.5%`` or ``refused``; why is in the row."""
    return "refused" if row["accuracy"] is None else f"{row['accuracy']:.1%}"


def _measured(measure: Measure, cell: Cell) -> Mapping[str, Any]:
    try:
        return measure(cell)
    except Refused as error:
        return {"accuracy": None, "refused": str(error)}
