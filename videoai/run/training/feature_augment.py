"""Features drawn beside the clips of a run whose body is frozen: ``augment.features``."""

import logging
from typing import Any

import torch
from torch import nn

from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import eval_batches
from videoai.data.normalize import ToModelInput
from videoai.engine.freeze import Freeze
from videoai.gan.feature_space import augmenter, refuse_few
from videoai.inference.judge import Judge
from videoai.models.heads import linear_head
from videoai.tasks.drawn_features import DrawnFeatures, class_chances

logger = logging.getLogger(__name__)


def refuse_unfit(config: dict[str, Any], model: nn.Module, manifest: Manifest, freeze: Freeze | None) -> None:
    """Raises: ValueError: features of a body that learns are soon those of another; a head that is not one linear
    layer; several labels; too few clips."""
    name = config["augment"].get("features")
    if not name:
        return
    if freeze is None or freeze.until_step is not None:
        raise ValueError(
            f"augment.features={name} draws features of a body that stays as it is, but finetune lets it learn. Use "
            "finetune=linear_probe with weights=..., or augment.features=null."
        )
    linear_head(model, setting=f"augment.features={name}")
    if manifest.is_multi_label:
        raise ValueError(
            f"augment.features={name} draws features of one class, but the clips of {manifest.source} have several "
            "labels each. Use augment.features=null."
        )
    counts = manifest.splits["train"].count_labels(len(manifest.classes))
    refuse_few(name, counts.tolist(), manifest.classes)
    class_chances(torch.from_numpy(counts), config["augment"]["feature_classes"])


def new_drawn_features(
    config: dict[str, Any],
    model: nn.Module,
    manifest: Manifest,
    clip: ClipSpec,
    reading: dict[str, Any],
    to_input: ToModelInput,
    num_workers: int,
) -> DrawnFeatures | None:
    """One pass over the training videos, centred views, then the fit; None where the config asks for none.

    A continued run passes again: the body is the same, so the fit is, bitwise, and a checkpoint need not hold it.

    Raises: ValueError: too few readable clips of a class.
    """
    settings = config["augment"]
    name = settings.get("features")
    if not name:
        return None
    head = linear_head(model, setting=f"augment.features={name}")
    items, num_classes = manifest.splits["train"], len(manifest.classes)
    batch_size = config["trainer"]["batch_size"]
    batches = eval_batches(
        EvalClips(items, clip, reading=reading), videos_per_batch=batch_size, num_workers=num_workers
    )
    judge = Judge(model, clip=clip, classes=[], name=f"augment.features={name}").to(to_input.mean.device)
    seen = judge.watch(batches)
    refuse_few(name, seen.label.bincount(minlength=num_classes).tolist(), manifest.classes)
    fitted = augmenter(name, seen.features, seen.label, num_classes=num_classes, seed=config["seed"])
    chance = class_chances(seen.label.bincount(minlength=num_classes), settings["feature_classes"])
    logger.info(
        "augment.features=%s: fitted to %d of %d training videos, %d values each; %d drawn beside %d clips, %s",
        *(name, len(seen.label), len(items), seen.features.shape[1]),
        *(round(settings["feature_ratio"] * batch_size), batch_size, f"classes {settings['feature_classes']}"),
    )
    return DrawnFeatures(
        head=head, augmenter=fitted, chance=chance, ratio=settings["feature_ratio"], seed=config["seed"]
    )
