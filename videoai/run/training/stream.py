"""The training clips of a run: which videos come, how often, and what is done to them."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Generator, Tensor

from videoai.core.build import build_own
from videoai.core.seeding import seed_for
from videoai.core.types import Clips
from videoai.data.augment.balance import ClassBalance, class_quotas
from videoai.data.augment.directions import Directions, resolve_directions
from videoai.data.augment.transforms import TrainTransform, Transformed
from videoai.data.dataset import TrainClips
from videoai.data.generated.mixture import Share, mixed_batches
from videoai.data.loader import train_batches
from videoai.data.prefetch import prefetch
from videoai.data.repeats import spread_batches
from videoai.data.sampling import TemporalJitter
from videoai.run.training.generated_clips import Synthetic
from videoai.tasks.task import Setup

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainStream:
    """``stream(start)`` -> endless micro-batches from number ``start`` on, on a GPU already where one trains."""

    dataset: TrainClips
    counts: Tensor  # [K], clips of each class of the data that are expected in an epoch
    settings: Mapping[str, Any]  # settings of the loader
    device: torch.device
    share: Share | None = None  # share of generated clips in a batch
    repeats_in: Literal["batch", "steps"] = "batch"  # the clips of a video, where it gives several
    generated: TrainClips | None = None  # clips of a bank; None = the device generates, where there is a share

    def __call__(self, start: int) -> Iterator[Clips]:
        if self.share:
            batches = mixed_batches(self.dataset, self.generated, self.share, start=start, **self.settings)
        else:
            read = spread_batches if self.repeats_in == "steps" else train_batches
            batches = read(self.dataset, start=start, **self.settings)
        return prefetch(batches, self.device)


def new_stream(setup: Setup, synthetic: Synthetic | None) -> TrainStream:
    """Raises: ValueError: a missing setting, or clips turned round in a way that makes their labels wrong."""
    config, augment, seed = setup.settings, setup.settings.augment, setup.settings.seed
    classes = setup.manifest.classes
    directions = resolve_directions(config.data, classes, setup.manifest.all_names[len(classes) :])
    items, sampler = setup.train_items, config.imbalance.sampler
    drawn = class_quotas(items.count_labels(len(classes)), sampler)
    if sampler != "uniform":
        logger.info("sampler %s: %d .. %d clips of a class in an epoch", sampler, drawn.min(), drawn.max())
    how = clip_options(setup, directions)
    dataset = TrainClips(items, setup.clip, repeats=augment.repeats, reading=setup.reading, seed=seed, **how)
    generated = None
    if synthetic and synthetic.bank:  # clips of a bank are treated as the real ones are, from draws of their own
        generated = TrainClips(synthetic.bank.items, setup.clip, seed=seed_for(seed, "generated"), **how)
    settings = {
        "batch_size": config.trainer.batch_size,
        "accumulate": config.trainer.accumulate,
        "seed": seed,
        "balance": None if sampler == "uniform" else ClassBalance(items.label, drawn, seed=seed),
        "num_workers": setup.num_workers,
        "pin": setup.device.type == "cuda",
    }
    counts = torch.tensor(directions.counts(drawn))
    share = synthetic.share if synthetic else None
    parts = {"dataset": dataset, "counts": counts, "share": share, "generated": generated}
    return TrainStream(**parts, repeats_in=augment.repeats_in, settings=settings, device=setup.device)


def clip_options(setup: Setup, directions: Directions) -> dict[str, Any]:
    """What is done to a clip in space and time, and what its labels become."""
    augment = setup.settings.augment
    jitter = TemporalJitter(speed=augment.speed, jitter=augment.time_jitter, drop=augment.frame_drop)
    shared = {"jitter": jitter, "directions": directions, "target": setup.target}
    if setup.clip.features:
        return {"transform": unchanged, **shared}
    transform = TrainTransform(
        size=setup.clip.size,
        flip=directions.flip,
        reverse=directions.reverse,
        more=build_own(augment.clip_transforms, where="augment.clip_transforms", called_with=("video", "generator")),
        scale=(augment.scale[0], augment.scale[1]),
        ratio=(augment.ratio[0], augment.ratio[1]),
        shift=augment.shift,
        color_jitter=augment.color_jitter,
        policy=augment.policy,
        num_ops=augment.num_ops,
        magnitude=augment.magnitude,
        erase=augment.erase,
    )
    return {"transform": transform, **shared}


def unchanged(video: Tensor, generator: Generator) -> Transformed:
    """Features are no pictures: nothing is done to them."""
    return Transformed(video, is_mirrored=False, is_reversed=False, ops=())
