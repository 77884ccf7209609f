"""``trainer.compile``: whether a model compiles is tried before the run begins, and the answer is recorded."""

import logging
from dataclasses import replace
from typing import Literal

from torch import nn

from videoai.core import process_group
from videoai.engine.compile import Units, compile_error, compile_in_place
from videoai.engine.precision import Precision
from videoai.models.blocks import repeated_blocks
from videoai.run.training.open_run import is_synchronized
from videoai.run.training.set_up import probe_clips
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)


def with_compile(task: Task, setup: Setup, model: nn.Module, precision: Precision) -> Setup:
    """Compile the model in place, and the setup with the choice in the place of ``auto``, so that a continued run keeps
    it. A GAN has no such setting: its networks change their weights in the forward pass (spectral norm).

    Raises: ValueError: the model does not compile, and the settings say that it should.
    """
    if not isinstance(setup.settings, TrainSettings):
        return setup
    units = resolve(task, setup, model, precision)
    if units != "off":
        blocks = repeated_blocks(model)
        compile_in_place(model, blocks, units)
        what = f"{len(blocks)} blocks, each by itself" if units == "blocks" else "the whole model"
        logger.info("compile: %s; the first steps take longer, and validation is not compiled", what)
    return replace(setup, settings=replace(setup.settings, trainer=replace(setup.training.trainer, compile=units)))


def resolve(task: Task, setup: Setup, model: nn.Module, precision: Precision) -> Units | Literal["off"]:
    """``auto`` = blocks on a GPU if they compile, otherwise off. All processes come to the same.

    Off with synchronised batch norms, whose messages were never compiled on a GPU."""
    asked = setup.training.trainer.compile
    can_try = task.takes_probes and not is_synchronized(setup.settings)
    by_default: Units | Literal["off"] = "blocks" if setup.device.type == "cuda" and can_try else "off"
    units = by_default if asked == "auto" else asked
    if units == "off" or not task.takes_probes:
        return units
    trial = (model, repeated_blocks(model), units, precision, probe_clips(setup), len(setup.outputs))
    errors = process_group.all_gather(compile_error(*trial))  # all at once: synchronised norms wait for each other
    error = next(filter(None, errors), "")
    if not error:
        return units
    if asked == "auto":
        logger.info("compile: off; %s", error)
        return "off"
    other = "trainer.compile=model, which takes graph breaks, or " if units == "blocks" else ""
    raise ValueError(f"trainer.compile={asked}: {error}. Set {other}trainer.compile=off.")
