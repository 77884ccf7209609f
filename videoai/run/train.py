"""``train``: from a plain config to a trained model in a run folder, whatever the task."""

import logging
import time
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from videoai.core import distributed
from videoai.core.build import ANYTHING
from videoai.core.paths import display_path
from videoai.core.types import BatchOp
from videoai.data.normalize import ToModelInput
from videoai.engine.interrupt import Interrupt
from videoai.engine.progress import Progress
from videoai.engine.schedule import build_schedule
from videoai.engine.trainer import Trainer
from videoai.run.limits import refuse_nonsense
from videoai.run.manifests import absolute_paths
from videoai.run.reading import announce_clip
from videoai.run.training.bad_count import BadCount
from videoai.run.training.batch_ops import batch_ops
from videoai.run.training.generated_clips import new_synthetic, refuse_other_bank
from videoai.run.training.open_run import Run, open_run
from videoai.run.training.pace import Pace, pace
from videoai.run.training.set_up import facts, set_up, with_precision
from videoai.run.training.stream import TrainStream, new_stream
from videoai.tasks import AUTO, build_task
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)


def train(
    config: dict[str, Any], *, at_default: Collection[str] = (), interrupt: Interrupt | None = None
) -> dict[str, Any]:
    """Train, or continue the run that ``run_dir`` holds. ``config`` is what ``configs/train.yaml``, or another task's
    file, composes to, resolved; ``at_default`` names what nobody set in it, for a run that began before there were such
    settings. ``interrupt``: of a caller who trains several; None = signals concern this run alone.

    Returns: ``run_dir``, ``checkpoint`` (the best), ``step``, ``seconds``, ``metric`` (its name), ``best_top1`` (or
    whatever the metric is), ``best_step``, ``best`` (the metric in words).
    Raises: ValueError, OSError: one line each. Interrupted: on a signal, after saving.
    """
    refuse_nonsense(config)
    with open_run(resolve(config), at_default=at_default, interrupt=interrupt) as run:
        trainer = build_trainer(run)
        started = time.perf_counter()
        trainer.fit()
        return summary(run, trainer, seconds=time.perf_counter() - started)


def resolve(config: dict[str, Any]) -> dict[str, Any]:
    """The config with what the task and the current folder decide; the same each time, so that a run can continue."""
    node = config.get("task", AUTO)
    task = build_task("classify" if node == AUTO else node)
    return task.resolve({**config, "data": absolute_paths(config["data"])})


def build_trainer(run: Run) -> Trainer:
    """Every object of a run in the order of dependency, ready to ``fit``; nothing is set on one afterwards.

    Raises: ValueError, OSError: one line each.
    """
    task, setup = set_up(run)
    plan = pace(setup, evaluations=task.evaluations)
    clips = training_clips(task, setup, plan)
    model, freeze = task.build_model(setup)
    setup, precision = with_precision(task, setup, model)
    config, settings, log = setup.config, setup.config["trainer"], run.open_log()
    validation = task.build_validation(setup, model, precision, log)
    trainer = Trainer(
        learner=task.build_learner(setup, model, clips.ops, clips.stream.counts),
        batches=clips.stream,
        evaluate=validation,
        metric=validation.metric,
        lower_is_better=task.metrics[validation.metric].lower_is_better,
        metric_source=validation.source,
        write=run.folder.write_checkpoint,
        average=task.average(model, settings["ema_decay"]),
        optimizer=task.build_optimizer(config, model),
        schedule=build_schedule(config["schedule"], plan.total_steps, trust=ANYTHING),
        precision=precision,
        log=log,
        cadence=plan.cadence,
        progress=Progress(plan.cadence.stop_step, start_step=run.first_step, num_workers=setup.num_workers),
        facts=facts(setup, clips.fingerprint),
        accumulate=settings["accumulate"],
        max_grad_norm=settings.get("max_grad_norm"),
        freeze=freeze,
        seed=config["seed"],
        interrupt=run.interrupt,
        on_clips=BadCount(setup.manifest, config["data"]["max_bad_fraction"]),
    )
    if run.state:
        trainer.restore(run.state)
    announce(trainer, task, setup, plan)
    run.folder.write_config(dict(config))
    return trainer


class TrainingClips(NamedTuple):
    """Where the clips of a run come from, and what is done to a batch of them."""

    stream: TrainStream
    ops: Sequence[BatchOp]
    fingerprint: str | None  # of the generated ones among them


def training_clips(task: Task, setup: Setup, plan: Pace) -> TrainingClips:
    """Raises: ValueError, OSError: generated clips that do not fit, or settings of augmentation."""
    to_input = ToModelInput(setup.clip).to(setup.device)
    generated = new_synthetic(setup, to_input, plan.total_steps, has_classes=task.has_classes)
    refuse_other_bank(generated, setup)
    fingerprint = generated.fingerprint if generated else None
    return TrainingClips(new_stream(setup, generated), batch_ops(setup, to_input, generated), fingerprint)


def summary(run: Run, trainer: Trainer, *, seconds: float) -> dict[str, Any]:
    """What the caller learns; plain data."""
    folder, task = run.folder, build_task(trainer.facts["config"]["task"])
    return {
        "run_dir": str(folder.path),
        "checkpoint": str(folder.best if folder.best.exists() else folder.last),
        "step": trainer.step,
        "seconds": round(seconds, 1),
        "metric": trainer.metric,
        f"best_{trainer.metric}": trainer.best.value,
        "best_step": trainer.best.step,
        "best": task.metrics[trainer.metric].text(trainer.best.value),
    }


def announce(trainer: Trainer, task: Task, setup: Setup, plan: Pace) -> None:
    """The derived facts that a person would otherwise have to work out."""
    announce_clip(setup.train_items, setup.clip, setup.reading)
    settings, precision = setup.config["trainer"], trainer.precision
    batch, accumulate, num_threads = settings["batch_size"], settings["accumulate"], settings["num_threads"]
    threads = f", {num_threads} thread{'' if num_threads == 1 else 's'}" if precision.device.type == "cpu" else ""
    if (processes := distributed.world_size()) > 1:
        logger.info("%d processes share the micro-batches of each step", processes)
    what = task.describe(trainer.learner.model, setup.config)
    logger.info("%s; %s on %s%s", what, precision, precision.device, threads)
    stop, total = plan.cadence.stop_step, plan.total_steps
    shape = f"batch {batch * accumulate} ({batch} x {accumulate} accumulated), {setup.steps_per_epoch} steps an epoch"
    logger.info("%s, schedule over %d steps%s", shape, total, f", stopping at {stop}" if stop < total else "")
    where = display_path(setup.folder)
    if trainer.step >= stop:
        logger.info("%s: already at step %d; raise trainer.max_steps or max_epochs to go on", where, trainer.step)
    elif trainer.step:
        logger.info("continuing %s at step %d of %d", where, trainer.step, stop)
