"""What is evaluated of a model: a moving average of its weights and buffers, or the weights themselves."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

PREFIX = "module."  # torch.optim.swa_utils.AveragedModel writes it before names in a checkpoint


class Average:
    """Exponential moving average of a module, or of none of it: ``average.module`` is what is evaluated.

    The values and the checkpoint are those of torch.optim.swa_utils.AveragedModel. Its counter lies on a device, and
    every update waits for that; this one is a number.
    """

    def __init__(self, module: nn.Module, *, decay: float | None = None, ramp_up: bool = False) -> None:
        """
        Args:
            decay: share of the old average that an update keeps; None = no average, ``module`` itself is evaluated.
            ramp_up: start with a short memory, (1 + n) / (10 + n) after n updates until that exceeds ``decay``, so that
                it does not hold on to the first weights.
        """
        self.source, self.decay, self.ramp_up, self.num_updates = module, decay, ramp_up, 0
        self.averaged = None if decay is None else copy.deepcopy(module)

    @property
    def module(self) -> nn.Module:
        """The averaged module, or without ``decay`` the module itself."""
        return self.source if self.averaged is None else self.averaged

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now; the first time they are the average."""
        if self.averaged is None or self.decay is None:
            return
        decay, count = self.decay, self.num_updates
        if self.ramp_up:
            decay = min(decay, (1 + count) / (10 + count))
        decay = decay if count else 0.0
        # Two lists, since the parameters alone may be sharded.
        decay_towards(list(self.averaged.parameters()), list(self.source.parameters()), decay)
        decay_towards(list(self.averaged.buffers()), list(self.source.buffers()), decay)
        self.num_updates += 1

    def state_dict(self) -> dict[str, Any] | None:
        """The key "ema" of a checkpoint; None without an average."""
        if self.averaged is None:
            return None
        state = {PREFIX + name: value for name, value in self.averaged.state_dict().items()}
        return {"n_averaged": torch.tensor(self.num_updates), **state}

    def load_state_dict(self, state: dict[str, Any] | None) -> None:
        """Raises: RuntimeError: the state of another module."""
        if self.averaged is None:
            return
        state = state or {}
        values = {name.removeprefix(PREFIX): value for name, value in state.items() if name != "n_averaged"}
        self.averaged.load_state_dict(values)
        self.num_updates = int(state["n_averaged"])


def decay_towards(averaged: list[Tensor], source: list[Tensor], decay: float) -> None:
    """Replace each average by ``decay`` times itself and the rest of its source; 0 = a copy."""
    pairs = list(zip(averaged, source, strict=True))
    numbers = [pair for pair in pairs if pair[0].is_floating_point() and decay]
    if numbers:
        torch._foreach_lerp_([mine for mine, _ in numbers], [theirs for _, theirs in numbers], 1 - decay)  # pyright: ignore[reportPrivateImportUsage]
    for mine, theirs in pairs:
        if not decay:
            mine.copy_(theirs)
        elif not mine.is_floating_point():  # counters of batch norms
            mine.copy_(mine * decay + theirs * (1 - decay))
