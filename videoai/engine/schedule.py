"""Learning-rate schedules: pure functions from a step to a factor of the base rate, so that resuming needs no state."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from videoai.core.build import build

Name = Literal["cosine", "step", "constant"]
SCHEDULES = dict.fromkeys(get_args(Name), "videoai.engine.schedule:Schedule")


def lr_factor(
    step: int,
    *,
    total_steps: int,
    name: str = "cosine",
    warmup_steps: int = 0,
    final_factor: float = 0.0,  # cosine ends here
    milestones: tuple[float, ...] = (0.5, 0.75),  # step: shares of the run after which the rate drops
    gamma: float = 0.1,  # step: the factor of each drop
) -> float:
    """Factor for the update number ``step`` (0-based): linear warm-up from 1/warmup, then the named curve."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    if name == "cosine":  # arXiv:1608.03983, without restarts
        return final_factor + (1 - final_factor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    if name == "step":
        return gamma ** sum(step >= share * total_steps for share in milestones)
    return 1.0


def build_schedule(node: Mapping[str, Any], total_steps: int, *, trust: Sequence[str] = ()) -> Callable[[int], float]:
    """``{"name": "cosine", "warmup": 0.05}`` -> ``schedule(step) -> factor`` over ``total_steps``. A ``_target_`` of a
    package in ``trust`` is called with ``total_steps`` and the node's other keys.

    Raises: ValueError: unknown name or option.
    """
    name = {} if "_target_" in node else {"name": node.get("name")}
    schedule = build(node, SCHEDULES, where="schedule", trust=trust, total_steps=total_steps, **name)
    return checked_schedule(schedule, str(node["_target_"]), total_steps) if "_target_" in node else schedule


def checked_schedule(schedule: Any, target: str, total_steps: int) -> Callable[[int], float]:
    """A schedule of the user's own; every factor is checked, those of the first, middle and last step at once.

    Raises: ValueError: it is not called with a step, or gives no factor of the rate.
    """
    try:
        inspect.signature(schedule).bind(0)
    except TypeError as error:
        raise ValueError(f"schedule: {target} is called with a step, which it does not take: {error}.") from error

    def factor_at(step: int) -> float:
        factor = schedule(step)
        is_number = isinstance(factor, int | float) and not isinstance(factor, bool)
        if not is_number or not 0 <= factor < math.inf:
            raise ValueError(
                f"schedule: {target} gave {factor!r} for step {step} of {total_steps}; give a factor of the rate from "
                "0 up."
            )
        return factor

    for step in (0, total_steps // 2, max(0, total_steps - 1)):
        factor_at(step)
    return factor_at


class Schedule:
    """A curve with its numbers filled in: ``schedule(step) -> factor``."""

    def __init__(
        self,
        *,
        total_steps: int,
        name: str = "cosine",
        warmup: float = 0.05,  # share of the run that warms up
        final_factor: float = 0.0,
        milestones: tuple[float, ...] = (0.5, 0.75),
        gamma: float = 0.1,
    ) -> None:
        if name not in get_args(Name):
            raise ValueError(f"schedule: unknown name '{name}'. Choose from: {', '.join(get_args(Name))}.")
        if not 0 <= warmup < 1:
            raise ValueError(f"schedule.warmup={warmup}: give the share of the run that warms up, in [0, 1).")
        self.total_steps, self.name = total_steps, name
        self.warmup_steps = round(warmup * total_steps)
        self.final_factor, self.milestones, self.gamma = final_factor, tuple(milestones), gamma

    def __call__(self, step: int) -> float:
        return lr_factor(
            step,
            total_steps=self.total_steps,
            name=self.name,
            warmup_steps=self.warmup_steps,
            final_factor=self.final_factor,
            milestones=self.milestones,
            gamma=self.gamma,
        )
