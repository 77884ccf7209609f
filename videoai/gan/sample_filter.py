"""The filter of generated clips that a classifier may train on: by confidence, recall and distance to real clips.

Confidence alone passes a generator that makes one good clip a class again and again, so a class also needs recall.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from videoai.gan.metrics import NEIGHBOURS, nearest, overlap, principal, typical_distance

CHANCES = 2.0  # a class must be recognised at least twice as often as by chance


class Filtered(NamedTuple):
    """The result of the filter on N generated clips of K classes."""

    reason: list[str]  # [N], why a clip is left out; "" = it passed
    excluded: dict[int, str]  # class -> why all of its clips are left out
    nearest: Tensor  # float64 [N], distance to the nearest real clip, in the first principal directions
    recall: Tensor  # float64 [K], NaN = too few clips to tell
    agreement: Tensor  # float64 [K], share of a class's clips that the evaluator assigns to the class


@dataclass(frozen=True, kw_only=True)
class SampleFilter:
    """The limits; each in 0 .. 1."""

    min_confidence: float = 0.7
    min_recall: float = 0.2
    drop_copies: bool = True  # drop clips nearer to a real clip than nearly all real ones are to each other

    def __call__(
        self, features: Tensor, probability: Tensor, label: Tensor, real: Tensor, real_label: Tensor
    ) -> Filtered:
        """features: [N, D], probability: [N, K], label: int64 [N], of generated clips; real: [M, D], real_label: [M],
        of the training clips. Raises: ValueError: too few clips."""
        num_classes = probability.shape[1]
        real, features = principal(real, features)
        agreement = per_class((probability.argmax(1) == label).double(), label, num_classes)
        recall = recall_per_class(real, real_label, features, label, num_classes)
        near, limit = nearest(features, real), typical_distance(real)
        excluded = {number: why for number in range(num_classes) if (why := self._exclude(number, agreement, recall))}
        confidence = probability.gather(1, label[:, None])[:, 0]
        columns = zip(label.tolist(), confidence.tolist(), (near < limit).tolist(), strict=True)
        reasons = [excluded.get(number) or self._drop(sure, is_copy) for number, sure, is_copy in columns]
        return Filtered(reasons, excluded, near, recall, agreement)

    def _exclude(self, number: int, agreement: Tensor, recall: Tensor) -> str:
        least = CHANCES / len(agreement)
        if agreement[number] < least:
            return f"agreement {agreement[number]:.2f} is below {least:.2f}, twice chance"
        if recall[number] < self.min_recall:  # not when it is NaN
            return f"recall {recall[number]:.2f} is below min_recall {self.min_recall:g}: too few kinds of clips"
        return ""

    def _drop(self, confidence: float, is_copy: bool) -> str:
        if confidence < self.min_confidence:
            return f"confidence {confidence:.2f} is below min_confidence {self.min_confidence:g}"
        return "a copy of a training clip" if is_copy and self.drop_copies else ""


def per_class(values: Tensor, label: Tensor, num_classes: int) -> Tensor:
    """float64 [K], the mean of ``values`` [N] over each class; NaN = no clip of it."""
    return torch.stack([values[label == number].double().mean() for number in range(num_classes)])


def recall_per_class(
    real: Tensor, real_label: Tensor, generated: Tensor, label: Tensor, num_classes: int, k: int = NEIGHBOURS
) -> Tensor:
    """float64 [K], computed from equally many clips on both sides; NaN where there are not more than ``k``."""
    recalls = []
    for number in range(num_classes):
        one, other = real[real_label == number], generated[label == number]
        count = min(len(one), len(other))
        recalls.append(overlap(one[:count], other[:count], k).recall if count > k else torch.nan)
    return torch.tensor(recalls, dtype=torch.float64)
