"""The lines that a run says of itself before its first step."""

import logging

from videoai.core import process_group
from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.engine.trainer import Trainer
from videoai.run.reading import announce_clip
from videoai.run.training.choose_model import AUTO
from videoai.run.training.pace import Pace
from videoai.settings.parse import flatten, to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)


def announce(trainer: Trainer, task: Task, setup: Setup, plan: Pace) -> None:
    """The derived facts that a person would otherwise have to work out."""
    announce_clip(setup.train_items, setup.clip, setup.reading)
    settings, precision = setup.settings.trainer, trainer.precision
    batch, accumulate, num_threads = settings.batch_size, settings.accumulate, settings.num_threads
    threads = f", {pluralize(int(num_threads), 'thread')}" if precision.device.type == "cpu" else ""
    if (processes := process_group.world_size()) > 1:
        model_too = " and the model" if setup.settings.parallel == "shard" else ""
        logger.info("%d processes share the micro-batches of each step%s", processes, model_too)
    what = task.describe(trainer.learner.model, setup.settings)
    logger.info("%s; %s on %s%s", what, precision, precision.device, threads)
    stop, total = plan.cadence.stop_step, plan.total_steps
    epoch = f"{pluralize(setup.steps_per_epoch, 'step')} an epoch"
    shape = f"batch {batch * accumulate} ({batch} x {accumulate} accumulated), {epoch}"
    logger.info("%s, schedule over %d steps%s", shape, total, f", stopping at {stop}" if stop < total else "")
    where = display_path(setup.folder)
    if trainer.step >= stop:
        longer = "trainer.max_steps" if stop < total else "trainer.max_epochs"
        ended = "its time is over" if getattr(settings, "minutes", None) else f"raise {longer} to go on"
        logger.info("%s: already at step %d; %s", where, trainer.step, ended)
    elif trainer.step:
        logger.info("continuing %s at step %d of %d", where, trainer.step, stop)


def announce_choices(asked: TrainSettings, setup: Setup, total_steps: int) -> None:
    """One paragraph: what ``auto`` came to in this run, and how to set it otherwise. ``asked``: the settings before."""
    settings = setup.training
    clip, trainer, batch = settings.clip, settings.trainer, setup.batch_size * settings.trainer.accumulate
    spread = "spread over the whole video" if clip.sampling == "uniform" else f"at stride {clip.stride}"
    words = {
        "model": f"model {settings.model.get('name')}",
        "clip": f"clips of {clip.num_frames} frames {spread}, {clip.size} px",
        "trainer.max_epochs": f"{pluralize(total_steps, 'step')} ({trainer.max_epochs or 0:g} epochs)",
        "optim.lr": f"learning rate {settings.optim.get('lr')} for steps of {batch} clips",
        "trainer.ema_decay": f"a moving average of the weights that keeps {trainer.ema_decay} a step",
        "trainer.label_smoothing": f"label smoothing {trainer.label_smoothing}",
    }
    was = {key.removesuffix(".name") for key, value in flatten(to_dict(asked)).items() if value == AUTO}
    was |= {"clip"} if "clip.size" in was else set()
    if chosen := {key: text for key, text in words.items() if key in was}:
        data, classes = pluralize(len(setup.train_items), "training clip"), len(setup.manifest.classes)
        data += f" of {classes} classes" if classes > 1 else ""
        others = " ".join(f"{key}=" for key in chosen)
        logger.info("chosen for %s: %s. Set any of them yourself: %s", data, "; ".join(chosen.values()), others)
