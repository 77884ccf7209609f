"""How long a run takes and how often it looks up, in optimizer steps."""

import math
from typing import NamedTuple

from videoai.engine.trainer import Cadence
from videoai.settings.gan import GanTrainerSettings
from videoai.settings.trainer import TrainerSettings
from videoai.tasks.task import Setup


class Pace(NamedTuple):
    """What steps a run takes."""

    total_steps: int  # the schedule runs over these
    cadence: Cadence


def total_steps(trainer: GanTrainerSettings | TrainerSettings, steps_per_epoch: int) -> int:
    """Steps of the whole schedule, of settings without ``auto``. Raises: ValueError: the settings name no end."""
    epochs = trainer.max_epochs if isinstance(trainer, TrainerSettings) else None
    if epochs is not None:
        return math.ceil(float(epochs) * steps_per_epoch)
    if trainer.max_steps is None:
        raise ValueError("set trainer.max_epochs or trainer.max_steps: training needs an end.")
    return trainer.max_steps


def pace(setup: Setup, *, evaluations: int) -> Pace:
    """Steps from epochs. The schedule runs over ``max_epochs``; ``max_steps`` only stops earlier, so that stopping and
    going on gives the weights of never stopping. Without ``max_epochs`` the schedule runs over ``max_steps``.

    Raises: ValueError: neither is set.
    """
    settings = setup.settings.trainer
    total = total_steps(settings, setup.steps_per_epoch)
    eval_every = settings.eval_every or max(1, math.ceil(total / evaluations))
    cadence = Cadence(
        stop_step=min(total, settings.max_steps or total),
        eval_every=eval_every,
        save_every=settings.save_every or eval_every,
        log_every=settings.log_every,
        patience=settings.patience if isinstance(settings, TrainerSettings) else None,
    )
    return Pace(total, cadence)
