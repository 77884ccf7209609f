"""Metrics of generated clips that need no training."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from videoai.core.messages import pluralize
from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.gan.corruptions import CORRUPTIONS
from videoai.gan.diagnostics import diagnose
from videoai.gan.metrics import (
    NEIGHBOURS,
    diversity,
    frechet_distance,
    kernel_distance,
    memorisation,
    overlap,
    principal,
)
from videoai.gan.sample_filter import per_class, recall_per_class
from videoai.inference.evaluator import Evaluator, Extracted
from videoai.inference.reference import at_most, extract_items

logger = logging.getLogger(__name__)
FEW = 50  # clips: below it, precision and recall of two sets of real clips differ by a tenth from draw to draw


@dataclass(frozen=True)
class ExtractedSets:
    """One network's features of all clips: real ones of train and of the held-out split, and generated ones."""

    train: Extracted
    held_out: Extracted
    generated: Extracted
    corrupted: dict[str, Extracted]  # the held-out clips with each corruption


def extract_all(
    evaluator: Evaluator,
    manifest: Manifest,
    held_out: Items,
    generated: Items,
    clip: ClipSpec,
    *,
    batch_size: int,
    num_workers: int,
) -> ExtractedSets:
    """Extract the features of all clips."""
    extract = partial(extract_items, evaluator, clip=clip, batch_size=batch_size, num_workers=num_workers)
    held_out = at_most(held_out)
    return ExtractedSets(
        extract(at_most(manifest.splits["train"])),
        extract(held_out),
        extract(generated),
        {name: extract(held_out, corruption=corruption) for name, corruption in CORRUPTIONS.items()},
    )


def measure(encoded: ExtractedSets, evaluated: ExtractedSets, classes: list[str], encoder: str) -> dict[str, Any]:
    """All metrics that need no training. ``encoded``: the encoder's features, for distances; ``evaluated``: the
    evaluator's outputs, for labels.

    Distances, precision, recall and coverage depend on the number of clips, so each class has equally many on both
    sides, for generated and corrupted clips alike.
    """
    num_classes = len(classes)
    real, made = evaluated.held_out, evaluated.generated
    agreement = per_class((made.probability.argmax(1) == made.label).double(), made.label, num_classes)
    on_real = per_class((real.probability.argmax(1) == real.label).double(), real.label, num_classes)
    known = float(on_real.nanmean())
    compared = {"generated": encoded.generated, "real": encoded.held_out, **encoded.corrupted}
    kept = _same_number([encoded.train, *compared.values()], num_classes)
    _check_enough(len(kept[0].label))
    distances = {name: compare(kept[0], other, encoder) for name, other in zip(compared, kept[1:], strict=True)}
    every_set = (encoded.train.features, encoded.held_out.features, encoded.generated.features)
    train, held_out, generated = principal(*every_set)
    spread = diversity(generated, encoded.generated.label, train, encoded.train.label, num_classes)
    memorised = memorisation(train, held_out, generated)
    recall = recall_per_class(train, encoded.train.label, generated, encoded.generated.label, num_classes)
    return {
        "agreement": float(agreement.mean()),
        "judge_on_real": known,
        "chance": 1 / num_classes,
        "memorised": memorised,
        "diversity": float(spread.nanmean()),
        "num_compared": len(kept[0].label),
        "distances": distances,
        "per_class": {
            "agreement": agreement.tolist(),
            "judge_on_real": on_real.tolist(),
            "diversity": spread.tolist(),
            "recall": recall.tolist(),
        },
        "findings": diagnose(classes, agreement=agreement, diversity=spread, memorised=memorised, judge_on_real=known),
    }


def compare(train: Extracted, other: Extracted, encoder: str) -> dict[str, float]:
    """The distances of one set of clips from those of train; the names say whose features they are measured on."""
    real, generated = principal(train.features, other.features)
    shares = overlap(real, generated)
    return {
        f"fvd_{encoder}": frechet_distance(train.features, other.features),
        f"kvd_{encoder}": kernel_distance(train.features, other.features),
        **shares._asdict(),
    }


def measure_in_training(
    video: Tensor, label: Tensor, evaluator: Evaluator, train: Extracted, held_out: Extracted
) -> dict[str, float]:
    """Metrics of generated clips during training, uint8 [N, T, C, H, W]: no files, no training.

    Returns: ``agreement``, ``diversity``, ``recall`` (means over classes, 0 .. 1) and ``memorised``; ``judged`` =
        agreement x the smaller of 1 and diversity, to choose by.
    """
    num_classes = len(evaluator.classes)
    features, probability = evaluator.extract(video)
    agreement = float((probability.argmax(1) == label).double().mean())
    real, test, made = principal(train.features, held_out.features, features)
    spread = float(diversity(made, label, real, train.label, num_classes).nanmean())
    recall = float(recall_per_class(real, train.label, made, label, num_classes).nanmean())
    return {
        "agreement": agreement,
        "diversity": spread,
        "recall": recall,
        "memorised": memorisation(real, test, made),
        "judged": agreement * min(1.0, spread),
    }


def _same_number(sets: list[Extracted], num_classes: int) -> list[Extracted]:
    """As many clips of each class in each set as the smallest has, drawn once."""
    counts = torch.stack([clips.label.bincount(minlength=num_classes) for clips in sets]).amin(0)
    return [clips.of(_chosen(clips.label, counts)) for clips in sets]


def _chosen(label: Tensor, counts: Tensor) -> Tensor:
    order = torch.randperm(len(label), generator=generator_for(0, "as many"))
    return torch.cat([order[label[order] == number][:count] for number, count in enumerate(counts.tolist())])


def _check_enough(count: int) -> None:
    if count <= NEIGHBOURS:
        clips = pluralize(count, "clip")
        raise ValueError(f"{clips} can be compared: too few for any distance. Raise per_class, or use more data.")
    if count < FEW:
        logger.warning("only %d clips are compared: distances, precision and recall are rough", count)
