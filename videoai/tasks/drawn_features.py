"""Features drawn beside the clips of a run whose body is frozen (``augment.features``), and their loss."""

import logging
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from videoai.core.messages import pluralize
from videoai.core.seeding import generator_for
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches
from videoai.data.normalize import ToModelInput
from videoai.engine.freeze import Freeze
from videoai.gan.feature_space import FeatureAugmenter, augmenter, check_enough_clips
from videoai.inference.evaluator import Evaluator, Extracted
from videoai.models.heads import linear_head
from videoai.tasks.task import Criterion, Setup

logger = logging.getLogger(__name__)

CLASSES = ("all", "rare", "balanced")


@dataclass(frozen=True, kw_only=True)
class DrawnFeatures:
    """Draws ``ratio`` features for each clip of a batch, and puts them through ``head``, the model's linear layer.
    Dropout in front of that layer does not touch them."""

    head: nn.Linear
    augmenter: FeatureAugmenter
    chance: Tensor  # float [K], chance of each class to be drawn
    ratio: float
    seed: int

    def mixed(self, loss: Tensor, position: int, batch_size: int, criterion: Criterion) -> Tensor:
        """The mean over a batch's clips, whose mean is ``loss``, and the drawn features. ``position`` is the
        micro-batch's number in the run: all that the draw depends on."""
        count = max(1, round(self.ratio * batch_size))
        generator = generator_for(self.seed, "features", position)
        labels = torch.multinomial(self.chance, count, replacement=True, generator=generator)
        drawn = self.augmenter.draw(labels, generator)
        device = self.head.weight.device
        features, target = (part.to(device, non_blocking=True) for part in (drawn.features, drawn.target))
        drawn_loss = criterion(self.head(features), target)
        return (batch_size * loss + count * drawn_loss) / (batch_size + count)


def class_chances(counts: Tensor, classes: str) -> Tensor:
    """counts: [K], clips of each class -> float [K]: ``all`` = as often as in the data, ``balanced`` = all alike,
    ``rare`` = only, and alike, those with less than half as many as the largest.

    Raises: ValueError: ``rare`` where there is none.
    """
    weights = {"all": counts, "balanced": torch.ones(len(counts)), "rare": 2 * counts < counts.max()}[classes].float()
    if not weights.any():
        raise ValueError(
            f"augment.feature_classes=rare: the smallest class has {pluralize(int(counts.min()), 'clip')}, half of the "
            f"largest's {int(counts.max())} or more, so none is rare. Use all or balanced."
        )
    return weights / weights.sum()


def check_feature_augment(setup: Setup, model: nn.Module, freeze: Freeze | None, *, has_classes: bool) -> None:
    """Raises: ValueError: features of a body that learns are soon those of another; a head that is not one linear
    layer; targets that are not one class; too few clips."""
    name = setup.settings.augment.features
    if not name:
        return
    if freeze is None or freeze.until_step is not None:
        raise ValueError(
            f"augment.features={name} needs a frozen body, but finetune trains it. Use "
            "finetune=linear_probe with weights=..., or augment.features=null."
        )
    linear_head(model, setting=f"augment.features={name}")
    if not has_classes:
        raise ValueError(
            f"augment.features={name} draws features of one class, but the clips of {setup.manifest.source} have "
            "several labels each, or none that is a class. Use augment.features=null."
        )
    counts = setup.train_items.count_labels(len(setup.outputs))
    check_enough_clips(name, counts.tolist(), setup.outputs)
    class_chances(torch.from_numpy(counts), setup.settings.augment.feature_classes)


def new_drawn_features(setup: Setup, model: nn.Module, to_input: ToModelInput) -> DrawnFeatures | None:
    """One pass over the training videos, centred views, then the fit; None where the config asks for none.

    A continued run passes again: the body is the same, so the fit is, bitwise, and a checkpoint need not hold it.

    Raises: ValueError: too few readable clips of a class.
    """
    settings, seed = setup.settings.augment, setup.settings.seed
    name = settings.features
    if not name:
        return None
    head = linear_head(model, setting=f"augment.features={name}")
    clips = training_features(setup, model, to_input, name=f"augment.features={name}")
    counts = clips.label.bincount(minlength=len(setup.outputs))
    check_enough_clips(name, counts.tolist(), setup.outputs)
    fitted = augmenter(name, clips.features, clips.label, num_classes=len(setup.outputs), seed=seed)
    ratio, batch_size = settings.feature_ratio, setup.batch_size
    logger.info(
        "augment.features=%s: fitted to %d of %d training videos, %d values each; %d drawn beside %d clips, %s",
        *(name, len(clips.label), len(setup.train_items), clips.features.shape[1]),
        *(round(ratio * batch_size), batch_size, f"classes {settings.feature_classes}"),
    )
    chance = class_chances(counts, settings.feature_classes)
    return DrawnFeatures(head=head, augmenter=fitted, chance=chance, ratio=ratio, seed=seed)


def training_features(setup: Setup, model: nn.Module, to_input: ToModelInput, *, name: str) -> Extracted:
    """What the body gives for the centred view of every readable training video."""
    dataset = EvalClips(setup.train_items, setup.clip, target=setup.target, reading=setup.reading)
    batches = eval_batches(dataset, videos_per_batch=setup.batch_size, num_workers=setup.num_workers)
    encoder = Evaluator(model, clip=setup.clip, classes=[], name=name).to(to_input.mean.device)
    return encoder.extract_batches(batches)
