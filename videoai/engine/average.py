"""What is evaluated of a model: a moving average of its weights and buffers, or the weights themselves."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Average:
    """Exponential moving average of a module, or of none of it: ``average.module`` is what is evaluated."""

    def __init__(self, module: nn.Module, *, decay: float | None = None, ramp_up: bool = False) -> None:
        """
        Args:
            decay: share of the old average that an update keeps; None = no average, ``module`` itself is evaluated.
            ramp_up: start with a short memory, (1 + n) / (10 + n) after n updates until that exceeds ``decay``.
        """
        self.source, self.averaged = module, None
        if decay is not None:
            rule = warmed_up(decay) if ramp_up else get_ema_multi_avg_fn(decay)
            self.averaged = AveragedModel(module, multi_avg_fn=rule, use_buffers=True)

    @property
    def module(self) -> nn.Module:
        """The averaged module, or without ``decay`` the module itself."""
        return self.source if self.averaged is None else self.averaged.module

    def update(self) -> None:
        """Take in the weights as they are now."""
        if self.averaged is not None:
            self.averaged.update_parameters(self.source)

    def state_dict(self) -> dict[str, Any] | None:
        """The key "ema" of a checkpoint; None without an average."""
        return None if self.averaged is None else self.averaged.state_dict()

    def load_state_dict(self, state: dict[str, Any] | None) -> None:
        """Raises: RuntimeError: the state of another module."""
        if self.averaged is not None:
            self.averaged.load_state_dict(state or {})


def warmed_up(decay: float) -> Callable[[Any, Any, Tensor | int], None]:
    """The moving average of ``AveragedModel`` with a memory that grows with the number of updates, so that it does not
    hold on to the first weights."""

    def average(averages: Any, values: Any, num_averaged: Tensor | int) -> None:
        count = float(num_averaged)
        get_ema_multi_avg_fn(min(decay, (1 + count) / (10 + count)))(averages, values, num_averaged)

    return average
