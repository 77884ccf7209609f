"""``features probe``: what features know of the labels."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from videoai.core.files import write_atomic
from videoai.core.progress import counting
from videoai.report.folds import fold_interval
from videoai.run.features.labelled import Labelled, open_labelled, with_selected
from videoai.settings.features import ProbeSettings
from videoai.tabular.folds import Fold, check_folds, make_folds, prepared
from videoai.tabular.probes import few_shots, linear, nearest


def probe_features(settings: ProbeSettings) -> dict[str, Any]:
    """Rows of split test are tested by what all others teach; without such a split each fold is tested once.

    Returns: the content of results.json, and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    labelled = open_labelled(settings)
    if settings.selected:
        labelled = with_selected(labelled, settings.selected, settings.table)
    rows = []
    with counting("probe", 1 if labelled.test else settings.folds, "folds") as add:
        for fold in folds_of(labelled, settings):
            rows.append(measured(fold, settings))
            add(1)
    test = f"{len(labelled.test)} rows of split test" if labelled.test else f"{settings.folds} folds"
    names = ("table", "label", "group", "seed", "selected")
    results = {
        "tested": test,
        "classes": labelled.learned.classes,
        "majority": majority(labelled),
        "probes": {name: summary([row[name] for row in rows]) for name in rows[0]},
        "settings": {name: getattr(settings, name) for name in names},
    }
    folder = Path(settings.run_dir)
    write_atomic(folder / "results.json", (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode())
    return results | {"folder": str(folder)}


def folds_of(labelled: Labelled, settings: ProbeSettings) -> Iterator[Fold]:
    """The test split alone where there is one. Raises: ValueError: too few rows or groups."""
    how = {"missing": settings.missing, "scale": settings.scale, "encode": settings.encode}
    if labelled.test is not None:
        yield prepared(labelled.learned, labelled.test, settings.seed, **how)
        return
    check_folds(labelled.learned, settings.folds)
    yield from make_folds(labelled.learned, settings.folds, settings.seed, **how)


def measured(fold: Fold, settings: ProbeSettings) -> dict[str, tuple[float, float]]:
    """Accuracy of each probe, and its standard error within the fold."""
    probes = {"linear": partial(linear, fold, settings.c)}
    probes |= {f"{k} nearest": partial(nearest, fold, k) for k in settings.neighbors}
    scores = {name: _binomial(probe()) for name, probe in probes.items()}
    for shots in settings.shots:
        accuracies = few_shots(fold, shots, settings.draws)
        accuracy = mean(accuracies)
        error = np.hypot(np.std(accuracies, ddof=1), _binomial_error(accuracy, len(fold.y)))
        scores[f"{shots} a class"] = accuracy, float(error)  # another choice of rows, and other rows to test on
    return scores


def _binomial(right: np.ndarray) -> tuple[float, float]:
    accuracy = float(right.mean())
    return accuracy, _binomial_error(accuracy, len(right))


def _binomial_error(accuracy: float, number: int) -> float:
    return (accuracy * (1 - accuracy) / number) ** 0.5


def summary(scores: list[tuple[float, float]]) -> dict[str, float]:
    """Mean and 95 % interval: over folds, or of one test split by its own error."""
    accuracies = [accuracy for accuracy, _ in scores]
    middle = mean(accuracies)
    if len(scores) == 1:
        half = 1.96 * scores[0][1]
        return {"accuracy": middle, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}
    low, high = fold_interval(accuracies, 1 / (len(scores) - 1))
    return {"accuracy": middle, "low": max(0.0, low), "high": min(1.0, high)}


def majority(labelled: Labelled) -> float:
    """Accuracy of always naming the most frequent class of the learned rows."""
    tested = labelled.learned if labelled.test is None else labelled.test
    counts = np.bincount(labelled.learned.y, minlength=len(labelled.learned.classes))
    return float((tested.y == counts.argmax()).mean())
