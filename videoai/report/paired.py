"""Two answers to the same videos: how much more often one is right, with an interval."""

from math import sqrt
from typing import NamedTuple

from torch import Tensor

from videoai.report.metrics import confidence_interval


class PairedDifference(NamedTuple):
    """Accuracy of the first minus accuracy of the second, in shares of the videos."""

    value: float  # -1 .. 1
    low: float  # lower end of the 95 % interval
    high: float
    num_lost: int  # videos that only the first has right
    num_won: int  # videos that only the second has right


def paired_difference(first: Tensor, second: Tensor) -> PairedDifference:
    """The difference of two accuracies on the same N videos, each bool [N], with Newcombe's 95 % interval.

    Method 10 of Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on
    paired data" (Statistics in Medicine 17): Wilson's intervals of both, joined by their correlation. It does not
    collapse where no video differs.

    Raises: ValueError: lengths that differ, or no videos.
    """
    if first.shape != second.shape or not len(first):
        raise ValueError(f"paired_difference: {list(first.shape)} and {list(second.shape)} answers, need [N] twice.")
    total = len(first)
    both, lost = int((first & second).sum()), int((first & ~second).sum())
    won = int((~first & second).sum())
    phi = _correlation(both, lost, won, total - both - lost - won)
    share1, share2 = (both + lost) / total, (both + won) / total
    (low1, high1), (low2, high2) = (confidence_interval(both + only, total) for only in (lost, won))
    value = (lost - won) / total
    low = value - _joined(share1 - low1, high2 - share2, phi)
    high = value + _joined(high1 - share1, share2 - low2, phi)
    return PairedDifference(value, low, high, lost, won)


def _joined(one: float, other: float, phi: float) -> float:
    return sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _correlation(both: int, lost: int, won: int, neither: int) -> float:
    """Phi of the 2 x 2 table, with Newcombe's correction for continuity where it is positive; 0 without spread."""
    product = (both + lost) * (won + neither) * (both + won) * (lost + neither)
    excess, half = both * neither - lost * won, (both + lost + won + neither) / 2
    if excess > 0:
        excess = max(excess - half, 0.0)
    return excess / sqrt(product) if product else 0.0
