"""``study architectures``: which family of networks knows these videos best, on the same folds and seeds?"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from videoai.core import checkpoint
from videoai.core.build import ANYTHING
from videoai.core.device import resolve_device
from videoai.core.files import write_atomic
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.splits import unit_of
from videoai.engine.interrupt import Interrupt
from videoai.inference.load import LoadedModel, from_state
from videoai.report.architectures import summed_up, verdict
from videoai.report.study import differences
from videoai.run.actors import check_actors
from videoai.run.evaluate import evaluate
from videoai.run.manifests import build_manifest
from videoai.run.outside_clips import check_outside_clips
from videoai.run.study.gan_augment import quiet
from videoai.run.study.protocol import Cell, all_cells, measure_all
from videoai.run.train import train
from videoai.run.training.folder import RunFolder
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse
from videoai.settings.study import ArchitecturesStudySettings
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

logger = logging.getLogger(__name__)
EVALUATIONS = 8  # times that val is scored; the best state is scored on test
TIMED_CLIPS, TIMED_SECONDS = 8, 2.0  # clips of a pass that is timed, and for about how long


def study_architectures(
    settings: ArchitecturesStudySettings, trainings: Mapping[str, TrainSettings], words: list[str]
) -> dict[str, Any]:
    """Measure every cell that ``run_dir`` does not hold yet. ``trainings``: one a model; ``words``: what was set
    for all.

    Returns: the content of results.json, ``rows`` and ``folder``. Raises: OSError, ValueError: naming what is wrong.
    """
    first = next(iter(trainings.values()))
    check_task(first.task)
    data = first.data
    check_outside_clips(data, settings.run_dir)
    manifest = build_manifest(_in_fold(data, settings.folds, 0), trust=settings.trust)
    _check_data(manifest, data, settings)
    folder = RunFolder(Path(settings.run_dir).absolute())
    study = Families(settings, trainings, folder.path)
    whole = build_manifest(data, trust=settings.trust)
    facts = {"study": "architectures", "data": whole.fingerprint(), "folds": settings.folds, "words": sorted(words)}
    with folder.locked():
        cells = all_cells([settings.steps], settings.seeds, settings.models)
        rows = measure_all(cells, study.measure, folder.path, facts, unit="steps")
        table = [summed_up(rows, model, settings.interval) for model in settings.models]
        gaps = differences(rows, settings.models[0], settings.interval)
        results = {
            "facts": facts,
            "chance": 1 / len(manifest.classes),
            "models": [asdict(one) for one in table],
            "differences": [one._asdict() for one in gaps],
            "verdict": verdict(table, gaps, 1 / len(manifest.classes)),
        }
        write_atomic(folder.path / "results.json", json.dumps(results, indent=2, ensure_ascii=False).encode())
    return results | {"rows": rows, "table": table, "gaps": gaps, "folder": str(folder.path)}


@dataclass(frozen=True)
class Families:
    """``measure`` is one cell: a model on the fold, first weights and order of a seed."""

    settings: ArchitecturesStudySettings
    trainings: Mapping[str, TrainSettings]
    folder: Path
    interrupt: Interrupt = field(default_factory=Interrupt)  # one for all trainings: a signal ends the study

    def measure(self, cell: Cell) -> dict[str, Any]:
        """``accuracy``, which is UAR on test, and ``war``, of the checkpoint that val chose by UAR."""
        started = time.perf_counter()
        training = self.trainings[cell.arm]
        steps = self.settings.steps
        schedule = {"max_epochs": None, "max_steps": steps, "eval_every": max(1, steps // EVALUATIONS)}
        trainer = replace(training.trainer, metric="uar", **schedule)
        own = replace(
            training,
            data=_in_fold(training.data, self.settings.folds, cell.seed),
            trainer=trainer,
            seed=cell.seed,
            run_dir=str(self.folder / f"seed_{cell.seed}" / cell.arm),
        )
        with quiet():
            done = train(own, interrupt=self.interrupt)
            self.interrupt.stop_after(done.run_dir)
            how = {key: getattr(self.settings, key) for key in ("batch_size", "num_workers", "device", "trust")}
            given = {"checkpoint": done.checkpoint, "split": "test", "report": False, **how}
            results = evaluate(parse(EvaluateSettings, given)).results
        model = from_state(checkpoint.load(Path(done.checkpoint)), trust=ANYTHING, may_hear=True)
        return {
            "accuracy": results["mean_class_accuracy"],
            "war": results["video_top1"],
            "recall": results["class_recall"],
            "test_clips": results["n_total"],
            "params": sum(parameter.numel() for parameter in model.parameters()),
            "clips_per_second": clips_per_second(model, self.settings.device),
            "seconds": round(time.perf_counter() - started, 1),
        }


@torch.inference_mode()
def clips_per_second(model: LoadedModel, device_name: str) -> float:
    """The network alone, in fp32, on batches of eight."""
    device, clip = resolve_device(device_name), model.clip
    video = torch.zeros(TIMED_CLIPS, 3, clip.num_frames, clip.size, clip.size, device=device)
    model.to(device).eval()
    model(video).sum().item()  # the first pass is slower
    passes, started = 0, time.perf_counter()
    while not passes or time.perf_counter() - started < TIMED_SECONDS:
        model(video).sum().item()  # waits for the device
        passes += 1
    return round(passes * TIMED_CLIPS / (time.perf_counter() - started), 1)


def check_task(task: Mapping[str, Any]) -> None:
    """Raises: ValueError: one that has no recalls of classes to compare."""
    if (name := task.get("name", "classify")) not in ("auto", "classify"):
        raise ValueError(
            f"task={name}: the study compares networks by UAR, the mean recall of classes. Take task=classify, with "
            "one label a clip; for another task, train each model with data.folds=5 and compare the runs."
        )


def _in_fold(data: DataSettings, folds: int | None, seed: int) -> DataSettings:
    return data if folds is None else replace(data, folds=folds, test_fold=seed % folds)


def _check_data(manifest: Manifest, data: DataSettings, settings: ArchitecturesStudySettings) -> None:
    """Raises: ValueError: several labels, no val or no test, or actors that cross."""
    manifest.check_single_label("the study needs one label each")
    manifest.check_learnable()
    check_actors(manifest, _in_fold(data, settings.folds, 0))
    if empty := [split for split in ("val", "test") if not manifest.splits[split]]:
        raise ValueError(
            f"{manifest.source}: no {empty[0]} videos; models are chosen on val and scored on test. Set folds=5, which "
            "makes both by group."
        )
    splits = f"{settings.folds} folds by {unit_of(*manifest.splits.values())}" if settings.folds else "the given splits"
    if settings.folds and settings.seeds < settings.folds:
        splits += f", of which {settings.seeds} seeds test {settings.seeds}"
    logger.info("%d models, %d seeds, %s", len(settings.models), settings.seeds, splits)
