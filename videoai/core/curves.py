"""When the validation loss of a run clearly rises: one rule, by which training warns and the report judges."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

Points = Sequence[tuple[float, float]]  # (step, value), in the order of steps

# Judgement, all four.
RISING_FOR = 3  # evaluations in a row that must lie above
MARGIN = 0.1  # share of the lowest loss by which they must
SURE = 2.0  # standard errors
LOSS_SPREAD = 1.0  # standard deviation of the loss of one clip, as a share of the mean


class Rise(NamedTuple):
    """A validation loss that was lowest earlier."""

    step: float  # where the lowest value is
    share: float  # by how much the mean of the last evaluations lies above it, as a share of it
    count: int  # evaluations since
    is_clear: bool  # beyond what the number of clips explains


def rise(losses: Points, num_clips: int) -> Rise | None:
    """How much a loss has risen since it was lowest; None where the last ``RISING_FOR`` are not all ``MARGIN`` above.

    A mean over n clips is uncertain by about its own size / sqrt(n), so that with few clips only a large rise is clear.
    """
    known = finite(losses)
    lowest = min(range(len(known)), key=lambda place: known[place][1], default=0)
    later = [value for _, value in known[lowest + 1 :]]
    if len(later) < RISING_FOR or known[lowest][1] <= 0:
        return None
    last = later[-RISING_FOR:]
    if min(last) < (1 + MARGIN) * known[lowest][1]:
        return None
    level = fmean(last)
    error = LOSS_SPREAD * level / math.sqrt(max(1, num_clips))
    is_clear = level - known[lowest][1] > SURE * error
    return Rise(known[lowest][0], level / known[lowest][1] - 1, len(later), is_clear)


def finite(points: Points) -> list[tuple[float, float]]:
    """The points that have a value."""
    return [(step, value) for step, value in points if math.isfinite(value)]
