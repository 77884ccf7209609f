"""``data.folds``: cross-validation. One run a fold, each scored on its part, a table of all, and an ensemble."""

import csv
import io
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from videoai.core import checkpoint, process_group
from videoai.core.checkpoint import read_plain
from videoai.core.files import write_together
from videoai.report.folds import NUMBERS, fold_interval
from videoai.run.ensemble import joined
from videoai.run.evaluate import evaluate
from videoai.run.train import train
from videoai.settings.model import ClipSettings
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

logger = logging.getLogger(__name__)
SHARES = ("video_top1", "mean_class_accuracy", "macro_f1", "macro_map", "micro_map", "joint_top1", "within_one")
SCORES = (*SHARES, *NUMBERS)  # those that results may hold


@dataclass(frozen=True, kw_only=True)
class Folds:
    """Result of ``train_folds``."""

    folder: str
    ensemble: str  # a checkpoint of all folds' networks
    rows: list[dict[str, Any]]  # one a fold: fold, n_train, n_test and the scores
    summary: dict[str, dict[str, float]]  # score -> mean, sd, low, high


def train_folds(settings: TrainSettings, *, command: str | None = None) -> Folds:
    """Train and test each fold in turn; a call that was stopped goes on where it ended.

    Raises: ValueError, OSError: one line each, as ``train`` and ``evaluate``.
    """
    if settings.task.get("name") == "localize":
        raise ValueError(
            "data.folds: clips are dealt to folds by their class, and an untrimmed video has several. Name the videos "
            "of test in a column split of the table, once a fold."
        )
    own = settings.finetune
    if own.head != "linear" or own.features or own.columns not in ("auto", ()) or "_target_" in settings.model:
        raise ValueError(
            "data.folds: the ensemble takes models of the zoo with their own heads. Set data.test_fold=0, 1, ..."
        )
    base = Path(os.path.abspath(settings.run_dir or os.path.join("runs", f"{settings.name}-{settings.data.folds}fold")))
    rows, states = [], []
    for fold in range(settings.data.folds or 0):
        logger.info("fold %d of %d", fold, settings.data.folds)
        done = train(in_fold(settings, fold, base), command=command)
        state = read_plain(Path(done.checkpoint))
        rows.append({"fold": fold, "n_train": len(state.get("trained_on", ())), **tested(done.checkpoint, settings)})
        settings = as_first(settings, state) if fold == 0 else settings
        states.append(state)
    summary = {key: summed_up(rows, key) for key in SCORES if all(key in row for row in rows)}
    ensemble = base / "checkpoints" / "ensemble.pt"
    if process_group.rank() == 0:
        checkpoint.save(ensemble, joined(states))
        write_together({base / "folds.json": as_json(rows, summary), base / "folds.csv": as_csv(rows)})
    return Folds(folder=str(base), ensemble=str(ensemble), rows=rows, summary=summary)


def in_fold(settings: TrainSettings, fold: int, base: Path) -> TrainSettings:
    """The settings of the run of one fold."""
    return replace(settings, data=replace(settings.data, test_fold=fold), run_dir=str(base / f"fold{fold}"))


def as_first(settings: TrainSettings, state: Mapping[str, Any]) -> TrainSettings:
    """The settings with the model, the clip and the task of the first fold, since networks of an ensemble see the same
    clip and learn numbers on the same scale."""
    config = state["config"]
    clip = parse(ClipSettings, config["clip"])
    return replace(settings, model=config["model"], clip=clip, task=config["task"])


def tested(checkpoint_path: str, settings: TrainSettings) -> dict[str, Any]:
    """The scores of a fold's best checkpoint on its test split."""
    loading = {"num_workers": settings.loading.num_workers, "device": settings.device}
    results = evaluate(parse(EvaluateSettings, {"checkpoint": checkpoint_path, "split": "test", **loading})).results
    return {"n_test": results["n_total"], **{key: results[key] for key in SCORES if key in results}}


def summed_up(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """Mean, standard deviation and interval over folds."""
    values = [float(row[key]) for row in rows]
    overlap = mean(row["n_test"] / row["n_train"] if row["n_train"] else 0.0 for row in rows)
    low, high = fold_interval(values, overlap)
    low, high = (low, high) if key in NUMBERS else (max(0.0, low), min(1.0, high))
    return {"mean": mean(values), "sd": stdev(values), "low": low, "high": high}


def as_json(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> bytes:
    """The content of folds.json."""
    return (json.dumps({"summary": summary, "folds": list(rows)}, indent=2) + "\n").encode()


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The content of folds.csv."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
