"""Calibration: how far a model's confidence is from how often it is right (Guo et al., arXiv:1706.04599)."""

from typing import NamedTuple

from torch import Tensor

NUM_BINS = 15  # as in the paper


class Bin(NamedTuple):
    """The videos whose confidence lies in (low, high]."""

    low: float
    high: float
    num_videos: int
    confidence: float  # their mean confidence; NaN without videos
    accuracy: float  # share of them that is right; NaN without videos


class Calibration(NamedTuple):
    """Expected calibration error and the bins of the reliability diagram."""

    ece: float  # 0 .. 1, the mean over videos of |accuracy - confidence| of their bin; NaN without videos
    bins: list[Bin]
    mean_confidence: float
    accuracy: float


def calibration(confidence: Tensor, is_right: Tensor, *, num_bins: int = NUM_BINS) -> Calibration:
    """The expected calibration error over bins of equal width (arXiv:1706.04599, equations 2 and 3).

    Args:
        confidence: float [N], 0 .. 1, the probability of the predicted class; NaN = unreadable, left out.
        is_right: bool [N].
    """
    known = ~confidence.isnan()
    confidence, right = confidence[known].double(), is_right[known].double()
    place = (confidence * num_bins).ceil().long().clamp(1, num_bins) - 1
    bins = []
    for number in range(num_bins):
        chosen = place == number
        values = (float(confidence[chosen].mean()), float(right[chosen].mean()))
        bins.append(Bin(number / num_bins, (number + 1) / num_bins, int(chosen.sum()), *values))
    gaps = sum(one.num_videos * abs(one.accuracy - one.confidence) for one in bins if one.num_videos)
    ece = gaps / len(right) if len(right) else float("nan")
    return Calibration(ece, bins, float(confidence.mean()), float(right.mean()))
