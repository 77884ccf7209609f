"""What tasks share whose targets are columns of a table: their checks, and the statistics of numbers."""

from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np

from videoai.data.lists.manifest import Manifest
from videoai.settings.training import TrainSettings
from videoai.tasks.value_loss import LEAST_FOR_CCC

Number = TypeVar("Number", int, float)


def unless_auto(value: Sequence[Number] | Literal["auto"]) -> list[Number] | None:
    """Numbers that are given; None = the data decide them."""
    return None if isinstance(value, str) else [*value]


def statistics(manifest: Manifest, names: Sequence[str]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each column over the training clips that have it.

    Raises: ValueError: none has it, or all have the same value, also once they are float32.
    """
    means, deviations = [], []
    for name in names:
        values = manifest.target_values("train", name)
        known = values[~np.isnan(values)]
        if not len(known):
            raise ValueError(f"{manifest.source}: no training clip has a value in the column {name}; fill some in.")
        if (spread := float(known.std())) == 0:
            raise ValueError(
                f"{manifest.source}: the column {name} is {known[0]:g} for every training clip that has a value, so "
                "there is nothing to learn. Leave it out."
            )
        if spread < np.spacing(np.float32(abs(known).max())):
            raise ValueError(
                f"{manifest.source}: the column {name} differs by {spread:.1g} around {known.mean():g}, which 32-bit "
                "numbers cannot tell apart. Subtract a number from the column, so that it lies near 0."
            )
        means.append(float(known.mean()))
        deviations.append(spread)
    return means, deviations


def check_val(manifest: Manifest, names: Sequence[str]) -> None:
    """Raises: ValueError: no clip of val has a target, so that none can be measured."""
    for name in names:
        values = manifest.target_values("val", name)
        if len(values) and np.isnan(values).all():
            raise ValueError(f"{manifest.source}: no clip of val has a value in the column {name}; fill some in.")


def check_sampler(settings: TrainSettings, task: str) -> None:
    """Raises: ValueError: a sampler, which goes by classes of clips."""
    if (sampler := settings.imbalance.sampler) != "uniform":
        raise ValueError(f"imbalance.sampler={sampler} goes by the one class of a clip, and task={task} has none.")


def check_smoothing(settings: TrainSettings, task: str) -> None:
    """Raises: ValueError: smoothing of labels that are no classes."""
    if (smoothing := settings.trainer.label_smoothing) not in ("auto", 0):
        raise ValueError(
            f"trainer.label_smoothing={smoothing} spreads a label over classes, and task={task} has none to spread it "
            "over. Leave it out."
        )


def check_cutmix(settings: TrainSettings) -> None:
    """Raises: ValueError: CutMix, whose share of the picture is no share of a number."""
    if settings.augment.cutmix:
        raise ValueError(
            f"augment.cutmix={settings.augment.cutmix} pastes a part of another clip, whose area says nothing about a "
            "number. Leave it out, or take augment.mixup, which mixes numbers and pictures alike."
        )


def check_batch(settings: TrainSettings, loss: str) -> None:
    """Raises: ValueError: too few clips for a loss that compares them."""
    size = settings.trainer.batch_size
    if loss == "ccc" and size != "auto" and size < LEAST_FOR_CCC:
        raise ValueError(
            f"task.loss=ccc compares the clips of a batch with each other: set trainer.batch_size to {LEAST_FOR_CCC} "
            f"or more, now {size}; or task.loss=mse."
        )
