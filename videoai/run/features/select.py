"""``features select``: which columns of a table to keep, and whether it pays."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from videoai.core.files import csv_bytes, write_together
from videoai.core.messages import pluralize
from videoai.core.progress import counting
from videoai.data.feature_table import read_provenance
from videoai.report.run_pictures import png
from videoai.report.selection import Choice, Point, as_json, choose, selection_figure, verdict
from videoai.run.features.labelled import Labelled, open_labelled
from videoai.settings.features import SelectSettings
from videoai.tabular.folds import Fold, check_folds, make_folds, prepared
from videoai.tabular.importance import Importance, fooled, importances
from videoai.tabular.matrix import Matrix
from videoai.tabular.rankings import RANKINGS
from videoai.tabular.selection import Selection, select

logger = logging.getLogger(__name__)
SOMETIMES = ("importance.csv", "selected.json")  # files that not every selection has


def select_features(settings: SelectSettings) -> dict[str, Any]:
    """Measure, choose, and test the choice once on rows of split test.

    Returns: the content of results.json, and ``points``, ``importance`` and ``folder``. Raises: OSError, ValueError:
    naming what is wrong.
    """
    labelled = open_labelled(settings)
    matrix = labelled.learned
    check_folds(matrix, settings.folds)
    how = {"missing": settings.missing, "scale": settings.scale, "encode": settings.encode}
    folds = partial(make_folds, matrix, settings.folds, settings.seed, **how)
    with counting("select", settings.folds, "folds") as add:
        selection = select(folds(), settings.methods, sorted(settings.sizes), add)
    points = points_of(selection)
    overlap = sum(tested / learned for learned, tested in selection.rows) / len(selection.rows)
    choice = choose(points, overlap)
    table = importances(folds(), partial(forest_order, selection), settings.columns) if settings.importance else []
    results: dict[str, Any] = {
        "rows": len(matrix),
        "classes": matrix.classes,
        "verdict": verdict(choice, points),
        "points": as_json(points),
        "left_out": selection.left_out,
        "settings": asdict(settings),
    }
    if choice:
        results["selected"] = selected(choice, matrix, settings, how)
        results["test"] = tested(labelled, results["selected"]["names"], settings, how)
    if table:
        results["fooled"] = [row.name for row in fooled(table)]
    folder = Path(settings.run_dir)
    title = f"{pluralize(len(matrix), 'row')}, {len(matrix.classes)} classes, {settings.folds} folds"
    files = files_of(folder, results, points, choice, table, title)
    write_together(files)
    for path in {folder / name for name in SOMETIMES} - files.keys():
        path.unlink(missing_ok=True)  # a former selection left it
    return results | {"points": points, "importance": table, "folder": str(folder)}


def forest_order(selection: Selection, number: int, fold: Fold) -> list[str]:
    """A fold's columns by the forest, measured already where it is among the methods."""
    held = selection.orders.get(("forest", number))
    return held or [fold.names[column] for column in RANKINGS["forest"](fold.train)]


def points_of(selection: Selection) -> list[Point]:
    """What was measured in every fold."""
    points = []
    for method in dict.fromkeys(cell.method for cell in selection.cells):
        for size in selection.sizes(method):
            accuracies = selection.accuracies(method, size)
            if len(accuracies) == len(selection.rows) or method == "all":
                points.append(Point(method, size, accuracies, selection.stability(method, size)))
    return _whole_as_one(points)


def _whole_as_one(points: list[Point]) -> list[Point]:
    """Folds may prepare a column more or fewer; "all" is one point whatever their number."""
    whole = [point for point in points if point.method == "all"]
    accuracies = [value for point in whole for value in point.accuracies]
    others = [point for point in points if point.method != "all"]
    return [Point("all", max(point.size for point in whole), accuracies, float("nan")), *others]


def selected(choice: Choice, matrix: Matrix, settings: SelectSettings, how: dict[str, Any]) -> dict[str, Any]:
    """The columns that the method chooses from all rows that may be learned, the best first."""
    fold = prepared(matrix, matrix, settings.seed, **how)
    order = RANKINGS[choice.point.method](fold.train)[: choice.point.size]
    names = [fold.names[column] for column in order]
    features = [int(name[1:]) for name in names if name.startswith("f") and name[1:].isdecimal()]
    network = network_of(settings.table)
    return {
        "method": choice.point.method,
        "size": choice.point.size,
        "names": names,
        "features": features,
        "network": network | {"width": sum(name.startswith("f") and name[1:].isdecimal() for name in matrix.names)},
    }


def network_of(table: str) -> dict[str, Any]:
    """Which network's features a list of columns is of."""
    about = read_provenance(Path(table))
    return {key: about.get(key) for key in ("checkpoint", "model", "layer", "weights", "body")}


def tested(
    labelled: Labelled, names: Sequence[str], settings: SelectSettings, how: dict[str, Any]
) -> dict[str, Any] | None:
    """Accuracy on rows of split test, looked at once; None = there are none."""
    if labelled.test is None:
        return None
    fold: Fold = prepared(labelled.learned, labelled.test, settings.seed, **how)
    columns = [fold.names.index(name) for name in names]
    whole, chosen = fold.accuracy(slice(None)), fold.accuracy(columns)  # pyright: ignore[reportArgumentType]
    return {"rows": len(labelled.test), "all": whole, "selected": chosen}


def files_of(
    folder: Path,
    results: dict[str, Any],
    points: Sequence[Point],
    choice: Choice | None,
    table: Sequence[Importance],
    title: str,
) -> dict[Path, bytes]:
    """Everything that is written, by path."""
    text = json.dumps(results, indent=2, ensure_ascii=False, default=str) + "\n"
    rows = [(point.method, point.size, point.accuracy, point.stability, *point.accuracies) for point in points]
    header = ("method", "columns", "accuracy", "stability", *(f"fold{k}" for k in range(len(points[0].accuracies))))
    files = {folder / "results.json": text.encode(), folder / "rows.csv": csv_bytes(header, rows)}
    files[folder / "selection.png"] = png(selection_figure(points, choice, title))
    if "selected" in results:
        files[folder / "selected.json"] = (json.dumps(results["selected"], indent=2) + "\n").encode()
    if table:
        files[folder / "importance.csv"] = csv_bytes(Importance._fields, table)
    return files
