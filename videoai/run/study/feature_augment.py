"""``study feature_augment``: linear heads on a few clips of classes that a frozen encoder never saw, with and without
drawn features."""

import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.core.device import take_device
from videoai.core.messages import truncated_list
from videoai.core.seeding import generator_for, seed_for
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import resolve_workers
from videoai.engine.linear import Linear, fit_linear
from videoai.gan.feature_space import augmenter, check_enough_clips
from videoai.inference.evaluator import Evaluator, evaluator_of, load_encoder
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.reference import extract_items
from videoai.models.published import is_published
from videoai.report.study import write_study
from videoai.run.checkpoint_data import DataChange, choose_data, read_data
from videoai.run.study.protocol import Cell, Refused, all_cells, choose_shots, measure_all
from videoai.run.training.folder import RunFolder
from videoai.settings.study import FeatureStudySettings

logger = logging.getLogger(__name__)
NONE = "none"  # the arm without drawn features: what the others are compared with
SETTINGS = ("lend", "draws", "l2", "refuse")  # that change a row


def study_features(settings: FeatureStudySettings, change: DataChange = DataChange()) -> dict[str, Any]:  # noqa: B008 (frozen)
    """Measure every cell that ``run_dir`` does not hold yet. ``change``: other data than the encoder's own.

    Returns: the content of results.json, ``rows`` and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    encoder, state = _open_encoder(settings)
    change = replace(change, changed={"only": None, **change.changed})  # also the classes that it was not shown
    choice = choose_data(change, state, settings.checkpoint, scores_whole=False)  # heads are trained on its train split
    manifest = read_data(choice, settings.checkpoint)
    new = [name for name in manifest.classes if name not in state["classes"]]
    _check_data(manifest, new, settings)
    folder = RunFolder(Path(settings.run_dir))
    facts = {
        "study": "feature_augment",
        "encoder": encoder.hash,
        "data": manifest.fingerprint(),
        "classes": new,
        **{key: getattr(settings, key) for key in SETTINGS},
    }
    with folder.locked():
        task = extract_few_shots(encoder, manifest, new, settings)
        cells = all_cells(settings.shots, settings.seeds, settings.arms)
        rows = measure_all(cells, task.measure, folder.path, facts)
        title = f"{len(new)} classes that the encoder never saw, {settings.seeds} seeds"
        results = write_study(folder.path, rows, NONE, facts, settings.interval, title)
    return results | {"rows": rows, "folder": str(folder.path)}


@dataclass(frozen=True, kw_only=True)
class FewShots:
    """Features of every clip of the new classes, and of those that lend their spread; ``measure`` is one cell."""

    train: tuple[Tensor, Tensor]  # float [N, D], int64 [N]
    val: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    others: tuple[Tensor, Tensor] | None
    classes: list[str]
    draws: int
    l2: tuple[float, ...]
    refuse: bool

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.classes)

    def measure(self, cell: Cell) -> dict[str, Any]:
        """``accuracy`` on test of the head whose ``l2`` was the best on val.

        Raises: Refused: an augmenter needs more shots.
        """
        started = time.perf_counter()
        features, labels = self._choose(cell)
        x, y, weight = features, F.one_hot(labels, self.num_classes).float(), torch.ones(len(labels))
        if cell.arm != NONE:
            drawn = self._draw(cell, features, labels)
            share = len(x) / len(drawn.features)
            x, y = torch.cat([x, drawn.features]), torch.cat([y, drawn.target])
            weight = torch.cat([weight, torch.full((len(drawn.features),), share)]) / 2  # a sum of N in every arm
        heads = {l2: fit_linear(x, y, sample_weight=weight, l2=l2) for l2 in self.l2}
        score = {l2: _accuracy(head, *self.val) for l2, head in heads.items()}
        best = max(sorted(score, reverse=True), key=lambda l2: score[l2])  # among equals the simplest head
        accuracy = _accuracy(heads[best], *self.test)
        return {"accuracy": accuracy, "l2": best, "seconds": round(time.perf_counter() - started, 2)}

    def _choose(self, cell: Cell) -> tuple[Tensor, Tensor]:
        """As many clips of each class; more shots of a seed hold the fewer."""
        features, labels = self.train
        rows = choose_shots(labels, [cell.shots] * self.num_classes, cell.seed)
        return features[rows], labels[rows]

    def _draw(self, cell: Cell, features: Tensor, labels: Tensor) -> Any:
        min_shots = None if self.refuse else 1
        try:
            check_enough_clips(cell.arm, [cell.shots] * self.num_classes, self.classes, min_shots)
            fitted = augmenter(
                cell.arm,
                features,
                labels,
                num_classes=self.num_classes,
                others=self.others,
                seed=seed_for(cell.seed, "fit", cell.shots),
                min_shots=min_shots,
            )
        except ValueError as error:
            raise Refused(str(error)) from error
        wanted = torch.arange(self.num_classes).repeat_interleave(self.draws)
        return fitted.draw(wanted, generator_for(cell.seed, "draw", cell.shots, cell.arm))


def extract_few_shots(
    encoder: Evaluator, manifest: Manifest, new: list[str], settings: FeatureStudySettings
) -> FewShots:
    """One pass of the encoder over all splits of the new classes, and over train of its own classes."""
    device = take_device(settings.device)
    num_workers = resolve_workers(settings.num_workers, device.type)
    extract = partial(
        extract_items, encoder.to(device), clip=encoder.clip, batch_size=settings.batch_size, num_workers=num_workers
    )
    subset = manifest.only(new)
    features, scale = {}, 1.0
    for split in ("train", "val", "test"):
        clips = extract(subset.splits[split])
        if split == "train":
            scale = float(clips.features.std())  # one for all dimensions, so that l2 means the same for every encoder
        features[split] = (clips.features / scale, clips.label)
        logger.info("%s: %d clips of %d new classes", split, len(clips.label), len(new))
    others, known = None, [name for name in manifest.classes if name not in new]
    if settings.lend and known:
        clips = extract(manifest.only(known).splits["train"])
        others = (clips.features / scale, clips.label)
        logger.info("%d clips of %d classes of the encoder lend their spread", len(clips.label), len(known))
    shared = {"classes": new, "draws": settings.draws, "l2": settings.l2, "refuse": settings.refuse}
    return FewShots(**features, others=others, **shared)


def _open_encoder(settings: FeatureStudySettings) -> tuple[Evaluator, dict[str, Any]]:
    """The encoder, and its checkpoint: its classes, and the data that it was trained on."""
    source = settings.checkpoint
    if is_published(source):
        return load_encoder(source), {"classes": [], "config": {"data": {}}}
    state = open_checkpoint(source)
    encoder = evaluator_of(from_state(state, trust=settings.trust), f"checkpoint={source}")
    return encoder, state


def _check_data(manifest: Manifest, new: list[str], settings: FeatureStudySettings) -> None:
    """Raises: ValueError: no class is new to the encoder, several labels, too few clips of a split or class."""
    source = manifest.source
    manifest.check_single_label("the study needs one label each")
    if len(new) < 2:
        raise ValueError(
            f"{source}: the encoder was trained on {truncated_list(manifest.classes)}, which leaves {len(new)} classes "
            "that it has not seen; a test of few shots needs two. Name other data (data=folder data.root=PATH), or "
            "train an encoder on fewer classes (data.only=[...])."
        )
    subset = manifest.only(new)
    if empty := [split for split in ("train", "val", "test") if not subset.splits[split]]:
        raise ValueError(f"{source}: no {empty[0]} videos of the new classes; shots come from train, l2 from val.")
    counts = subset.splits["train"].count_labels(len(new))
    if counts.min() < max(settings.shots):
        name = subset.classes[int(np.argmin(counts))]
        raise ValueError(
            f"shots={max(settings.shots)}: class '{name}' has {counts.min()} training videos. Use fewer shots."
        )


def _accuracy(head: Linear, features: Tensor, labels: Tensor) -> float:
    return float((head(features).argmax(1) == labels).double().mean())
