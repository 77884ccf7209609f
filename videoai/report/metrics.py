"""Classification metrics in the field's terms: top-k, mean class accuracy, confusion, per-class scores, interval.

One rule for videos that could not be read: they carry NaN scores (predicted label ``UNREADABLE``) and count as wrong in
every accuracy. A smaller denominator would let a broken dataset flatter a model.
"""

from collections.abc import Sequence
from math import nan, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

UNREADABLE = -1  # the predicted label of a video without usable scores

Z = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution


class ClassScore(NamedTuple):
    """The scores of one class; a ratio without a denominator is NaN."""

    name: str
    num_videos: int  # labelled with this class, unreadable ones included
    num_correct: int
    accuracy: float  # the same as recall, under the name the field's tables use
    precision: float
    recall: float
    f1: float
    most_confused_with: str  # the most frequent wrong prediction; "" = none


def predicted_labels(scores: Tensor) -> Tensor:
    """scores: float [N, K] -> int64 [N], the best class of each row (the lowest index wins a tie) or ``UNREADABLE``."""
    _check_scores(scores)
    return torch.where(scores.isnan().any(dim=1), UNREADABLE, scores.argmax(dim=1))


def label_ranks(scores: Tensor, labels: Tensor) -> Tensor:
    """How many classes are ranked before the label.

    A class is ranked before the label when it scores strictly higher, or the same at a lower index, so a constant score
    does not make every label correct and rank 0 is exactly ``predicted_labels(scores) == labels``.

    Args:
        scores: float [N, K], logits or probabilities.
        labels: int64 [N], 0 .. K-1.

    Returns:
        int64 [N], 0 = top 1; K where the row holds a NaN.

    Raises:
        ValueError: the shapes do not match, or a label is outside 0 .. K-1.
    """
    _check_scores(scores)
    num_classes = scores.shape[1]
    _check_labels(labels, num_classes=num_classes, num_videos=len(scores))
    label_scores = scores.gather(1, labels[:, None])
    lower_index = torch.arange(num_classes, device=scores.device) < labels[:, None]
    before = (scores > label_scores) | ((scores == label_scores) & lower_index)
    return torch.where(scores.isnan().any(dim=1), num_classes, before.sum(dim=1))


def top_k_accuracy(scores: Tensor, labels: Tensor, k: int = 1) -> float:
    """The share, 0 .. 1, of the rows of ``scores`` (float [N, K]) whose label (int64 [N]) is among the k best classes.

    k is clipped to K. Ties are resolved as in ``label_ranks``; rows with a NaN count as wrong.

    Raises:
        ValueError: no rows, k below 1, shapes that do not match, or a label outside 0 .. K-1.
    """
    if k < 1:
        raise ValueError(f"top_k_accuracy: k is {k}, but it must be at least 1.")
    ranks = label_ranks(scores, labels)
    _check_not_empty(len(ranks), where="top_k_accuracy")
    return (ranks < min(k, scores.shape[1])).double().mean().item()


def confusion_matrix(predicted: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Counts, int64 [K, K]: row = true class, column = predicted class.

    Videos predicted ``UNREADABLE`` are left out: they were confused with nothing. The accuracies of this module count
    them as wrong, so take row totals from ``labels``, not from this matrix.

    Args:
        predicted: int64 [N], 0 .. K-1 or ``UNREADABLE``.
        labels: int64 [N], 0 .. K-1.

    Raises:
        ValueError: the lengths differ or a value is outside its range.
    """
    _check_labels(labels, num_classes=num_classes, num_videos=len(predicted))
    readable = predicted != UNREADABLE
    predicted, labels = predicted[readable], labels[readable]
    _check_labels(predicted, num_classes=num_classes, num_videos=len(labels), name="predicted")
    counts = torch.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def mean_class_accuracy(predicted: Tensor, labels: Tensor, num_classes: int) -> float:
    """The accuracy of each class, averaged over the classes that occur in ``labels`` (0 .. 1).

    Args:
        predicted: int64 [N], 0 .. K-1 or ``UNREADABLE`` (counts as wrong).
        labels: int64 [N], 0 .. K-1.

    Raises:
        ValueError: no videos, the lengths differ or a value is outside its range.
    """
    correct = confusion_matrix(predicted, labels, num_classes=num_classes).diagonal()
    _check_not_empty(len(labels), where="mean_class_accuracy")
    num_videos = torch.bincount(labels, minlength=num_classes)
    occurs = num_videos > 0
    return (correct[occurs].double() / num_videos[occurs]).mean().item()


def macro_f1(predicted: Tensor, labels: Tensor, num_classes: int) -> float:
    """The F1 of each class, averaged over the classes that occur in ``labels`` or ``predicted`` (0 .. 1).

    Args and Raises as ``mean_class_accuracy``. Unlike that, it also falls when a class is predicted too often.
    """
    matrix = confusion_matrix(predicted, labels, num_classes=num_classes)
    _check_not_empty(len(labels), where="macro_f1")
    both = torch.bincount(labels, minlength=num_classes) + matrix.sum(dim=0)
    occurs = both > 0
    return (2 * matrix.diagonal()[occurs].double() / both[occurs]).mean().item()


def per_class(predicted: Tensor, labels: Tensor, *, classes: Sequence[str]) -> list[ClassScore]:
    """One ``ClassScore`` per class, in class order; ``predicted`` and ``labels`` as in ``confusion_matrix``."""
    matrix = confusion_matrix(predicted, labels, num_classes=len(classes)).cpu()
    num_videos = torch.bincount(labels, minlength=len(classes)).tolist()
    num_predicted = matrix.sum(dim=0).tolist()
    return [
        _class_score(classes, label, row, num_videos=num_videos[label], num_predicted=num_predicted[label])
        for label, row in enumerate(matrix.tolist())
    ]


def confidence_interval(correct: float, total: int) -> tuple[float, float]:
    """Wilson's 95 % score interval (Wilson 1927) of an accuracy of ``correct`` out of ``total``: (low, high), 0 .. 1.
    ``correct`` is no whole number where it is a mean over draws.

    Unlike the textbook p +- 1.96 s, it stays inside 0 .. 1 and does not collapse at 0 % or 100 %. It assumes
    independent videos: clips cut from one source video make the true interval wider.

    Raises:
        ValueError: not 0 <= correct <= total, or total is 0.
    """
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(
            f"confidence_interval: {correct} of {total}, but it needs 0 <= correct <= total and 1 <= total."
        )
    share, spread = correct / total, Z * Z / total
    centre = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # Exact at the ends, where rounding would leave 1e-17 or 0.9999999.
    return (0.0 if correct == 0 else centre - half, 1.0 if correct == total else centre + half)


def _class_score(
    classes: Sequence[str], label: int, row: list[int], *, num_videos: int, num_predicted: int
) -> ClassScore:
    correct = row[label]
    wrong = [0 if other == label else count for other, count in enumerate(row)]
    accuracy = correct / num_videos if num_videos else nan
    return ClassScore(
        name=classes[label],
        num_videos=num_videos,
        num_correct=correct,
        accuracy=accuracy,
        precision=correct / num_predicted if num_predicted else nan,
        recall=accuracy,
        f1=2 * correct / (num_videos + num_predicted) if num_videos + num_predicted else nan,
        most_confused_with=classes[wrong.index(max(wrong))] if any(wrong) else "",
    )


def _check_scores(scores: Tensor) -> None:
    if scores.ndim != 2 or scores.shape[1] < 1 or not scores.is_floating_point():
        raise ValueError(f"scores: {scores.dtype} {list(scores.shape)}, but a float [N, K] with K >= 1 is needed.")


def _check_labels(labels: Tensor, *, num_classes: int, num_videos: int, name: str = "labels") -> None:
    if labels.shape != (num_videos,) or labels.dtype != torch.int64:
        raise ValueError(f"{name}: {labels.dtype} {list(labels.shape)}, but int64 [{num_videos}] is needed.")
    if num_videos and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        low, high = int(labels.min()), int(labels.max())
        raise ValueError(f"{name}: values {low} .. {high}, but {num_classes} classes allow 0 .. {num_classes - 1}.")


def _check_not_empty(num_videos: int, *, where: str) -> None:
    if num_videos == 0:
        raise ValueError(f"{where}: no videos, so there is no accuracy. Check that the split is not empty.")
