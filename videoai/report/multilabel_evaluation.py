"""The files of one multi-label evaluation: results.json, predictions.csv, scores.csv, per_class.csv and
average_precision.png.

The same scores give the same bytes. Every metric counts all videos; one that could not be read counts as if every score
of it was 0 and is listed with its reason. There is no confusion matrix: labels do not exclude each other.
"""

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

from torch import Tensor

from videoai.core.files import write_together
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
from videoai.report.result_files import (
    bad_videos,
    cell,
    check_videos,
    csv_for_people,
    json_bytes,
    rounded,
    settle_reasons,
)

TOP = 5  # ranked classes of each video in predictions.csv


def write_multilabel_evaluation(
    folder: Path,
    *,
    scores: Tensor,
    labels: Tensor,
    paths: Sequence[str],
    errors: Sequence[str],
    classes: Sequence[str],
    views: str,
    split: str,
    checkpoint: str,
    fingerprint: str,
) -> dict[str, Any]:
    """Writes the result files of one split into ``folder`` (created if missing): all of them or none.

    Args:
        scores: float [N, K], sigmoid scores 0 .. 1 of each video, the highest of its views; a NaN row = unreadable.
        labels: bool [N, K].
        paths, errors, classes, views, split, checkpoint, fingerprint: as for ``report.evaluation.write_evaluation``.

    Returns:
        The content of results.json; metrics are 0 .. 1.

    Raises:
        ValueError: no videos, or shapes that differ. OSError: no room, or not writable.
    """
    check_videos(scores, paths=paths, errors=errors, classes=classes, split=split)
    scores, labels = scores.detach().double().cpu(), labels.cpu()
    unreadable, reasons = settle_reasons(scores, errors)
    scores = scores.masked_fill(unreadable[:, None], nan)
    results = {
        "split": split,
        "views": views,
        "multi_label": True,
        "classes": len(classes),
        "classes_present": int(labels.any(0).sum()),
        "n_total": len(labels),
        "n_bad": int(unreadable.sum()),
        "labels_per_video": rounded(labels.double().sum(1).mean().item()),
        "mAP": rounded(mean_average_precision(scores, labels)),
        "mAP_of_chance": rounded(base_rate(labels)),
        "threshold": THRESHOLD,
        "micro_f1": rounded(micro_f1(scores, labels)),
        "macro_f1": rounded(macro_label_f1(scores, labels)),
        "hit_at_1": rounded(hit_at_1(scores, labels)),
        "checkpoint": checkpoint,
        "fingerprint": fingerprint,
        "bad_videos": bad_videos(paths, reasons),
    }
    by_class = per_label(scores, labels, classes=classes)
    files = {
        "predictions.csv": _predictions_csv(scores, labels, paths, reasons, classes=classes),
        "scores.csv": csv_for_people(
            ["path", *classes],
            ([path, *map(cell, row)] for path, row in zip(paths, scores.nan_to_num(0.0).tolist(), strict=True)),
        ),
        "per_class.csv": csv_for_people(
            by_class[0]._fields, [[cell(v) if isinstance(v, float) else v for v in row] for row in by_class]
        ),
        "average_precision.png": average_precision_png(by_class, title=_title(results)),
        "results.json": json_bytes(results),  # last, so that it stands for a complete folder
    }
    write_together({folder / name: data for name, data in files.items()})
    return results


def _title(results: dict[str, Any]) -> str:
    score = "no labels" if results["mAP"] is None else f"mAP {100 * results['mAP']:.1f} %"
    return f"{results['split']}: {results['n_total']} videos, {score}"


def _predictions_csv(
    scores: Tensor, labels: Tensor, paths: Sequence[str], reasons: Sequence[str], *, classes: Sequence[str]
) -> bytes:
    """One row per video: its labels, the classes at or above the threshold, best first, and the best classes."""
    k = min(TOP, len(classes))
    header = ["path", "labels", "predicted", *(n for r in range(1, k + 1) for n in (f"top{r}", f"top{r}_probability"))]
    rows: list[list[object]] = []
    sorted_scores: list[list[float]]
    order: list[list[int]]
    sorted_scores, order = (part.tolist() for part in scores.sort(dim=1, descending=True, stable=True))
    for path, truth, reason, values, row in zip(paths, labels.tolist(), reasons, sorted_scores, order, strict=True):
        given = "|".join(name for name, is_there in zip(classes, truth, strict=True) if is_there)
        best = list(zip(row, values, strict=True))
        predicted = "|".join(classes[label] for label, value in best if value >= THRESHOLD)
        answers = [text for label, value in best[:k] for text in (classes[label], cell(value))]
        rows.append([path, given, *(["", *[""] * (2 * k)] if reason else [predicted, *answers]), reason])
    return csv_for_people([*header, "error"], rows)
