"""``train``: from settings to a trained model in a run folder, whatever the task."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from torch import nn

from videoai.core import process_group
from videoai.core.build import ANYTHING
from videoai.core.types import BatchOp
from videoai.data.normalize import ToModelInput
from videoai.engine.average import Average
from videoai.engine.batch_norm import synchronize_batch_norms
from videoai.engine.finite import NotFiniteError
from videoai.engine.flops import seconds_at_peak
from videoai.engine.interrupt import Interrupt
from videoai.engine.parallel import Learner, Parallel, parallelize
from videoai.engine.precision import Precision
from videoai.engine.profile import Profiler, check_steps
from videoai.engine.progress import Progress
from videoai.engine.schedule import build_schedule
from videoai.engine.speed import Speed
from videoai.engine.step_timeout import StepTimeout
from videoai.engine.trainer import Trainer
from videoai.models.blocks import repeated_blocks
from videoai.run.outside_clips import check_outside_clips
from videoai.run.training.announce import announce, announce_choices
from videoai.run.training.bad_count import BadCount
from videoai.run.training.batch_ops import batch_ops
from videoai.run.training.batch_size import with_batch_size
from videoai.run.training.choose_folder import first_folder
from videoai.run.training.choose_model import is_open
from videoai.run.training.choose_schedule import decay_of, with_learning_rate, with_schedule
from videoai.run.training.compiling import with_compile
from videoai.run.training.diverged import advice
from videoai.run.training.fit import verdict
from videoai.run.training.generated_clips import check_same_generated_clips, new_synthetic
from videoai.run.training.open_run import Run, Settings, is_synchronized, open_run
from videoai.run.training.pace import Pace, pace
from videoai.run.training.set_up import facts, set_up, with_precision
from videoai.run.training.status import beginning, recording
from videoai.run.training.stream import TrainStream, new_stream
from videoai.run.training.time_budget import check_minutes, note_overrun, with_minutes
from videoai.run.training_report import training_report
from videoai.settings.parse import to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks import AUTO, build_task
from videoai.tasks.localize.validation import LocalizeValidation
from videoai.tasks.task import Metric, Setup, Task
from videoai.tasks.validation import SupervisedValidation

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """What a training run came to."""

    run_dir: str
    checkpoint: str  # the best one, else the last
    step: int
    seconds: float  # duration of this call
    metric: str  # the value of validation that chose the best checkpoint
    best_value: float
    best: str  # the same in words: top-1 93.0%
    best_step: int
    report: str | None = None  # the page, RUN/report/report.html; None without one
    verdict: str | None = None  # overfitting, underfitting, ... and what to do; None for a task that cannot say


def train(
    settings: Settings,
    *,
    interrupt: Interrupt | None = None,
    should_stop: Callable[[int, float], bool] = lambda evaluation, value: False,
    command: str | None = None,
) -> TrainResult:
    """Train, or continue the run that ``run_dir`` holds; without one, that of the same settings below runs/.

    Args:
        interrupt: the signals of a caller; None = signals concern this run alone.
        should_stop: called after each evaluation, in the first process, with its number (1, 2, ...) and the value of
            ``trainer.metric``; True ends the run, which is saved and may be continued.
        command: what was typed, for the report; None = a call from Python.

    Raises: ValueError, OSError: one line each. Interrupted: on a signal, after saving. KeyboardInterrupt: a second
    Ctrl-C, at once.
    """
    check_outside_clips(settings.data, first_folder(settings))
    if isinstance(settings, TrainSettings):
        check_minutes(settings)
    with open_run(resolve(settings), interrupt=interrupt) as run:
        with beginning(run.folder):
            trainer = build_trainer(run, should_stop)
        started = time.perf_counter()
        try:
            with recording(run.folder, trainer, metric_of(trainer).text):
                trainer.fit()
        except KeyboardInterrupt as stopped:  # a second Ctrl-C, which does not wait for the step
            raise KeyboardInterrupt(trainer.sound_checkpoint()) from stopped
        except NotFiniteError as broken:
            then = advice(run, precision=trainer.precision.name, last_is_sound=trainer.is_sound())
            raise ValueError(f"{broken} {then}") from broken
        result = result_of(run, trainer, seconds=time.perf_counter() - started)
        said = verdict(trainer, run.folder.path / "metrics.jsonl", command) if process_group.rank() == 0 else None
        if isinstance(run.settings, TrainSettings):
            note_overrun(run.settings.trainer, result.seconds)
            if run.settings.report:
                result = replace(result, report=training_report(run.folder, trainer, command, said))
        return replace(result, verdict=said.text if said else None)


def resolve(settings: Settings) -> Settings:
    """The settings with what the task decides; the same each time, so that a run can continue."""
    task = build_task("classify" if settings.task == AUTO else settings.task)
    settings = task.prefer(settings)
    return settings if isinstance(settings, TrainSettings) and is_open(settings) else task.resolve(settings)


def build_trainer(run: Run, should_stop: Callable[[int, float], bool] = lambda evaluation, value: False) -> Trainer:
    """Every object of a run in the order of dependency, ready to ``fit``; nothing is set on one afterwards.

    Raises: ValueError, OSError: one line each.
    """
    task, setup = set_up(run)
    setup = with_schedule(with_minutes(task, with_batch_size(task, setup)))
    plan = pace(setup, evaluations=task.evaluations)
    check_steps(setup.settings.profile.steps, first_step=run.first_step, stop_step=plan.cadence.stop_step)
    clips = training_clips(task, setup, plan)
    model, freeze = task.build_model(setup)
    setup, precision = with_precision(task, with_learning_rate(setup, model), model)
    speed = new_speed(
        setup, model, everything_learns=task.takes_probes and freeze is None
    )  # measured on the plain model
    with_synchronized_norms(model, setup.settings)  # after the measurements, which one process makes alone
    setup = with_compile(task, setup, model, precision)
    settings, log = setup.settings, run.open_log(setup.settings)
    validation = task.build_validation(setup, model, precision, log)
    learner = task.build_learner(setup, model, clips.ops, clips.stream.counts)
    average = task.average(model, decay_of(settings))
    trainer = Trainer(
        learner=learner,
        parallel=new_parallel(settings, learner, average, precision),  # before the optimizer, which holds its shards
        batches=clips.stream,
        evaluate=validation,
        metric=validation.metric,
        lower_is_better=task.metrics[validation.metric].lower_is_better,
        metric_source=validation.source,
        write=run.folder.write_checkpoint if process_group.rank() == 0 else None,
        average=average,
        optimizer=task.build_optimizer(settings, model),
        schedule=build_schedule(settings.schedule, plan.total_steps, trust=ANYTHING),
        precision=precision,
        log=log,
        cadence=plan.cadence,
        progress=Progress(
            plan.cadence.stop_step,
            start_step=run.first_step,
            num_workers=setup.num_workers,
            speed=speed,
            eval_every=plan.cadence.eval_every,
            eval_clips=len(setup.manifest.splits["val"]),
            patience=plan.cadence.patience,
        ),
        facts=facts(setup, clips.fingerprint),
        accumulate=settings.trainer.accumulate,
        max_grad_norm=settings.trainer.max_grad_norm if isinstance(settings, TrainSettings) else None,
        freeze=freeze,
        seed=settings.seed,
        interrupt=run.interrupt,
        step_timeout=StepTimeout(settings.trainer.step_timeout),
        profiler=Profiler(setup.folder / "profile", steps=settings.profile.steps, memory=settings.profile.memory),
        on_clips=BadCount(setup.manifest, settings.loading.max_bad_fraction),
        show_best=validation.show if isinstance(validation, SupervisedValidation) else show_nothing,
        tuned=validation.tuned if isinstance(validation, SupervisedValidation | LocalizeValidation) else dict,
        should_stop=should_stop,
    )
    if run.state:
        trainer.restore(run.state)
    announce(trainer, task, setup, plan)
    if isinstance(run.settings, TrainSettings):
        announce_choices(run.settings, setup, plan.total_steps)
    run.folder.write_config(to_dict(settings))
    return trainer


def show_nothing(step: int) -> None:
    """A validation of one's own, or that of a GAN, logs its pictures itself."""


def new_parallel(settings: Settings, learner: Learner, average: Average, precision: Precision) -> Parallel:
    """As ``parallel`` says."""
    return parallelize(
        settings.parallel,
        learner,
        average,
        precision,
        blocks=repeated_blocks,
        accumulate=settings.trainer.accumulate,
        shard_size=settings.shard_size,
    )


def with_synchronized_norms(model: nn.Module, settings: Settings) -> None:
    """As ``trainer.sync_batch_norm`` says; a line where it changes nothing."""
    if is_synchronized(settings):
        if not synchronize_batch_norms(model):
            logger.info("trainer.sync_batch_norm=true changes nothing here: the model has no batch norms")
    elif isinstance(settings, TrainSettings) and settings.trainer.sync_batch_norm:
        logger.info("trainer.sync_batch_norm=true changes nothing here: this is one process (torchrun starts several)")


class TrainingClips(NamedTuple):
    """Where the clips of a run come from, and what is done to a batch of them."""

    stream: TrainStream
    ops: Sequence[BatchOp]
    fingerprint: str | None  # fingerprint of the generated clips among them


def training_clips(task: Task, setup: Setup, plan: Pace) -> TrainingClips:
    """Raises: ValueError, OSError: generated clips that do not fit, or settings of augmentation."""
    to_input = ToModelInput(setup.clip).to(setup.device)
    generated = new_synthetic(setup, to_input, plan.total_steps, has_classes=task.has_classes)
    check_same_generated_clips(generated, setup)
    fingerprint = generated.fingerprint if generated else None
    return TrainingClips(new_stream(setup, generated), batch_ops(setup, to_input, generated), fingerprint)


def new_speed(setup: Setup, model: nn.Module, *, everything_learns: bool) -> Speed:
    """What measures the speed; with the FLOPs of a clip where a rule of thumb holds for them: all weights learn."""
    clip, seconds = setup.clip, None
    if everything_learns and not clip.features:
        seconds = seconds_at_peak(model, setup.device, num_frames=clip.num_frames, size=clip.size)
    return Speed(setup.device, seconds_at_peak=seconds)


def metric_of(trainer: Trainer) -> Metric:
    """The metric that chooses the best checkpoint."""
    return build_task(trainer.facts["config"]["task"]).metrics[trainer.metric]


def result_of(run: Run, trainer: Trainer, *, seconds: float) -> TrainResult:
    """What the caller learns."""
    folder = run.folder
    return TrainResult(
        run_dir=str(folder.path),
        checkpoint=str(folder.best if folder.best.exists() else folder.last),
        step=trainer.step,
        seconds=round(seconds, 1),
        metric=trainer.metric,
        best_value=trainer.best.value,
        best=metric_of(trainer).text(trainer.best.value),
        best_step=trainer.best.step,
    )


def lower_is_better(settings: Settings) -> bool:
    """Whether a smaller value of the validation metric is better, as a sweep must know before any data are read."""
    nodes = ("classify", "multi_label") if settings.task == AUTO else (settings.task,)
    metrics = {name: metric for node in nodes for name, metric in build_task(node).metrics.items()}
    asked = settings.trainer.metric if isinstance(settings, TrainSettings) else "auto"
    return metrics.get(asked, next(iter(metrics.values()))).lower_is_better
