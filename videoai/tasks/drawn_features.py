"""The loss of features that an augmenter draws, beside that of the clips of a batch."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from videoai.core.seeding import generator_for
from videoai.gan.feature_space import FeatureAugmenter
from videoai.tasks.losses import ClassificationLoss, MultiLabelLoss

CLASSES = ("all", "rare", "balanced")


@dataclass(frozen=True, kw_only=True)
class DrawnFeatures:
    """Draws ``ratio`` features for each clip of a batch, and puts them through ``head``, the model's linear layer.
    Dropout in front of that layer does not touch them."""

    head: nn.Linear
    augmenter: FeatureAugmenter
    chance: Tensor  # float [K], of each class to be drawn
    ratio: float
    seed: int

    def mixed(
        self, loss: Tensor, position: int, batch_size: int, criterion: ClassificationLoss | MultiLabelLoss
    ) -> Tensor:
        """The mean over a batch's clips, whose mean is ``loss``, and the drawn features. ``position`` is the
        micro-batch's number in the run: all that the draw depends on."""
        count = max(1, round(self.ratio * batch_size))
        generator = generator_for(self.seed, "features", position)
        labels = torch.multinomial(self.chance, count, replacement=True, generator=generator)
        drawn = self.augmenter.draw(labels, generator)
        device = self.head.weight.device
        drawn_loss = criterion(self.head(drawn.features.to(device)), drawn.target.to(device))
        return (batch_size * loss + count * drawn_loss) / (batch_size + count)


def class_chances(counts: Tensor, classes: str) -> Tensor:
    """counts: [K], clips of each class -> float [K]: ``all`` = as often as in the data, ``balanced`` = all alike,
    ``rare`` = only, and alike, those with less than half as many as the largest.

    Raises: ValueError: ``rare`` where there is none.
    """
    weights = {"all": counts, "balanced": torch.ones(len(counts)), "rare": 2 * counts < counts.max()}[classes].float()
    if not weights.any():
        raise ValueError(
            f"augment.feature_classes=rare: the smallest class has {int(counts.min())} clips, half of the largest's "
            f"{int(counts.max())} or more, so none is rare. Use all or balanced."
        )
    return weights / weights.sum()
