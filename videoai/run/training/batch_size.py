"""``trainer.batch_size=auto``: how many clips fit a GPU's memory, found by steps of a throwaway copy of the run."""

import gc
import logging
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from videoai.core import process_group
from videoai.core.types import Clips
from videoai.run.training.choose_schedule import decay_of, with_learning_rate, with_schedule
from videoai.run.training.set_up import steps_per_epoch, with_precision
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)
USUAL = 16  # clips on a CPU, where memory is seldom what limits them
MOST = 1024  # clips; larger batches of videos are not known to train better
FREE_SHARE = 0.1  # share of the GPU's memory that the next batch, validation and fragmentation take
STEPS = 2  # the first allocates the optimizer's state


def with_batch_size(task: Task, setup: Setup) -> Setup:
    """The setup with a number in the place of ``auto``, so that a continued run keeps it. On a GPU also with the
    precision that was tried.

    Raises: ValueError: not even the smallest batch fits, the model is sharded, or the GPU also decodes.
    """
    if setup.settings.trainer.batch_size != "auto":
        return setup
    augment = setup.settings.augment
    unit = augment.repeats if augment.repeats_in == "batch" else 1  # so all clips of a video stand in one batch
    if setup.device.type != "cuda":
        size = math.ceil(USUAL / unit) * unit
        logger.info("trainer.batch_size=auto: %d clips on %s; a GPU's memory would be measured", size, setup.device)
        return sized(setup, size)
    if setup.reading["decoder"] == "nvdec":
        raise ValueError(
            "trainer.batch_size=auto: trial steps run before the loader's workers, which with loading.decoder=nvdec "
            "take part of the GPU's memory, too. Give a number."
        )
    if setup.settings.parallel == "shard":
        raise ValueError(
            "trainer.batch_size=auto: trial steps have the whole model on one GPU. With parallel=shard give a number."
        )
    most = min(MOST, len(setup.train_items) * unit)
    setup, size = measured_size(task, setup, unit=unit, most=most)
    size = min(process_group.all_gather(size))
    logger.info(
        "trainer.batch_size=auto: %d clips, by trial steps; %.0f %% of the GPU's memory stay free",
        *(size, 100 * FREE_SHARE),
    )
    return sized(setup, size)


def sized(setup: Setup, size: int) -> Setup:
    """The setup with another ``trainer.batch_size``, and the epochs in its steps."""
    settings = replace(setup.settings, trainer=replace(setup.settings.trainer, batch_size=size))
    return replace(setup, settings=settings, steps_per_epoch=steps_per_epoch(settings, len(setup.train_items)))


def measured_size(task: Task, setup: Setup, *, unit: int, most: int) -> tuple[Setup, int]:
    """The setup with its precision, and the number of clips that fit."""
    torch.cuda.set_per_process_memory_fraction(1 - FREE_SHARE, setup.device)
    try:
        trial = Trial(task, sized(setup, 2 * unit))
        size = largest_that_fits(trial.step, unit=unit, most=most)
        trainer = replace(setup.settings.trainer, **trial.chosen)
        return replace(setup, settings=replace(setup.settings, trainer=trainer)), size
    finally:
        trial = None
        free_memory()
        torch.cuda.set_per_process_memory_fraction(1.0, setup.device)
        torch.cuda.reset_peak_memory_stats(setup.device)


class Trial:
    """Everything of a run that takes memory on the GPU, with its weights, and clips of noise. Drawn features and
    operations on batches take little beside a step, and are left out."""

    def __init__(self, task: Task, setup: Setup) -> None:
        setup = with_schedule(setup)
        plain = replace(setup.training, augment=replace(setup.training.augment, features=None))
        model, freeze = task.build_model(replace(setup, settings=plain))
        self.setup, self.precision = with_precision(task, with_learning_rate(setup, model), model)
        if freeze:
            freeze.apply(model, sys.maxsize)  # as much learns as in the longest part of the run
        tried = self.setup.training
        self.chosen = {key: getattr(tried.trainer, key) for key in ("precision", "layout", "num_threads")}
        plain = replace(setup, settings=replace(plain, trainer=tried.trainer, optim=tried.optim))
        counts = torch.ones(len(setup.manifest.classes), dtype=torch.int64)
        self.learner = task.build_learner(plain, model, (), counts)
        self.optimizer = task.build_optimizer(plain.settings, model)
        self.average = task.average(model, decay_of(plain.settings))
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def step(self, num_clips: int) -> None:
        """One optimizer step. Raises: OutOfMemoryError."""
        self.optimizer.zero_grad(set_to_none=True)  # what a step that failed left
        stats = self.learner.train_step(self.clips(num_clips), self.precision, 0)
        self.precision.backward(stats["loss"])
        norm = self.precision.clip(self.optimizer, self.parameters, self.setup.training.trainer.max_grad_norm)
        self.precision.update(self.optimizer, norm)
        self.average.update()

    def clips(self, num_clips: int) -> Clips:
        """Noise, with the target of the first training video."""
        clip, target = self.setup.clip, torch.as_tensor(self.setup.target(self.setup.train_items[0], ()))
        shape = (num_clips, clip.num_frames, clip.num_channels, clip.size, clip.size)
        video = torch.randint(0, 256, shape, dtype=clip.blank().dtype)
        zeros = torch.zeros(num_clips, dtype=torch.int64)
        sound = torch.zeros(num_clips, clip.sound.num_mels, clip.sound.num_steps) if clip.sound else None
        return Clips(video, torch.stack([target] * num_clips), zeros, zeros, [""] * num_clips, sound=sound)


def largest_that_fits(step: Callable[[int], Any], *, unit: int, most: int) -> int:
    """A multiple of ``unit`` up to ``most`` with which ``step`` does not run out of memory: by doubling, then by
    bisection to an eighth.

    Raises: ValueError: ``unit`` does not fit.
    """
    fitting, size = 0, unit
    while size <= most and fits(step, size):
        fitting, size = size, 2 * size
    if not fitting:
        raise ValueError(
            f"trainer.batch_size=auto: the GPU's memory is too small for a batch of {unit}. Try "
            "trainer.activation_checkpointing=true, a smaller model, or smaller or shorter clips."
        )
    too_large = min(size, (most // unit + 1) * unit)
    while too_large - fitting > max(unit, fitting // 8):
        size = (fitting + too_large) // 2 // unit * unit
        fitting, too_large = (size, too_large) if fits(step, size) else (fitting, size)
    return fitting


def fits(step: Callable[[int], Any], size: int) -> bool:
    """Whether steps of ``size`` clips have enough memory, which is freed again."""
    try:
        for _ in range(STEPS):
            step(size)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return True
    except torch.OutOfMemoryError:
        return False
    finally:
        free_memory()


def free_memory() -> None:
    """Give memory that nothing holds back to the GPU."""
    gc.collect()
    torch.cuda.empty_cache()
