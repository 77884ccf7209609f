"""``compare``: two runs on the videos that both were evaluated on."""

import csv
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from videoai.core.files import write_together
from videoai.core.messages import command_line, pluralize, same_command
from videoai.report.comparison import Comparison, compare, comparison_bytes
from videoai.report.page.comparison_summary import Answers
from videoai.run.compare_page import comparison_page
from videoai.settings.runs import CompareSettings

logger = logging.getLogger(__name__)
TABLE = "predictions.csv"


class Compared(NamedTuple):
    """A comparison, and what was written: the table, and the page."""

    comparison: Comparison
    files: list[Path]


class Answer(NamedTuple):
    """What a run says of one video."""

    label: str  # the true class
    predicted: str
    is_right: bool


def compare_runs(settings: CompareSettings) -> Compared:
    """Pair the predictions of both by the videos' paths; say where the two are not of the same split.

    Raises: FileNotFoundError: a run without such results. ValueError: several labels, no video in common, or the same
    results twice.
    """
    tables = [predictions(path, settings.split) for path in (settings.run, settings.other)]
    if tables[0].samefile(tables[1]):
        raise ValueError(f"{tables[0]}: both are these results. Give two runs, or two folders of results.")
    rows = [read_predictions(table) for table in tables]
    shared = [path for path in rows[0] if path in rows[1]]
    say_what_differs(tables, [len(one) for one in rows], len(shared))
    if not shared:
        raise ValueError(f"{tables[0]} and {tables[1]}: no video is in both. Evaluate both on the same data and split.")
    if other := next((path for path in shared if rows[0][path].label != rows[1][path].label), None):
        labels = [one[other].label for one in rows]
        raise ValueError(f"{other} is '{labels[0]}' in {tables[0]} and '{labels[1]}' in {tables[1]}: other labels.")
    answers = [paired(path, rows[0][path], rows[1][path]) for path in shared]
    right = [row.one_is_right for row in answers], [row.other_is_right for row in answers]
    labels = [row.label for row in answers]
    comparison = compare(labels, *right, resamples=settings.resamples, seed=settings.seed)
    file = Path(settings.out) if settings.out else tables[0].with_name(f"comparison-{_name(tables[1])}.csv")
    written = {file: comparison_bytes(comparison)}
    if settings.report:
        again = same_command() or command_line("compare", settings.run, settings.other, f"split={settings.split}")
        try:
            page = comparison_page(comparison, answers, tables, names_of(tables, settings), again)
            written[file.with_suffix(".html")] = page
        except Exception as error:  # whatever fails here, the numbers are there
            logger.warning("the page was not made (%s: %s)", type(error).__name__, error)
    write_together(written)
    return Compared(comparison, [*written])


def paired(path: str, one: Answer, other: Answer) -> Answers:
    """The answers of both runs to one video."""
    return Answers(path, one.label, one.predicted, other.predicted, one.is_right, other.is_right)


def names_of(tables: list[Path], settings: CompareSettings) -> tuple[str, str]:
    """What the runs are called: their folders, or as they were given where these are called alike."""
    one, other = map(_name, tables)
    return (one, other) if one != other else (settings.run, settings.other)


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


def read_predictions(table: Path) -> dict[str, Answer]:
    """Path of a video -> the answer. Raises: ValueError: several labels a video."""
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if missing := {"path", "label", "correct"} - {*(reader.fieldnames or ())}:
            raise ValueError(
                f"{table}: has no column {min(missing)}. compare is for predictions.csv of videos with one label each."
            )
        return {row["path"]: Answer(row["label"], row.get("predicted") or "", row["correct"] == "1") for row in reader}


def say_what_differs(tables: list[Path], counts: list[int], num_shared: int) -> None:
    """A warning where the two evaluations are not of the same videos, split or views."""
    facts = [_facts(table) for table in tables]
    for key, what in (("split", "splits"), ("views", "views"), ("fingerprint", "lists of videos")):
        values = [one.get(key) for one in facts]
        if None not in values and values[0] != values[1]:
            logger.warning("warning: the results are of different %s: %s and %s", what, *values)
    if counts != [num_shared, num_shared]:
        shared = pluralize(num_shared, "video is", "videos are")
        logger.warning("warning: %s in both, of %d and %d: only what both hold is compared", shared, *counts)


def _facts(table: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        facts = json.loads((table.parent / "results.json").read_bytes())
        return facts if isinstance(facts, dict) else {}
    return {}


def _name(table: Path) -> str:
    """RUN of RUN/test/predictions.csv."""
    folder = table.resolve().parent
    return folder.parent.name if (folder.parent / "config.yaml").exists() else folder.name
