"""Why a run ended as it did: the verdict on its curves, and the settings that would change it."""

import logging
import math
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from videoai.core.messages import command_line
from videoai.engine.trainer import Trainer
from videoai.models import MODELS
from videoai.report.fit import Curves, Fit, judge
from videoai.report.run_curves import RunCurves
from videoai.run.training.pace import total_steps
from videoai.run.training.set_up import steps_per_epoch
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings
from videoai.tasks import build_task
from videoai.tasks.validation import SupervisedValidation

logger = logging.getLogger(__name__)

STRONG = "strong"  # configs/augment
LARGER = {"tiny_r3d": "small_r3d", "tiny_r2plus1d": "small_r2plus1d"}
PRETRAINED = "x3d_xs"  # the smallest network with weights of Kinetics
MUCH_DROPOUT = 0.5  # what most models of the zoo have
LONGER, SLOWER = 2, 3  # times; judgement

MAX_STEPS, PATIENCE, PRUNER = "trainer.max_steps", "trainer.patience", "sweep.pruner"
Stop = Literal["trainer.max_steps", "trainer.patience", "sweep.pruner", ""]  # what ended a schedule; "" = it is whole


class Verdict(NamedTuple):
    """What a run says of itself at its end."""

    kind: str  # as ``report.fit.Kind``
    text: str  # the verdict, and what to do


def verdict(trainer: Trainer, path: Path, command: str | None) -> Verdict | None:
    """The verdict on a run and what to do. ``path``: its ``metrics.jsonl``; command: what was typed. What fails here
    costs a warning and not the run, which is saved.

    Returns: None for a task that validates in a way of its own, such as a GAN.
    """
    if not isinstance(trainer.evaluate, SupervisedValidation):
        return None
    try:
        return _judged(trainer, path, command)
    except Exception as error:  # whatever it is, the run is done
        logger.warning("no verdict on the run (%s: %s); the run is saved", type(error).__name__, error)
        return None


def _judged(trainer: Trainer, path: Path, command: str | None) -> Verdict:
    assert isinstance(trainer.evaluate, SupervisedValidation)
    settings = parse(TrainSettings, trainer.facts["config"])
    total = total_steps(settings.trainer, steps_per_epoch(settings, len(trainer.evaluate.manifest.splits["train"])))
    fit = judge(curves_of(trainer, settings, path))
    by = stopped_by(trainer) if trainer.step < total else ""
    stopped = f" The schedule of {total} steps was stopped at step {trainer.step} by {by}." if by else ""
    words = "; ".join(advice(fit, settings, command, by, total))
    return Verdict(fit.kind, f"{fit.why}{stopped}" + (f" What to do: {words}." if words else ""))


def stopped_by(trainer: Trainer) -> Stop:
    """What ended a run before its schedule."""
    if trainer.is_stopped:
        return PRUNER
    return PATIENCE if trainer.is_stale() else MAX_STEPS


def curves_of(trainer: Trainer, settings: TrainSettings, path: Path) -> Curves:
    """The curves of a run; accuracy is that which both its training batches and its validation log."""
    assert isinstance(trainer.evaluate, SupervisedValidation)
    task, validation = build_task(trainer.facts["config"]["task"]), trainer.evaluate
    curves = RunCurves(path, trainer.metric, task.metrics[trainer.metric].title, trainer.best.step)
    shares = [key for key, metric in task.metrics.items() if metric.is_share and not metric.lower_is_better]
    both = next((key for key in shares if curves.points("train", key)), "")
    return Curves(
        train_loss=curves.losses("train"),
        val_loss=curves.losses("val"),
        train_metric=curves.points("train", both),
        val_metric=curves.points("val", both),
        title=task.metrics[both].title if both else "",
        num_val=len(validation.items),
        batch=int(settings.trainer.batch_size) * settings.trainer.accumulate,
        num_classes=len(validation.outputs) if task.has_classes else 0,
        is_mixed=bool(settings.augment.mixup or settings.augment.cutmix),
    )


def advice(fit: Fit, settings: TrainSettings, command: str | None, stop: Stop = "", total: int = 0) -> Iterator[str]:
    """What helps most often, first things first. stop: what ended the schedule of ``total`` steps early."""
    if stop == MAX_STEPS and fit.kind != "overfitting":
        yield f"the same command goes on with trainer.max_steps={total}"
    elif fit.kind == "underfitting" and fit.at_chance:
        yield from learn_at_all(settings, command)
    elif fit.kind in ("underfitting", "improving") and stop != PRUNER:  # which ends such a run again
        yield wait_longer(settings) if stop == PATIENCE else f"train longer, {longer(settings)}"
    if fit.kind == "underfitting" and not fit.at_chance and stop != MAX_STEPS:
        yield from learn_more(settings)
    if fit.kind == "overfitting":
        yield from [look_at_labels(settings, command)] * fit.at_chance
        yield from learn_less(settings, command)


def learn_at_all(settings: TrainSettings, command: str | None) -> Iterator[str]:
    """For a model that is at chance on its own clips."""
    rate = settings.optim.get("lr")
    if isinstance(rate, int | float):
        yield f"take another learning rate, optim.lr={rate / SLOWER:.3g}"
    yield look_at_labels(settings, command)


def look_at_labels(settings: TrainSettings, command: str | None) -> str:
    """For a run that may have nothing to learn."""
    study = f" ({with_data('study label_noise', command)})" if suits_studies(settings) else ""
    return f"look at the training clips on the page and at the labels{study}"


def learn_more(settings: TrainSettings) -> Iterator[str]:
    """For a model that does not learn its clips."""
    if settings.finetune.freeze and settings.finetune.unfreeze_epoch is None:
        yield "let all of the network learn, finetune=full"
    if larger := LARGER.get(settings.model.get("name", "")):
        yield f"take a larger network, model={larger}"


def learn_less(settings: TrainSettings, command: str | None) -> Iterator[str]:
    """For a model that knows its clips by heart."""
    study = f" ({with_data('study more_data', command)} says what they would give)" if suits_studies(settings) else ""
    yield f"collect more clips{study}"
    if not (settings.augment.mixup or settings.augment.cutmix):
        yield f"augment more, augment={STRONG}"
    dropout = settings.model.get("dropout")  # some models take null, or a rate for each of several layers
    if isinstance(dropout, int | float) and 0 <= dropout < MUCH_DROPOUT:
        yield f"model.dropout={MUCH_DROPOUT:g}"
    name = settings.model.get("name", "")
    if not settings.weights and not settings.model.get("pretrained") and name in MODELS:
        of = "" if MODELS[name].pretrained else f"model={PRETRAINED} "
        yield f"begin with weights that have seen other videos, {of}model.pretrained=true"


def wait_longer(settings: TrainSettings) -> str:
    """For a run that would be ended again, however long its schedule is."""
    return f"the same command goes on with trainer.patience={LONGER * (settings.trainer.patience or 1)}"


def longer(settings: TrainSettings) -> str:
    """The setting of a schedule that is longer."""
    trainer = settings.trainer
    if trainer.minutes is not None:
        return f"trainer.minutes={LONGER * trainer.minutes:g}"
    if trainer.max_epochs is None:
        return f"trainer.max_steps={LONGER * (trainer.max_steps or 1)}"
    return f"trainer.max_epochs={math.ceil(LONGER * float(trainer.max_epochs))}"


def suits_studies(settings: TrainSettings) -> bool:
    """Whether the studies of data take such a run: one class a clip, and no task of the user's own."""
    return "_target_" not in settings.task and build_task(settings.task).has_classes


def with_data(job: str, command: str | None) -> str:
    """A study of the data that a command of ``train`` named; it takes all folds of them. After a call from Python its
    reader names them."""
    if command is None:
        return command_line(job, "data=...")
    words = shlex.split(command)
    data = [word for word in words if word.startswith(("data=", "data.", "experiment="))]
    named = [word for word in data if not word.startswith(("data.folds=", "data.test_fold="))]
    folder = [word for before, word in pairwise(words) if "--config-dir" in (before, word.partition("=")[0])]
    return command_line(job, *named, *folder)
