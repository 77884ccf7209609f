"""The files of one evaluation: results.json, predictions.csv, per_class.csv, confusion.csv and confusion.png.

The same scores give the same bytes: no timestamps, no versions, floats at six decimals. Every accuracy of videos
divides by all of them; one that could not be read counts as wrong and is listed with its reason.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from videoai.core.messages import pluralize, whole_percent
from videoai.report.confusion import confusion_png
from videoai.report.metrics import (
    confidence_interval,
    confusion_matrix,
    label_ranks,
    macro_f1,
    mean_class_accuracy,
    per_class,
    predicted_labels,
    top_k_accuracy,
)
from videoai.report.result_files import Evaluated, Report, cell, csv_for_people, rounded, table_bytes
from videoai.report.tables import closing_rows, of_classes, percent

PER_CLASS = ("class", "num_videos", "num_correct", "accuracy", "precision", "recall", "f1", "most_confused_with")


def class_report(evaluated: Evaluated, *, clip_top1: float, k: int = 5) -> Report:
    """The report of tasks whose targets, int64 [N], are one class each; scores are probabilities.

    Args:
        clip_top1: top-1 of single clips, 0 .. 1; NaN = not measured (null in the file).
        k: the top-k beside top-1; names the key, e.g. video_top5. Of K <= k classes none, since it is always 1.

    Raises: ValueError: a label outside 0 .. K-1.
    """
    scores, labels, classes = evaluated.scores, evaluated.targets, evaluated.names
    predicted = predicted_labels(scores)
    results = evaluated.results(
        about={"classes": len(classes), "classes_present": len(labels.unique())},
        metrics={
            **(_recalls(predicted, labels, classes) if evaluated.by_class else {}),
            **_accuracies(scores, labels, clip_top1=clip_top1, k=k),
        },
    )
    matrix = confusion_matrix(predicted, labels, num_classes=len(classes))
    by_class = per_class(predicted, labels, classes=classes)
    files = {
        "predictions.csv": _predictions_csv(evaluated, k=min(k, len(classes))),
        "per_class.csv": table_bytes(PER_CLASS, by_class),
        "confusion.csv": _confusion_csv(matrix, classes=classes),
    }
    draw = partial(confusion_png, matrix, classes=classes, title=_title(results))
    return Report(results, files, {"confusion.png": draw})


def _accuracies(scores: Tensor, labels: Tensor, *, clip_top1: float, k: int) -> dict[str, Any]:
    num_correct = int((label_ranks(scores, labels) == 0).sum())
    low, high = confidence_interval(num_correct, len(labels))
    predicted, num_classes = predicted_labels(scores), scores.shape[1]
    return {
        "video_top1": rounded(top_k_accuracy(scores, labels, k=1)),
        "top1_interval95": [rounded(low), rounded(high)],
        **({f"video_top{k}": rounded(top_k_accuracy(scores, labels, k=k))} if k < num_classes else {}),
        "clip_top1": rounded(clip_top1),
        "mean_class_accuracy": rounded(mean_class_accuracy(predicted, labels, num_classes=num_classes)),
        "macro_f1": rounded(macro_f1(predicted, labels, num_classes=num_classes)),
    }


def _recalls(predicted: Tensor, labels: Tensor, classes: Sequence[str]) -> dict[str, Any]:
    """UAR, WAR, and the recall of each class, null where the split has none of it."""
    by_class = per_class(predicted, labels, classes=classes)
    return {
        "uar": rounded(mean_class_accuracy(predicted, labels, num_classes=len(classes))),
        "war": rounded((predicted == labels).double().mean().item()),
        "class_recall": {one.name: rounded(one.recall) for one in by_class},
    }


def recalls_told(results: Mapping[str, Any]) -> str:
    """``angry 40 %, happy 83 %``, the lowest first."""
    known = sorted((value, name) for name, value in results["class_recall"].items() if value is not None)
    return ", ".join(f"{name} {whole_percent(value)}" for value, name in known)


def _title(results: dict[str, Any]) -> str:
    title = f"{results['split']}: {pluralize(results['n_total'], 'video')}, top-1 {100 * results['video_top1']:.1f} %"
    return title + (f"\n{results['n_bad']} unreadable, not shown" if results["n_bad"] else "")


def _predictions_csv(evaluated: Evaluated, *, k: int) -> bytes:
    """One row per video. ``predicted`` is the best class, the numbered columns are the runners-up."""
    header = ["path", "label", "predicted", "correct", "probability"]
    header += [name for rank in range(2, k + 1) for name in (f"top{rank}", f"top{rank}_probability")]
    classes = evaluated.names
    best_scores, best = (v[:, :k].tolist() for v in evaluated.scores.sort(dim=1, descending=True, stable=True))
    columns = (evaluated.paths, evaluated.targets.tolist(), evaluated.reasons, best_scores, best)
    rows: list[list[object]] = []
    for path, label, reason, row_scores, row in zip(*columns, strict=True):
        answers = [value for at, score in zip(row, row_scores, strict=True) for value in (classes[at], cell(score))]
        if reason:
            answers = [""] * (2 * k)
        correct = int(not reason and row[0] == label)
        rows.append([path, classes[label], answers[0], correct, *answers[1:], reason])
    return csv_for_people([*header, "error"], rows)


def _confusion_csv(matrix: Tensor, *, classes: Sequence[str]) -> bytes:
    rows = [[name, *counts] for name, counts in zip(classes, matrix.tolist(), strict=True)]
    return csv_for_people(["true\\predicted", *classes], rows)


def class_table(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for the console, of ``class_report``'s results."""
    low, high = results["top1_interval95"]
    ks = [name.removeprefix("video_top") for name in results if name.startswith("video_top")]
    first = []
    if "uar" in results:
        first = [
            ("UAR", f"{percent(results['uar'])}, mean recall of the classes"),
            ("WAR", f"{percent(results['war'])}, top-1"),
            ("recall", recalls_told(results)),
        ]
    return [
        *first,
        ("video top-1", f"{percent(results['video_top1'])} (95 %: {100 * low:.1f} .. {100 * high:.1f})"),
        *((f"video top-{k}", percent(results[f"video_top{k}"])) for k in ks if k.isdigit() and k != "1"),
        ("clip top-1", percent(results["clip_top1"])),
        ("mean class accuracy", percent(results["mean_class_accuracy"]) + of_classes(results)),
        ("macro F1", percent(results["macro_f1"])),
        *closing_rows(results, unreadable="count as wrong"),
    ]
