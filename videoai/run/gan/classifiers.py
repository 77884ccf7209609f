"""The classifiers that ``gan evaluate`` trains: the evaluator on real clips, others on generated clips."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from videoai.core.files import write_atomic
from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.generated.dataset import table_of
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.engine.interrupt import Interrupt
from videoai.run.evaluate import evaluate
from videoai.run.train import train
from videoai.settings.data import DataSettings
from videoai.settings.gan import EvaluateGanSettings
from videoai.settings.layouts import Csv
from videoai.settings.parse import parse, to_dict
from videoai.settings.study import GanStudySettings, SplitLeakSettings
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

COLUMNS = ("path", "label", "split", "start_seconds", "end_seconds")
GEOMETRY = ("num_frames", "size", "stride", "resize", "fps", "sampling", "past_end")  # as the generator's


class Arm(NamedTuple):
    """One classifier's score on held-out real clips."""

    accuracy: float  # mean over classes, 0 .. 1
    per_class: dict[str, float]
    num_train: int  # clips it saw


def train_on(
    folder: Path,
    train_items: Sequence[VideoItem],
    manifest: Manifest,
    settings: TrainSettings,
    clip: ClipSpec,
    interrupt: Interrupt,
) -> str:
    """A classifier of ``train_items``, chosen on real val. ``clip``: the generator's clip settings.

    The table of its clips stays in the folder, so that others can train on the same clips. Returns: its checkpoint.
    Raises: Interrupted: on a signal, after saving, also when it came in the last step.
    """
    data = write_table(folder.with_suffix(".csv"), train_items, manifest, settings.data)
    as_generated = replace(settings.clip, **{key: getattr(clip, key) for key in GEOMETRY})
    settings = replace(settings, data=data, clip=as_generated, run_dir=str(folder), report=False)
    done = train(settings, interrupt=interrupt)
    interrupt.stop_after(done.run_dir)
    return done.checkpoint


def write_table(path: Path, train_items: Sequence[VideoItem], manifest: Manifest, data: DataSettings) -> DataSettings:
    """A table of these clips for train, and of the real ones for val and test. Returns: ``data`` with the table as its
    source, which is not dealt into folds again, nor refused where a study parts actors on purpose."""
    rows = _rows(train_items, manifest, "train")
    for split in ("val", "test"):
        rows += _rows(manifest.splits[split], manifest, split)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, table_of(rows, COLUMNS))
    source = to_dict(Csv(path=str(path), val_fraction=0.0, test_fraction=0.0, split_by="clip"))
    return replace(data, source=source, folds=None, test_fold=None)


def score(
    checkpoint_path: str,
    split: str,
    num_train: int,
    settings: EvaluateGanSettings | GanStudySettings | SplitLeakSettings,
) -> Arm:
    """On the real clips of a split, read as the settings say."""
    shared = {key: getattr(settings, key) for key in ("batch_size", "num_workers", "device", "trust")}
    how = {"checkpoint": checkpoint_path, "split": split, "report": False, **shared}
    evaluation = evaluate(parse(EvaluateSettings, how))
    with (Path(evaluation.folder) / "per_class.csv").open(newline="") as file:
        per_class = {row["class"]: float(row["accuracy"] or "nan") for row in csv.DictReader(file)}
    return Arm(evaluation.results["mean_class_accuracy"], per_class, num_train)


def as_many_real(real: Items, generated: Items, num_classes: int) -> Items:
    """As many real clips of each class as there are generated ones, or all of them; always the same choice."""
    wanted = generated.count_labels(num_classes)
    order = torch.randperm(len(real), generator=generator_for(0, "as many real")).numpy()
    chosen = [order[real.label[order] == label][:count] for label, count in enumerate(wanted)]
    return real[torch.cat([torch.from_numpy(part) for part in chosen]).sort().values.numpy()]


def _rows(items: Sequence[VideoItem], manifest: Manifest, split: str) -> list[dict[str, Any]]:
    return [
        {
            "path": item.path,
            "label": manifest.classes[item.label],
            "split": split,
            "start_seconds": item.start_seconds or "",
            "end_seconds": "" if item.end_seconds is None else item.end_seconds,
        }
        for item in items
    ]
