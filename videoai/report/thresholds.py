"""Thresholds of the classes of a multi-label model: for each the one with the best F1 on the validation split.

A threshold of best F1 says a rare class too often where the scores know little (arXiv:1402.1892), and one that is tuned
on few videos is luck. So a class keeps 0.5 unless ``MIN_EACH`` validation videos have it, and as many do not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from videoai.core.messages import truncated_list

THRESHOLD = 0.5  # for a sigmoid score; as likely as not
MIN_EACH = 5  # validation videos with and without a class, for a threshold of its own; judgement


class Tuned(NamedTuple):
    """The threshold of each class, and which of them were tuned."""

    values: list[float]  # [K]
    is_tuned: list[bool]  # [K]; False = too few videos, and 0.5


def tune_thresholds(scores: Tensor, labels: Tensor) -> Tuned:
    """The threshold of each class whose F1 is best; halfway between two scores, and of equally good ones the nearest to
    0.5.

    Args:
        scores: float [N, K], 0 .. 1; NaN = unreadable, which says nothing of a threshold, and -inf = the class was not
            annotated.
        labels: bool [N, K].
    """
    pairs = [_tuned(scores[:, k].double(), labels[:, k]) for k in range(scores.shape[1])]
    return Tuned([THRESHOLD if best is None else best for best in pairs], [best is not None for best in pairs])


def _tuned(scores: Tensor, labels: Tensor) -> float | None:
    """The threshold of one class; None = too few videos."""
    is_known = scores.isfinite()
    scores, labels = scores[is_known], labels[is_known]
    positives = int(labels.sum())
    if min(positives, len(labels) - positives) < MIN_EACH:
        return None
    ranked, order = scores.sort(descending=True)
    hits, found = labels[order].cumsum(0), torch.arange(1, len(scores) + 1)
    is_last = torch.ones_like(labels)  # the last of the videos that share a score
    is_last[:-1] = ranked[:-1] != ranked[1:]
    f1 = (2 * hits / (found + positives))[is_last]
    above = ranked[is_last]
    between = (above + torch.cat([above[1:], torch.zeros(1, dtype=above.dtype)])) / 2
    best = between[f1 == f1.max()]
    return float(best[(best - THRESHOLD).abs().argmin()])


def check_thresholds(values: object, num_classes: int, source: str) -> list[float]:
    """Thresholds that a file holds. Raises: ValueError: not one from 0 to 1 for each class."""
    if not isinstance(values, list) or len(values) != num_classes or not all(_is_share(value) for value in values):
        raise ValueError(
            f"{source}: its thresholds are not {num_classes} numbers from 0 to 1, one a class. Set threshold=0.5."
        )
    return values


def tuning_note(names: Sequence[str], is_tuned: Sequence[bool]) -> str:
    """Which classes have a threshold of their own, and which are too rare for one."""
    rest = [name for name, has_own in zip(names, is_tuned, strict=True) if not has_own]
    said = f"thresholds: of {len(names) - len(rest)} of {len(names)} classes tuned on val (best F1)"
    if rest:
        said += f"; 0.5 for {truncated_list(rest)}, which fewer than {MIN_EACH} val videos have, or all but so few"
    return f"{said}. threshold=0.5 takes 0.5 for all."


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= 1
