"""How long a run takes and how often it looks up, in optimizer steps."""

import math
from typing import NamedTuple

from videoai.engine.trainer import Cadence
from videoai.settings.training import TrainerSettings
from videoai.tasks.task import Setup


class Pace(NamedTuple):
    """What steps a run takes."""

    total_steps: int  # the schedule runs over these
    cadence: Cadence


def pace(setup: Setup, *, evaluations: int) -> Pace:
    """Steps from epochs. The schedule runs over ``max_epochs``; ``max_steps`` only stops earlier, so that stopping and
    going on gives the weights of never stopping. Without ``max_epochs`` the schedule runs over ``max_steps``.

    Raises: ValueError: neither is set.
    """
    settings = setup.settings.trainer
    epochs = settings.max_epochs if isinstance(settings, TrainerSettings) else None
    if epochs is not None:
        total = math.ceil(float(epochs) * setup.steps_per_epoch)  # a number: auto is resolved
    elif settings.max_steps is not None:
        total = settings.max_steps
    else:
        raise ValueError("set trainer.max_epochs or trainer.max_steps: training needs an end.")
    eval_every = settings.eval_every or max(1, math.ceil(total / evaluations))
    cadence = Cadence(
        stop_step=min(total, settings.max_steps or total),
        eval_every=eval_every,
        save_every=settings.save_every or eval_every,
        log_every=settings.log_every,
        patience=settings.patience if isinstance(settings, TrainerSettings) else None,
    )
    return Pace(total, cadence)
