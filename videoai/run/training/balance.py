"""What is chosen for sets whose field counts all classes alike: UAR as the metric, balanced soft-max where sizes
differ."""

import logging
from dataclasses import replace
from typing import TypeVar

from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import IMBALANCE
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Task

logger = logging.getLogger(__name__)
S = TypeVar("S", bound=TrainSettings | TrainGanSettings)


def asked_metric(settings: TrainSettings, task: Task) -> str:
    """``trainer.metric``; ``auto`` is uar where classes count alike and the task measures it, of the head emotion where
    there are several."""
    asked = settings.trainer.metric
    if asked != "auto" or not settings.data.counts_by_class:
        return asked
    if "mean_class_accuracy" in task.metrics:
        return "uar"
    return "emotion_uar" if "emotion_uar" in task.metrics else asked


def with_balance(settings: S, task: Task, manifest: Manifest) -> S:
    """``imbalance.balanced_softmax=auto``: on where classes count alike, the largest is 10 times the smallest, the loss
    takes it, and no other remedy is set. It is said, and the settings hold what was chosen."""
    if not isinstance(settings, TrainSettings) or settings.imbalance.balanced_softmax != "auto":
        return settings
    is_on = settings.data.counts_by_class and "balanced_softmax" in getattr(task, "loss_settings", ())
    counts = manifest.splits["train"].count_labels(len(manifest.classes)).tolist() if is_on else [1]
    is_on = is_on and max(counts) >= IMBALANCE * max(1, min(counts)) and not _has_remedy(settings)
    if is_on:
        logger.info(
            "balanced soft-max is on: %d train clips of the largest class, %d of the smallest, and UAR counts both "
            "alike; imbalance.balanced_softmax=false turns it off",
            max(counts),
            min(counts),
        )
    return replace(settings, imbalance=replace(settings.imbalance, balanced_softmax=is_on))


def _has_remedy(settings: TrainSettings) -> bool:
    """Whether another setting already makes up for sizes of classes."""
    imbalance = settings.imbalance
    return imbalance.sampler != "uniform" or imbalance.effective_number > 0
