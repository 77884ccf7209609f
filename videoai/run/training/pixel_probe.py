"""What pixels alone say about the classes: linear classifiers on one small picture a clip, cross-validated in seconds.

They answer two questions before anything is trained: does a single picture give the class away, and does what moves say
more than what is seen?
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches

SIDE = 16  # pixels of the grey pictures: the layout of a scene, and few enough numbers for few clips
NUM_FOLDS = 5
PENALTIES = (0.01, 0.1, 1.0, 10.0)  # L2 penalties of the ridge regression; the best one counts
FEWEST_CLIPS = 40  # with fewer, the accuracies are chance


class PixelProbe(NamedTuple):
    """Result of ``probe_pixels``: accuracies in 0 .. 1."""

    seen: float  # from the mean picture of a clip
    moving: float  # from the mean change between its frames
    largest: float  # share of the largest class, which is what a constant answer reaches

    @property
    def moves_more(self) -> bool:
        """Whether motion generalises clearly better to other groups than the picture does."""
        return self.moving >= self.seen + CLEARLY


CLEARLY = 0.05  # about two standard errors of the difference on 300 clips


def probe_pixels(
    items: Sequence[VideoItem], clip: ClipSpec, reading: Mapping[str, Any], num_workers: int
) -> PixelProbe | None:
    """Read the central clip of each item and cross-validate. Groups stay together.

    Returns: None where clips have several labels, or too few can be read.
    """
    if len(items) < FEWEST_CLIPS or any(item.spans is not None for item in items):
        return None
    pictures, labels, groups = [], [], []
    dataset = EvalClips(items, clip, reading=reading)
    for clips in eval_batches(dataset, videos_per_batch=16, num_workers=num_workers):
        for row, index in enumerate(clips.index.tolist()):
            if not clips.error[row]:
                pictures.append(small_pictures(clips.video[row].float() / 255))
                labels.append(items[index].label)
                groups.append(items[index].group or items[index].path)
    if len(labels) < FEWEST_CLIPS or len(set(groups)) < NUM_FOLDS:
        return None
    seen, moving = (torch.stack(kind) for kind in zip(*pictures, strict=True))
    label = torch.tensor(labels)
    largest = float(label.bincount().max() / len(label))
    return PixelProbe(cross_validated(seen, label, groups), cross_validated(moving, label, groups), largest)


def small_pictures(video: Tensor) -> tuple[Tensor, Tensor]:
    """video float [T, 3, H, W] -> the mean of its frames and the mean change between them, grey, [SIDE * SIDE] each."""
    grey = F.interpolate(video.mean(1, keepdim=True), size=(SIDE, SIDE), mode="area")[:, 0]
    return grey.mean(0).flatten(), grey.diff(dim=0).abs().mean(0).flatten()


def cross_validated(features: Tensor, labels: Tensor, groups: Sequence[str]) -> float:
    """Accuracy of a ridge regression on one-hot labels, on groups that it was not fitted to.

    Args:
        features: float [N, D]; labels: int64 [N]; groups: the name of each clip's group.
    """
    names = sorted(set(groups))
    fold_of = dict(zip(names, torch.randperm(len(names), generator=generator_for(0, "probe")).tolist(), strict=True))
    fold = torch.tensor([fold_of[group] % NUM_FOLDS for group in groups])
    right = torch.zeros(len(PENALTIES))
    for number in range(NUM_FOLDS):
        held, kept = fold == number, fold != number
        answers = ridge_answers(features[kept], labels[kept], features[held])
        right += (answers == labels[held]).sum(1)
    return float(right.max() / len(labels))


def ridge_answers(known: Tensor, labels: Tensor, asked: Tensor) -> Tensor:
    """int64 [penalties, M]: the classes of ``asked`` [M, D] by ridge regressions on ``known`` [N, D], in its dual form,
    because there are fewer clips than pixels."""
    mean, scale = known.mean(0), known.std(0) + 0.02
    known, asked = (known - mean) / scale, (asked - mean) / scale
    targets = F.one_hot(labels).float()
    gram = known @ known.T / known.shape[1]
    penalties = torch.tensor(PENALTIES)[:, None, None] * torch.eye(len(known))
    weights = torch.linalg.solve(gram + penalties, targets - targets.mean(0))
    return (asked @ known.T / known.shape[1] @ weights + targets.mean(0)).argmax(2)
