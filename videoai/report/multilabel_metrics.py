"""Metrics where a video has several labels: average precision of each class, their mean (mAP), F1 at a threshold.

One rule for videos that could not be read: they carry NaN scores and count as if every score of theirs was 0, so they
are ranked last, and none of their labels is found. A smaller denominator would let a broken dataset flatter a model.

Where a video was not annotated for a class its score is -inf (``annotated``): it is ranked behind all others, is never
predicted and has no label, so no metric of the class counts it.
"""

from collections.abc import Sequence
from math import inf, nan
from typing import NamedTuple

import torch
from torch import Tensor

from videoai.report.thresholds import THRESHOLD

Thresholds = float | Sequence[float]  # one for all classes, or one each


def annotated(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """What the metrics below take, of targets 1, 0 and NaN = not annotated: scores, and labels bool [N, K]."""
    labels = targets == 1
    _check(scores, labels)
    return scores.masked_fill(targets.isnan(), -inf), labels


class LabelScore(NamedTuple):
    """The scores of one class; a ratio without a denominator is NaN."""

    name: str
    num_videos: int  # that have this label, unreadable ones included
    base_rate: float  # their share: what the average precision of a random ranking comes to
    average_precision: float
    num_predicted: int  # at ``threshold``, as are the next three
    precision: float
    recall: float
    f1: float
    threshold: float


def average_precision(scores: Tensor, labels: Tensor) -> Tensor:
    """The area under each class's precision-recall steps, sum of (R_n - R_n-1) P_n over the distinct scores.

    Videos of one score are taken together, as in scikit-learn's average_precision_score, so a constant score gives the
    base rate and no order of the rows changes anything.

    Args:
        scores: float [N, K]; a row with NaN = unreadable.
        labels: bool [N, K].

    Returns:
        float64 [K], 0 .. 1; NaN for a class that no video has.

    Raises:
        ValueError: shapes that do not match, or labels that are not bool.
    """
    _check(scores, labels)
    ranked, order = _zero_nan_rows(scores).sort(dim=0, descending=True)
    hits = labels.gather(0, order).double()
    position = torch.arange(1, len(scores) + 1, device=scores.device)[:, None]
    precision = hits.cumsum(0) / position
    is_last = torch.ones_like(labels)  # the last of the videos that share a score
    is_last[:-1] = ranked[:-1] != ranked[1:]
    last = torch.where(is_last, position - 1, len(scores)).flip(0).cummin(0).values.flip(0)
    return (hits * precision.gather(0, last)).sum(0) / hits.sum(0)  # 0 / 0 = NaN


def mean_average_precision(scores: Tensor, labels: Tensor) -> float:
    """mAP: the mean of ``average_precision`` over the classes that some video has; NaN when none has any."""
    return float(average_precision(scores, labels).nanmean())


def base_rate(labels: Tensor, scores: Tensor | None = None) -> float:
    """The mAP of a random ranking, nearly: the mean share of videos over the classes that some video has; ``scores``
    tell which of the videos were annotated."""
    share = labels.double().mean(0) if scores is None else labels.double().sum(0) / _num_annotated(scores)
    return float(share[share > 0].mean())


def micro_f1(scores: Tensor, labels: Tensor, thresholds: Thresholds = THRESHOLD) -> float:
    """F1 over all labels of all videos together; NaN without any label, given or predicted."""
    true_positives, predicted, positives = (counts.sum() for counts in _counts(scores, labels, thresholds))
    return float(2 * true_positives / (predicted + positives))


def macro_label_f1(scores: Tensor, labels: Tensor, thresholds: Thresholds = THRESHOLD) -> float:
    """F1 of each class, averaged over the classes that occur in labels or predictions."""
    true_positives, predicted, positives = _counts(scores, labels, thresholds)
    return float((2 * true_positives / (predicted + positives)).nanmean())


def hit_at_1(scores: Tensor, labels: Tensor) -> float:
    """The share of the videos whose best class (the lowest index wins a tie) is one of their labels
    (arXiv:1609.08675). A video without labels, or without scores, is no hit; one that was annotated for no class does
    not count."""
    return is_hit(scores, labels)[(scores != -inf).any(1)].double().mean().item()


def is_hit(scores: Tensor, labels: Tensor) -> Tensor:
    """bool [N], of each video what ``hit_at_1`` counts."""
    _check(scores, labels)
    hit = labels.gather(1, _zero_nan_rows(scores).argmax(1, keepdim=True))[:, 0]
    return hit & ~scores.isnan().any(dim=1)


def per_label(
    scores: Tensor, labels: Tensor, *, classes: Sequence[str], thresholds: Thresholds = THRESHOLD
) -> list[LabelScore]:
    """One ``LabelScore`` a class, in class order."""
    precisions = average_precision(scores, labels).tolist()
    columns = [counts.long().tolist() for counts in _counts(scores, labels, thresholds)]
    at = torch.as_tensor(thresholds, dtype=torch.float64).expand(len(classes)).tolist()
    return [
        LabelScore(
            name=name,
            num_videos=given,
            base_rate=given / count if count else nan,
            average_precision=precision,
            num_predicted=predicted,
            precision=hits / predicted if predicted else nan,
            recall=hits / given if given else nan,
            f1=2 * hits / (predicted + given) if predicted + given else nan,
            threshold=threshold,
        )
        for name, precision, threshold, count, hits, predicted, given in zip(
            classes, precisions, at, _num_annotated(scores).tolist(), *columns, strict=True
        )
    ]


def _counts(scores: Tensor, labels: Tensor, thresholds: Thresholds) -> tuple[Tensor, Tensor, Tensor]:
    """float64 [K] each: true positives, predicted positives and actual positives of each class."""
    _check(scores, labels)
    predicted = _zero_nan_rows(scores) >= torch.as_tensor(thresholds, dtype=torch.float64, device=scores.device)
    return (predicted & labels).sum(0).double(), predicted.sum(0).double(), labels.sum(0).double()


def _zero_nan_rows(scores: Tensor) -> Tensor:
    return scores.double().masked_fill(scores.isnan().any(dim=1, keepdim=True) & (scores != -inf), 0.0)


def _num_annotated(scores: Tensor) -> Tensor:
    """int64 [K]"""
    return (scores != -inf).sum(0)


def _check(scores: Tensor, labels: Tensor) -> None:
    if scores.ndim != 2 or not scores.is_floating_point() or not len(scores):
        raise ValueError(f"scores: {scores.dtype} {list(scores.shape)}, but a float [N, K] with N >= 1 is needed.")
    if labels.dtype != torch.bool or labels.shape != scores.shape:
        raise ValueError(f"labels: {labels.dtype} {list(labels.shape)}, but bool {list(scores.shape)} is needed.")
