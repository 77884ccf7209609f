"""The files of one evaluation: results.json, predictions.csv, per_class.csv, confusion.csv and confusion.png.

The same scores give the same bytes: no timestamps, no versions, floats at six decimals. Every accuracy of videos
divides by all of them; one that could not be read counts as wrong and is listed with its reason.
"""

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

from torch import Tensor

from videoai.core.files import write_together
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
from videoai.report.result_files import (
    bad_videos,
    cell,
    check_videos,
    csv_for_people,
    json_bytes,
    rounded,
    settle_reasons,
)


def write_evaluation(
    folder: Path,
    *,
    scores: Tensor,
    clip_top1: float,
    labels: Tensor,
    paths: Sequence[str],
    errors: Sequence[str],
    classes: Sequence[str],
    views: str,
    split: str,
    checkpoint: str,
    fingerprint: str,
    k: int = 5,
) -> dict[str, Any]:
    """Writes the result files of one split into ``folder`` (created if missing): all of them or none.

    Args:
        scores: float [N, K], the probabilities of each video averaged over its views; a NaN row = unreadable.
        clip_top1: top-1 of single clips, 0 .. 1; NaN = not measured (null in the file).
        labels: int64 [N], 0 .. K-1.
        paths: N paths, as they should appear in the files.
        errors: N reasons, "" = the video was read. A video with a reason counts as wrong whatever its scores.
        classes: K names.
        views: temporal x spatial views, e.g. "4x3".
        fingerprint: identifies what was evaluated, e.g. a hash of the manifest.
        k: the top-k beside top-1, clipped to K; names the key, e.g. video_top5.

    Returns:
        The content of results.json; accuracies are 0 .. 1.

    Raises:
        ValueError: no videos, lengths that differ, or a label outside 0 .. K-1. OSError: no room, or not writable.
    """
    check_videos(scores, paths=paths, errors=errors, classes=classes, split=split)
    scores, labels, k = scores.detach().double().cpu(), labels.cpu(), min(k, len(classes))
    unreadable, reasons = settle_reasons(scores, errors)
    scores = scores.masked_fill(unreadable[:, None], nan)
    results = {
        "split": split,
        "views": views,
        "classes": len(classes),
        "classes_present": len(labels.unique()),
        "n_total": len(labels),
        "n_bad": int(unreadable.sum()),
        **_accuracies(scores, labels, clip_top1=clip_top1, k=k),
        "checkpoint": checkpoint,
        "fingerprint": fingerprint,
        "bad_videos": bad_videos(paths, reasons),
    }
    predicted = predicted_labels(scores)
    matrix = confusion_matrix(predicted, labels, num_classes=len(classes))
    files = {
        "predictions.csv": _predictions_csv(scores, labels, paths, reasons, classes=classes, k=k),
        "per_class.csv": _per_class_csv(predicted, labels, classes=classes),
        "confusion.csv": _confusion_csv(matrix, classes=classes),
        "confusion.png": confusion_png(matrix, classes=classes, title=_title(results)),
        "results.json": json_bytes(results),  # last, so that it stands for a complete folder
    }
    write_together({folder / name: data for name, data in files.items()})
    return results


def _accuracies(scores: Tensor, labels: Tensor, *, clip_top1: float, k: int) -> dict[str, Any]:
    num_correct = int((label_ranks(scores, labels) == 0).sum())
    low, high = confidence_interval(num_correct, len(labels))
    predicted, num_classes = predicted_labels(scores), scores.shape[1]
    return {
        "video_top1": rounded(top_k_accuracy(scores, labels, k=1)),
        "top1_interval95": [rounded(low), rounded(high)],
        f"video_top{k}": rounded(top_k_accuracy(scores, labels, k=k)),
        "clip_top1": rounded(clip_top1),
        "mean_class_accuracy": rounded(mean_class_accuracy(predicted, labels, num_classes=num_classes)),
        "macro_f1": rounded(macro_f1(predicted, labels, num_classes=num_classes)),
    }


def _title(results: dict[str, Any]) -> str:
    title = f"{results['split']}: {results['n_total']} videos, top-1 {100 * results['video_top1']:.1f} %"
    return title + (f"\n{results['n_bad']} unreadable, not shown" if results["n_bad"] else "")


def _predictions_csv(
    scores: Tensor, labels: Tensor, paths: Sequence[str], reasons: Sequence[str], *, classes: Sequence[str], k: int
) -> bytes:
    """One row per video. ``predicted`` is the best class, the numbered columns are the runners-up."""
    header = ["path", "label", "predicted", "correct", "probability"]
    header += [name for rank in range(2, k + 1) for name in (f"top{rank}", f"top{rank}_probability")]
    best_scores, best = (values[:, :k].tolist() for values in scores.sort(dim=1, descending=True, stable=True))
    rows: list[list[object]] = []
    for path, label, reason, row_scores, row in zip(paths, labels.tolist(), reasons, best_scores, best, strict=True):
        answers = [value for at, score in zip(row, row_scores, strict=True) for value in (classes[at], cell(score))]
        if reason:
            answers = [""] * (2 * k)
        correct = int(not reason and row[0] == label)
        rows.append([path, classes[label], answers[0], correct, *answers[1:], reason])
    return csv_for_people([*header, "error"], rows)


def _per_class_csv(predicted: Tensor, labels: Tensor, *, classes: Sequence[str]) -> bytes:
    header = ["class", "num_videos", "num_correct", "accuracy", "precision", "recall", "f1", "most_confused_with"]
    scores = per_class(predicted, labels, classes=classes)
    return csv_for_people(
        header, [[cell(value) if isinstance(value, float) else value for value in row] for row in scores]
    )


def _confusion_csv(matrix: Tensor, *, classes: Sequence[str]) -> bytes:
    rows = [[name, *counts] for name, counts in zip(classes, matrix.tolist(), strict=True)]
    return csv_for_people(["true\\predicted", *classes], rows)
