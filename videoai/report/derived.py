"""The numbers of an evaluation, computed again from its tables: what results.json says must follow from them."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose, nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videoai.report.evaluation import class_report
from videoai.report.multilabel_evaluation import multi_label_report
from videoai.report.result_files import Evaluated, Report
from videoai.report.thresholds import check_thresholds

NOT_IN_TABLES = ("clip_top1",)  # it counts single views, which no table lists
SIX_DECIMALS = 1e-3  # scores.csv is rounded, so scores may tie that did not: mAP moves a little

Row = Mapping[str, str]


def derived_results(folder: Path, classes: Sequence[str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What results.json in ``folder`` should say by predictions.csv (and scores.csv) beside it, as far as they tell,
    and the other files of the evaluation by name.

    Args:
        classes: the outputs of the model, in order.
    Raises: ValueError, OSError: a file is missing, damaged or does not follow from the tables.
    """
    recorded = read_results(folder)
    numbers = {_as_written(name): number for number, name in enumerate(classes)}
    again = (_multi_label if recorded.get("multi_label") else _one_class)(folder, recorded, numbers)
    names = sorted(name for name in (*again.files, *again.pictures) if (folder / name).is_file())
    files = {name: (folder / name).read_bytes() for name in names}
    results = {key: value for key, value in again.results.items() if key not in NOT_IN_TABLES}
    tolerance = SIX_DECIMALS if recorded.get("multi_label") else 1e-9
    for key, value in results.items():
        if not _same(recorded.get(key), value, tolerance):
            raise ValueError(
                f"{folder / 'results.json'}: {key} is {_short(recorded.get(key))}, and {_short(value)} by "
                "predictions.csv beside it: one of them was changed"
            )
    for name in () if recorded.get("multi_label") else ("per_class.csv", "confusion.csv"):
        if files.get(name) != again.files[name]:
            raise ValueError(f"{folder / name}: does not follow from predictions.csv beside it: one was changed")
    return results, files


def read_results(folder: Path) -> dict[str, Any]:
    """The content of results.json. Raises: ValueError: not one of an evaluation. FileNotFoundError."""
    path = folder / "results.json"
    try:
        results = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: is damaged ({error})") from error
    if not isinstance(results, dict) or not {"split", "views", "n_total", "fingerprint", "checkpoint"} <= {*results}:
        raise ValueError(f"{path}: not the results of videoai evaluate")
    if "video_top1" not in results and not results.get("multi_label"):
        raise ValueError(f"{path}: of a task of your own, whose numbers videoai cannot compute again")
    return results


def _one_class(folder: Path, recorded: Mapping[str, Any], numbers: Mapping[str, int]) -> Report:
    """Ranks stand for scores: the best class, the runners-up, then all others alike."""
    rows = _rows(folder / "predictions.csv", ("path", "label", "predicted", "error"))
    ranked = [key for key in rows[0] if key == "predicted" or (key[:3] == "top" and key[3:].isdigit())]
    scores = torch.zeros(len(rows), len(numbers), dtype=torch.float64)
    for row, values in zip(rows, scores, strict=True):
        for rank, key in enumerate(ranked if not row["error"] else ()):
            values[_index(numbers, row[key], folder)] = len(ranked) - rank
    labels = torch.tensor([_index(numbers, row["label"], folder) for row in rows])
    return class_report(_evaluated(recorded, rows, list(numbers), scores, labels), clip_top1=nan)


def _multi_label(folder: Path, recorded: Mapping[str, Any], numbers: Mapping[str, int]) -> Report:
    rows = _rows(folder / "predictions.csv", ("path", "labels", "error"))
    table = _rows(folder / "scores.csv", ("path", *numbers))
    if [row["path"] for row in rows] != [row["path"] for row in table]:
        raise ValueError(f"{folder / 'scores.csv'}: not the videos of predictions.csv beside it")
    targets = torch.zeros(len(rows), len(numbers))
    for row, values in zip(rows, targets, strict=True):
        for label in filter(None, row["labels"].split("|")):
            values[_index(numbers, label, folder)] = 1
        for label in filter(None, row.get("unknown_labels", "").split("|")):
            values[_index(numbers, label, folder)] = nan
    try:
        scores = torch.tensor([[float(row[name]) for name in numbers] for row in table], dtype=torch.float64)
    except ValueError as error:
        raise ValueError(f"{folder / 'scores.csv'}: {error}") from error
    evaluated = _evaluated(recorded, rows, list(numbers), scores, targets)
    return multi_label_report(replace(evaluated, thresholds=_thresholds(recorded, numbers, folder)))


def _thresholds(recorded: Mapping[str, Any], numbers: Mapping[str, int], folder: Path) -> list[float]:
    """Those that results.json names; they are of training, and follow from no table."""
    named = recorded.get("thresholds") or dict.fromkeys(numbers, recorded.get("threshold"))
    return check_thresholds([named.get(name) for name in numbers], len(numbers), str(folder / "results.json"))


def _evaluated(
    recorded: Mapping[str, Any], rows: Sequence[Row], names: list[str], scores: Tensor, targets: Tensor
) -> Evaluated:
    return Evaluated(
        scores=scores,
        targets=targets,
        paths=[row["path"] for row in rows],
        errors=[row["error"] for row in rows],
        names=names,
        by_class="uar" in recorded,
        **{key: recorded.get(key) for key in ("views", "split", "checkpoint", "fingerprint", "checkpoint_sha256")},  # pyright: ignore[reportArgumentType]
    )


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or (missing := [name for name in columns if name not in rows[0]]):
        raise ValueError(f"{path}: {f'no column {missing[0]}' if rows else 'no videos'}")
    if short := next((row for row in rows if None in row or None in row.values()), None):
        raise ValueError(f"{path}: {short.get('path')}: another number of columns than the first line")
    return rows


def _index(numbers: Mapping[str, int], name: str, folder: Path) -> int:
    if name not in numbers:
        raise ValueError(f"{folder / 'predictions.csv'}: {_short(name)} is no class of the checkpoint")
    return numbers[name]


def _as_written(name: str) -> str:
    """A class as the tables write it: what is not UTF-8 as an escape."""
    return name.encode("utf-8", "backslashreplace").decode()


def _same(given: Any, value: Any, tolerance: float) -> bool:
    if isinstance(value, float) and isinstance(given, int | float):
        return isclose(given, value, abs_tol=tolerance, rel_tol=0)
    if isinstance(value, list) and isinstance(given, list):
        return len(given) == len(value) and all(map(_same, given, value, [tolerance] * len(value)))
    return given == value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 100 else f"{text[:100]} ..."
