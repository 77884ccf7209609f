"""The training clips of a run: which videos come, how often, and what is done to them."""

import logging
from collections.abc import Iterator
from typing import Any

from videoai.core.seeding import seed_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.augment.balance import ClassBalance, places
from videoai.data.augment.directions import settle_directions
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import TrainClips
from videoai.data.generated.mixture import mixed_batches
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import train_batches
from videoai.data.sampling import Tempo
from videoai.run.training.generated_clips import Synthetic

logger = logging.getLogger(__name__)

TRANSFORM = ("scale", "ratio", "shift", "color_jitter", "policy", "num_ops", "magnitude", "erase")  # keys of augment
TIME = ("speed", "time_jitter", "frame_drop", "repeats")  # the others that concern single clips


class TrainStream:
    """``stream(start)`` -> endless micro-batches from number ``start`` on."""

    def __init__(
        self,
        config: dict[str, Any],
        manifest: Manifest,
        clip: ClipSpec,
        reading: dict[str, Any],
        *,
        num_workers: int,
        pin: bool,
        synthetic: Synthetic | None = None,
    ) -> None:
        """Raises: ValueError: a missing setting, or clips turned round in a way that makes their labels wrong."""
        items, augment, seed = manifest.splits["train"], config["augment"], config["seed"]
        if missing := [key for key in (*TRANSFORM, *TIME, "diff_augment") if key not in augment]:
            raise ValueError(f"augment.{missing[0]} is not set. Let a file of your own begin: defaults: [none, _self_]")
        directions = settle_directions(config["data"], manifest.classes)
        sampler = config["imbalance"]["sampler"]
        labels = items.label
        drawn = places(items.count_labels(len(manifest.classes)), sampler)
        self.counts = directions.counts(drawn)  # [K], clips of each class that are expected in an epoch
        transform = TrainTransform(
            size=clip.size,
            flip=directions.flip,
            reverse=directions.reverse,
            **{key: augment[key] for key in TRANSFORM},
        )
        tempo = Tempo(speed=augment["speed"], jitter=augment["time_jitter"], drop=augment["frame_drop"])
        self.dataset = TrainClips(
            items,
            clip,
            transform,
            tempo=tempo,
            repeats=augment["repeats"],
            directions=directions,
            num_classes=len(manifest.classes),
            reading=reading,
            seed=seed,
        )
        self.synthetic = synthetic
        self.generated = None
        if synthetic and synthetic.bank:  # clips of a bank are treated as the real ones are, from draws of their own
            self.generated = TrainClips(
                synthetic.bank.items,
                clip,
                transform,
                tempo=tempo,
                directions=directions,
                seed=seed_for(seed, "generated"),
            )
        self.settings: dict[str, Any] = {
            "batch_size": config["trainer"]["batch_size"],
            "seed": seed,
            "balance": None if sampler == "uniform" else ClassBalance(labels, drawn, seed=seed),
            "num_workers": num_workers,
            "pin": pin,
        }
        if sampler != "uniform":
            logger.info("sampler %s: %d .. %d clips of a class in an epoch", sampler, drawn.min(), drawn.max())

    def __call__(self, start: int) -> Iterator[Clips]:
        if self.synthetic:
            return mixed_batches(self.dataset, self.generated, self.synthetic.share, start=start, **self.settings)
        return train_batches(self.dataset, start=start, **self.settings)
