"""The files of one multi-label evaluation: results.json, predictions.csv, scores.csv, per_class.csv and
average_precision.png.

The same scores give the same bytes. Every metric counts all videos; one that could not be read counts as if every score
of it was 0 and is listed with its reason. There is no confusion matrix: labels do not exclude each other.
"""

from collections.abc import Mapping
from functools import partial
from math import isnan
from typing import Any

from torch import Tensor

from videoai.core.messages import pluralize
from videoai.report.average_precision import average_precision_png
from videoai.report.multilabel_metrics import (
    annotated,
    base_rate,
    hit_at_1,
    macro_label_f1,
    mean_average_precision,
    micro_f1,
    per_label,
)
from videoai.report.result_files import Evaluated, Report, cell, csv_for_people, rounded, table_bytes
from videoai.report.tables import closing_rows, of_classes, percent

TOP = 5  # ranked classes of each video in predictions.csv
F1 = {"micro_f1": micro_f1, "macro_f1": macro_label_f1}


def multi_label_report(evaluated: Evaluated) -> Report:
    """The report of tasks whose targets, 0 and 1 [N, K], are any number of classes; scores are sigmoids 0 .. 1."""
    (scores, labels), classes = annotated(evaluated.scores, evaluated.targets), evaluated.names
    results = evaluated.results(
        about={"multi_label": True, "classes": len(classes), "classes_present": int(labels.any(0).sum())},
        metrics=_metrics(evaluated),
    )
    by_class = per_label(scores, labels, classes=classes, thresholds=evaluated.thresholds)
    score_rows = (
        [path, *row] for path, row in zip(evaluated.paths, evaluated.scores.nan_to_num(0.0).tolist(), strict=True)
    )
    files = {
        "predictions.csv": _predictions_csv(evaluated),
        "scores.csv": table_bytes(["path", *classes], score_rows),
        "per_class.csv": table_bytes(by_class[0]._fields, by_class),
    }
    draw = partial(average_precision_png, by_class, title=_title(results))
    return Report(results, files, {"average_precision.png": draw})


def _metrics(evaluated: Evaluated) -> dict[str, Any]:
    scores, labels = annotated(evaluated.scores, evaluated.targets)
    num_unknown = int(evaluated.targets.isnan().sum())
    return {
        "labels_per_video": rounded(labels.double().sum(1).mean().item()),
        "mAP": rounded(mean_average_precision(scores, labels)),
        "mAP_of_chance": rounded(base_rate(labels, scores)),
        **_f1(scores, labels, evaluated),
        "hit_at_1": rounded(hit_at_1(scores, labels)),
        **({"not_annotated": num_unknown} if num_unknown else {}),
    }


def _f1(scores: Tensor, labels: Tensor, evaluated: Evaluated) -> dict[str, Any]:
    """F1 at the thresholds; where classes have their own, also at 0.5, so that it shows what they bring."""
    cuts = evaluated.thresholds
    named = dict(zip(evaluated.names, map(rounded, cuts), strict=True))
    common = cuts[0] if len(set(cuts)) == 1 else None
    values = {
        "threshold": common,
        **({} if common is not None else {"thresholds": named}),
        "micro_f1": rounded(micro_f1(scores, labels, cuts)),
        "macro_f1": rounded(macro_label_f1(scores, labels, cuts)),
    }
    if common is None:
        values |= {f"{key}_at_0.5": rounded(f1(scores, labels)) for key, f1 in F1.items()}
    return values


def _title(results: dict[str, Any]) -> str:
    score = "no labels" if results["mAP"] is None else f"mAP {100 * results['mAP']:.1f} %"
    return f"{results['split']}: {pluralize(results['n_total'], 'video')}, {score}"


def _predictions_csv(evaluated: Evaluated) -> bytes:
    """One row per video: its labels, the classes at or above their thresholds, best first, and the best classes."""
    classes = evaluated.names
    k = min(TOP, len(classes))
    header = ["path", "labels", "predicted", *(n for r in range(1, k + 1) for n in (f"top{r}", f"top{r}_probability"))]
    rows: list[list[object]] = []
    sorted_scores, order = (part.tolist() for part in evaluated.scores.sort(dim=1, descending=True, stable=True))
    is_partial = bool(evaluated.targets.isnan().any())
    columns = (evaluated.paths, evaluated.targets.tolist(), evaluated.reasons, sorted_scores, order)
    for path, truth, reason, values, row in zip(*columns, strict=True):
        best = list(zip(row, values, strict=True))
        predicted = "|".join(classes[label] for label, value in best if value >= evaluated.thresholds[label])
        answers = [text for label, value in best[:k] for text in (classes[label], cell(value))]
        given, unknown = (
            "|".join(name for name, held in zip(classes, truth, strict=True) if is_meant(held))
            for is_meant in (is_label, isnan)
        )
        said = ["", *[""] * (2 * k)] if reason else [predicted, *answers]
        rows.append([path, given, *said, *([unknown] if is_partial else []), reason])
    return csv_for_people([*header, *(["unknown_labels"] if is_partial else []), "error"], rows)


def is_label(target: float) -> bool:
    """Whether a target, 0, 1 or NaN, says that the video has the class."""
    return target == 1


def multi_label_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console, of ``multi_label_report``'s results."""
    chance = f"(chance {percent(results['mAP_of_chance'])})"
    return [
        ("mAP", f"{percent(results['mAP'])} {chance}{of_classes(results)}"),
        *f1_rows(results),
        ("hit@1 (best class is a label)", percent(results["hit_at_1"])),
        ("labels a video", f"{results['labels_per_video']:.2f}"),
        *unknown_rows(results),
        *closing_rows(results, unreadable="have score 0"),
    ]


def unknown_rows(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many pairs of a video and a class were not annotated, if any."""
    count = results.get("not_annotated")
    if not count:
        return []
    return [("not annotated", f"{count} of {results['n_total'] * results['classes']} pairs of a video and a class")]


def f1_rows(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``micro F1 at tuned thresholds``, ``51.0 % (at 0.5: 43.2 %)``"""
    is_tuned = results["threshold"] is None
    where = "tuned thresholds" if is_tuned else f"{results['threshold']:g}"
    half = {key: f" (at 0.5: {percent(results[f'{key}_at_0.5'])})" if is_tuned else "" for key in F1}
    return [(f"{key.replace('_f1', ' F1')} at {where}", percent(results[key]) + half[key]) for key in F1]
