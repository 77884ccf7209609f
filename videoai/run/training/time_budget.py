"""``trainer.minutes``: how many epochs fit into so much time here, measured before the run.

The number of steps is then fixed, since the schedule and a continued run depend on it. So the run takes longer than
asked where the machine is slower than while it was measured: 19 s for 12 s were seen with other work beside it.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from statistics import median
from typing import Any

import torch

from videoai.core import process_group
from videoai.data.media import BadVideo
from videoai.data.reading import read_timed_views
from videoai.run.training.batch_size import Trial, free_memory
from videoai.run.training.choose_schedule import AUTO
from videoai.settings.trainer import TrainerSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)

NUM_STEPS = 3  # timed; the first one allocates and does not count
NUM_READ = 16  # videos whose reading is timed
FORWARD_SHARE = 1 / 3  # an evaluation's forward pass takes this share of a training step
SPARE = 0.15  # share of the time for the start, augmentation, checkpoints, and other users of the machine


def check_minutes(settings: TrainSettings) -> None:
    """Raises: ValueError: two settings say how long the run is."""
    trainer = settings.trainer
    if trainer.minutes is not None and trainer.max_epochs not in (AUTO, None):
        raise ValueError(
            f"trainer.minutes={trainer.minutes:g} stands in the place of trainer.max_epochs={trainer.max_epochs:g}: "
            "leave one of them out."
        )


def with_minutes(task: Task, setup: Setup) -> Setup:
    """The setup with the epochs of ``trainer.minutes`` in ``trainer.max_epochs``, which a continued run keeps."""
    settings = setup.settings
    if not isinstance(settings, TrainSettings) or settings.trainer.minutes is None:
        return setup
    if settings.trainer.max_epochs != AUTO:  # a continued run keeps its own
        return setup
    chosen, step = process_group.broadcast_from_rank0(lambda: tried(task, setup))
    read = process_group.broadcast_from_rank0(lambda: seconds_to_read(setup))
    free_memory()
    steps = steps_within(60 * settings.trainer.minutes, setup, step=step, read=read, evaluations=task.evaluations)
    logger.info(
        "trainer.minutes=%g: %d steps, at %.2f s a step and %.0f ms to read a clip",
        *(settings.trainer.minutes, steps, step, 1000 * read),
    )
    trainer = replace(settings.trainer, max_epochs=steps / setup.steps_per_epoch, **chosen)
    return replace(setup, settings=replace(settings, trainer=trainer))


def note_overrun(trainer: TrainerSettings, seconds: float) -> None:
    """Says that training took longer than ``trainer.minutes``, by more than is spared; the first process does."""
    if process_group.rank() == 0 and trainer.minutes is not None and seconds > 60 * trainer.minutes * (1 + SPARE):
        logger.warning(
            "training took %.1f minutes for trainer.minutes=%g: the machine was slower than when it was measured",
            *(seconds / 60, trainer.minutes),
        )


def steps_within(seconds: float, setup: Setup, *, step: float, read: float, evaluations: int) -> int:
    """Steps that fit into ``seconds`` beside the evaluations; at least one.

    Args:
        step: seconds of a step without reading; read: seconds of one process to read a clip.
    """
    trainer, workers = setup.training.trainer, max(1, setup.num_workers)
    clips = setup.batch_size * trainer.accumulate
    shared = setup.device.type == "cpu"  # its cores read, too
    reading = clips * read / (max(1, torch.get_num_threads()) if shared else workers)
    whole = step + reading if shared else max(step, reading)
    num_val = len(setup.manifest.splits["val"])
    evaluation = num_val * (FORWARD_SHARE * step / clips + read / workers)
    return max(1, int((seconds * (1 - SPARE) - evaluations * evaluation) / whole))


def tried(task: Task, setup: Setup) -> tuple[dict[str, Any], float]:
    """The precision, layout and threads of a trial, and its seconds a step, with all micro-batches of a process."""
    trial = Trial(task, setup)
    share = -(-setup.training.trainer.accumulate // process_group.world_size())

    def run() -> None:
        trial.step(setup.batch_size)
        if setup.device.type == "cuda":
            torch.cuda.synchronize(setup.device)

    return trial.chosen, share * timed(run, NUM_STEPS)


def seconds_to_read(setup: Setup) -> float:
    """Seconds of one process and one clip; a video that cannot be read is left out."""
    items = setup.train_items
    chosen = iter(items[:: max(1, len(items) // NUM_READ)])

    def run() -> None:
        with suppress(BadVideo):
            read_timed_views(next(chosen), setup.clip, reading=setup.reading)

    return timed(run, min(NUM_READ, len(items)))


def timed(run: Callable[[], None], times: int) -> float:
    """The median seconds of a call, the first of several left out."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return median(seconds[1:] or seconds)
