"""The files of one multi-label evaluation: results.json, predictions.csv, scores.csv, per_class.csv and
average_precision.png.

The same scores give the same bytes. Every metric counts all videos; one that could not be read counts as if every score
of it was 0 and is listed with its reason. There is no confusion matrix: labels do not exclude each other.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from videoai.core.messages import pluralize
from videoai.report.average_precision import average_precision_png
from videoai.report.multilabel_metrics import (
    THRESHOLD,
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


def multi_label_report(evaluated: Evaluated) -> Report:
    """The report of tasks whose targets, 0 and 1 [N, K], are any number of classes; scores are sigmoids 0 .. 1."""
    scores, labels, classes = evaluated.scores, evaluated.targets.bool(), evaluated.names
    results = evaluated.results(
        about={"multi_label": True, "classes": len(classes), "classes_present": int(labels.any(0).sum())},
        metrics=_metrics(scores, labels),
    )
    by_class = per_label(scores, labels, classes=classes)
    score_rows = ([path, *row] for path, row in zip(evaluated.paths, scores.nan_to_num(0.0).tolist(), strict=True))
    files = {
        "predictions.csv": _predictions_csv(evaluated),
        "scores.csv": table_bytes(["path", *classes], score_rows),
        "per_class.csv": table_bytes(by_class[0]._fields, by_class),
    }
    draw = partial(average_precision_png, by_class, title=_title(results))
    return Report(results, files, {"average_precision.png": draw})


def _metrics(scores: Tensor, labels: Tensor) -> dict[str, Any]:
    return {
        "labels_per_video": rounded(labels.double().sum(1).mean().item()),
        "mAP": rounded(mean_average_precision(scores, labels)),
        "mAP_of_chance": rounded(base_rate(labels)),
        "threshold": THRESHOLD,
        "micro_f1": rounded(micro_f1(scores, labels)),
        "macro_f1": rounded(macro_label_f1(scores, labels)),
        "hit_at_1": rounded(hit_at_1(scores, labels)),
    }


def _title(results: dict[str, Any]) -> str:
    score = "no labels" if results["mAP"] is None else f"mAP {100 * results['mAP']:.1f} %"
    return f"{results['split']}: {pluralize(results['n_total'], 'video')}, {score}"


def _predictions_csv(evaluated: Evaluated) -> bytes:
    """One row per video: its labels, the classes at or above the threshold, best first, and the best classes."""
    classes = evaluated.names
    k = min(TOP, len(classes))
    header = ["path", "labels", "predicted", *(n for r in range(1, k + 1) for n in (f"top{r}", f"top{r}_probability"))]
    rows: list[list[object]] = []
    sorted_scores, order = (part.tolist() for part in evaluated.scores.sort(dim=1, descending=True, stable=True))
    columns = (evaluated.paths, evaluated.targets.tolist(), evaluated.reasons, sorted_scores, order)
    for path, truth, reason, values, row in zip(*columns, strict=True):
        given = "|".join(name for name, is_there in zip(classes, truth, strict=True) if is_there)
        best = list(zip(row, values, strict=True))
        predicted = "|".join(classes[label] for label, value in best if value >= THRESHOLD)
        answers = [text for label, value in best[:k] for text in (classes[label], cell(value))]
        rows.append([path, given, *(["", *[""] * (2 * k)] if reason else [predicted, *answers]), reason])
    return csv_for_people([*header, "error"], rows)


def multi_label_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console, of ``multi_label_report``'s results."""
    chance = f"(chance {percent(results['mAP_of_chance'])})"
    return [
        ("mAP", f"{percent(results['mAP'])} {chance}{of_classes(results)}"),
        (f"micro F1 at {results['threshold']:g}", percent(results["micro_f1"])),
        (f"macro F1 at {results['threshold']:g}", percent(results["macro_f1"])),
        ("hit@1 (best class is a label)", percent(results["hit_at_1"])),
        ("labels a video", f"{results['labels_per_video']:.2f}"),
        *closing_rows(results, unreadable="have score 0"),
    ]
