"""Classifiers of some clips that answer for others: networks that are trained, or linear heads on frozen features."""

import csv
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional as F

from videoai.core.device import take_device
from videoai.core.paths import display_path
from videoai.core.types import VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import resolve_workers
from videoai.engine.interrupt import Interrupt
from videoai.engine.linear import fit_linear
from videoai.inference.evaluator import load_encoder
from videoai.inference.reference import extract_items
from videoai.models.published import is_published
from videoai.run.evaluate import evaluate
from videoai.run.gan.classifiers import write_table
from videoai.run.manifests import build_manifest
from videoai.run.scored_split import name_of
from videoai.run.study.gan_augment import quiet
from videoai.run.train import train
from videoai.run.training.folder import RunFolder
from videoai.settings.parse import parse
from videoai.settings.study import LabelNoiseSettings, MoreDataSettings
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

logger = logging.getLogger(__name__)
HEAD_L2 = 1.0  # penalty of a linear head on features whose standard deviation is 1; judgement
Key = tuple[str, float, float | None]
# (clips to learn, clips to answer for, seed, folder) -> probabilities float64 [M, K], a row of NaN = unreadable
Classifier = Callable[[Items, Items, int, Path], ndarray]


def classifier_of(
    settings: MoreDataSettings | LabelNoiseSettings, training: TrainSettings, manifest: Manifest, items: Items
) -> Classifier:
    """Networks as the settings of train say, or heads on the frozen network that ``checkpoint`` names. ``items``: all
    clips that will be learned or asked for."""
    if settings.checkpoint:
        return Heads(items, len(manifest.classes), settings, training.loading.frame_fps)
    return Networks(manifest, settings, training)


@dataclass(frozen=True)
class Networks:
    """Each call trains one, ``settings.steps`` steps whatever the number of clips, and its last state answers: a best
    one would be chosen by the answers themselves."""

    manifest: Manifest
    settings: MoreDataSettings | LabelNoiseSettings
    training: TrainSettings
    interrupt: Interrupt = field(default_factory=Interrupt)  # one for all trainings: a signal ends the study

    def __call__(self, learned: Items, asked: Items, seed: int, folder: Path) -> ndarray:
        """Raises: Interrupted: on a signal, after saving. ValueError: the folder holds a training of another length."""
        self._check_steps(RunFolder(folder))
        splits = {"train": learned, "val": asked, "test": asked[:0]}
        manifest = replace(self.manifest, splits=splits)
        data = write_table(folder.with_suffix(".csv"), learned, manifest, self.training.data)
        steps = self.settings.steps
        trainer = replace(self.training.trainer, max_epochs=None, max_steps=steps, eval_every=steps)
        own = replace(self.training, data=data, trainer=trainer, seed=seed, run_dir=str(folder), report=False)
        shared = {key: getattr(self.settings, key) for key in ("batch_size", "num_workers", "device", "trust")}
        with quiet():
            done = train(own, interrupt=self.interrupt)
            self.interrupt.stop_after(done.run_dir)
            last = str(folder / "checkpoints" / "last.pt")
            how = {"checkpoint": last, "split": "val", "report": False, **shared}
            evaluation = evaluate(parse(EvaluateSettings, how))
        table = build_manifest(data, trust=self.settings.trust)
        found = read_probabilities(Path(evaluation.folder), table, "val")
        return np.array([found[key_of(item)] for item in asked])

    def _check_steps(self, folder: RunFolder) -> None:
        """A shorter training cannot follow on a longer one, and a longer one would have had another schedule."""
        then = ((folder.recorded() or {}).get("trainer") or {}).get("max_steps", self.settings.steps)
        if then != self.settings.steps:
            raise ValueError(
                f"{display_path(folder.path)} holds a classifier of steps={then}, now it is {self.settings.steps}. "
                "Choose another run_dir, or set it as it was."
            )


@dataclass(frozen=True)
class Heads:
    """Each call fits a linear head to its optimum, in a second, on features that are extracted once."""

    items: Items
    num_classes: int
    settings: MoreDataSettings | LabelNoiseSettings
    frame_fps: float | None = None  # the rate of folders of images

    @cached_property
    def features(self) -> dict[Key, Tensor]:
        """float [D] of each clip that can be read, scaled to a standard deviation of 1."""
        source, device = str(self.settings.checkpoint), take_device(self.settings.device)
        if not is_published(source):
            logger.warning(
                "checkpoint=%s: where it was trained on these clips, its features know their labels and the result "
                "is worth nothing; published weights have not seen them",
                source,
            )
        encoder = load_encoder(source).to(device)
        workers = resolve_workers(self.settings.num_workers, device.type)
        loading = {"batch_size": self.settings.batch_size, "num_workers": workers, "frame_fps": self.frame_fps}
        clips = extract_items(encoder, self.items, encoder.clip, **loading)
        features = clips.features.cpu() / clips.features.std().cpu().clamp_min(1e-6)
        return {key_of(self.items[int(row)]): feature for row, feature in zip(clips.index, features, strict=True)}

    def __call__(self, learned: Items, asked: Items, seed: int, folder: Path) -> ndarray:
        known = [item for item in learned if key_of(item) in self.features]
        x = torch.stack([self.features[key_of(item)] for item in known])
        y = F.one_hot(torch.tensor([item.label for item in known]), self.num_classes).float()
        head = fit_linear(x, y, sample_weight=torch.ones(len(x)), l2=HEAD_L2)
        missing = torch.full_like(x[0], torch.nan)
        return head(torch.stack([self.features.get(key_of(item), missing) for item in asked])).softmax(1).numpy()


def read_probabilities(folder: Path, manifest: Manifest, split: str) -> dict[Key, ndarray]:
    """Each clip of a split -> probabilities float64 [K], from the ``predictions.csv`` of its evaluation. That holds the
    best five: what is left is spread evenly over the other classes. NaN where the clip could not be read.

    Raises: ValueError, FileNotFoundError: no such file, or one of other clips or classes.
    """
    path = folder / "predictions.csv"
    names = {name_of(item, manifest.root): key_of(item) for item in manifest.splits[split]}
    number = {name: place for place, name in enumerate(manifest.classes)}
    found = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["path"] not in names or row["label"] not in number:
                raise ValueError(f"{path}: {row['path']} of class {row['label']} is no clip of {manifest.source} now.")
            found[names[row["path"]]] = _spread(row, number)
    return found


def key_of(item: VideoItem) -> Key:
    """What tells a clip from all others."""
    return item.path, item.start_seconds, item.end_seconds


def _spread(row: dict[str, str], number: dict[str, int]) -> ndarray:
    pairs = [("predicted", "probability"), *((f"top{k}", f"top{k}_probability") for k in range(2, 6))]
    told = {number[row[name]]: float(row[value]) for name, value in pairs if row.get(name)}
    if not told:
        return np.full(len(number), np.nan)
    others = max(0.0, 1 - sum(told.values())) / max(1, len(number) - len(told))
    return np.array([told.get(place, others) for place in range(len(number))])
