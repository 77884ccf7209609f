"""How long a run takes and how often it looks up, in optimizer steps."""

import math
from typing import NamedTuple

from videoai.engine.trainer import Cadence
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
    settings = setup.config["trainer"]
    epochs, steps = settings.get("max_epochs"), settings["max_steps"]
    if epochs is None and steps is None:
        raise ValueError("set trainer.max_epochs or trainer.max_steps: training needs an end.")
    total = steps if epochs is None else math.ceil(epochs * setup.steps_per_epoch)
    eval_every = settings["eval_every"] or max(1, math.ceil(total / evaluations))
    cadence = Cadence(
        stop_step=min(total, steps or total),
        eval_every=eval_every,
        save_every=settings["save_every"] or eval_every,
        log_every=settings["log_every"],
        patience=settings.get("patience"),
    )
    return Pace(total, cadence)
