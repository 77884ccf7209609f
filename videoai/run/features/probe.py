"""``features probe``: what features know of the labels."""

import json
import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from videoai.core.files import write_atomic
from videoai.core.progress import counting
from videoai.report.folds import fold_interval
from videoai.report.metrics import Z, confidence_interval
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


class Score(NamedTuple):
    """What a probe gave in one fold."""

    accuracy: float  # 0 .. 1; the mean over draws
    tested: int  # rows
    spread: float = 0.0  # standard deviation over draws of the rows that were learned from


def measured(fold: Fold, settings: ProbeSettings) -> dict[str, Score]:
    """The score of each probe."""
    probes = {"linear": partial(linear, fold, settings.c)}
    probes |= {f"{k} nearest": partial(nearest, fold, k) for k in settings.neighbors}
    scores = {name: Score(float(probe().mean()), len(fold.y)) for name, probe in probes.items()}
    for shots in settings.shots:
        accuracies = few_shots(fold, shots, settings.draws)
        scores[f"{shots} a class"] = Score(mean(accuracies), len(fold.y), float(np.std(accuracies, ddof=1)))
    return scores


def summary(scores: Sequence[Score]) -> dict[str, float]:
    """Mean and 95 % interval: Wilson's of all tested rows; over folds the wider of it and that of the folds, which
    collapses where all are alike."""
    accuracy = mean(score.accuracy for score in scores)
    tested = sum(score.tested for score in scores)
    right = min(float(tested), sum(score.accuracy * score.tested for score in scores))  # rounding may exceed it
    low, high = confidence_interval(right, tested)
    if len(scores) == 1:
        low, high = with_spread(accuracy, (low, high), scores[0].spread)
    else:
        ends = fold_interval([score.accuracy for score in scores], 1 / (len(scores) - 1))
        low, high = min(low, ends[0]), max(high, ends[1])
    return {"accuracy": accuracy, "low": max(0.0, low), "high": min(1.0, high)}


def with_spread(middle: float, ends: tuple[float, float], spread: float) -> tuple[float, float]:
    """An interval widened by an independent error, squares added to each side (Zou and Donner 2008, "Construction of
    confidence limits about effect measures: a general approach", Statistics in Medicine 27)."""
    low, high = ends
    return middle - math.hypot(middle - low, Z * spread), middle + math.hypot(high - middle, Z * spread)


def majority(labelled: Labelled) -> float:
    """Accuracy of always naming the most frequent class of the learned rows."""
    tested = labelled.learned if labelled.test is None else labelled.test
    counts = np.bincount(labelled.learned.y, minlength=len(labelled.learned.classes))
    return float((tested.y == counts.argmax()).mean())
