"""``compare``: two runs on the videos that both were evaluated on."""

import csv
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from videoai.core.files import write_atomic
from videoai.core.messages import command_line
from videoai.report.comparison import Comparison, compare, comparison_bytes
from videoai.settings.runs import CompareSettings

logger = logging.getLogger(__name__)
TABLE = "predictions.csv"


class Compared(NamedTuple):
    """A comparison, and the CSV file that holds it."""

    comparison: Comparison
    file: Path


def compare_runs(settings: CompareSettings) -> Compared:
    """Pair the predictions of both by the videos' paths; say where the two are not of the same split.

    Raises: FileNotFoundError: a run without such results. ValueError: several labels, or no video in common.
    """
    tables = [predictions(path, settings.split) for path in (settings.run, settings.other)]
    rows = [read_predictions(table) for table in tables]
    shared = [path for path in rows[0] if path in rows[1]]
    say_what_differs(tables, [len(one) for one in rows], len(shared))
    if not shared:
        raise ValueError(f"{tables[0]} and {tables[1]}: no video is in both. Evaluate both on the same data and split.")
    if other := next((path for path in shared if rows[0][path][0] != rows[1][path][0]), None):
        labels = [one[other][0] for one in rows]
        raise ValueError(f"{other} is '{labels[0]}' in {tables[0]} and '{labels[1]}' in {tables[1]}: other labels.")
    answers = [[one[path][1] for path in shared] for one in rows]
    labels = [rows[0][path][0] for path in shared]
    comparison = compare(labels, *answers, resamples=settings.resamples, seed=settings.seed)
    file = Path(settings.out) if settings.out else tables[0].with_name(f"comparison-{_name(tables[1])}.csv")
    write_atomic(file, comparison_bytes(comparison))
    return Compared(comparison, file)


def predictions(given: str, split: str) -> Path:
    """The predictions of a run, a folder of results or a file.

    Raises: FileNotFoundError: there are none; the message holds the command that makes them.
    """
    path = Path(given)
    for table in (path, path / split / TABLE, path / TABLE):
        if table.is_file():
            return table
    if not path.exists():
        raise FileNotFoundError(f"{given}: no such run. videoai runs lists them.")
    held = ", ".join(sorted(table.parent.name for table in path.glob(f"*/{TABLE}")))
    words = [f"checkpoint={path / 'checkpoints' / 'best.pt'}"]
    words += [f"split={split}"] if split in ("train", "val", "test", "all") else []
    raise FileNotFoundError(
        f"{given}: no results of {split}{f' (there are {held}: split=NAME)' if held else ''}. Evaluate it first: "
        f"{command_line('evaluate', *words)}"
    )


def read_predictions(table: Path) -> dict[str, tuple[str, bool]]:
    """Path of a video -> its label, and whether the answer is right. Raises: ValueError: several labels a video."""
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if missing := {"path", "label", "correct"} - {*(reader.fieldnames or ())}:
            raise ValueError(
                f"{table}: has no column {min(missing)}. compare is for predictions.csv of videos with one label each."
            )
        return {row["path"]: (row["label"], row["correct"] == "1") for row in reader}


def say_what_differs(tables: list[Path], counts: list[int], num_shared: int) -> None:
    """A warning where the two evaluations are not of the same videos, split or views."""
    facts = [_facts(table) for table in tables]
    for key, what in (("split", "splits"), ("views", "views"), ("fingerprint", "lists of videos")):
        values = [one.get(key) for one in facts]
        if None not in values and values[0] != values[1]:
            logger.warning("warning: the results are of different %s: %s and %s", what, *values)
    if counts != [num_shared, num_shared]:
        logger.warning("warning: %d videos are in both, of %d and %d: only these are compared", num_shared, *counts)


def _facts(table: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return json.loads((table.parent / "results.json").read_bytes())
    return {}


def _name(table: Path) -> str:
    """RUN of RUN/test/predictions.csv."""
    folder = table.resolve().parent
    return folder.parent.name if (folder.parent / "config.yaml").exists() else folder.name
