"""Training the head alone, for a while or to the end."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from torch import nn


@dataclass(kw_only=True)
class Freeze:
    """All but the ``trainable`` parameters stay as they were loaded until ``until_step``. A function of the step, so
    that a continued run is frozen exactly where the first one was."""

    trainable: Collection[str]  # names of parameters: those of the head
    until_step: int | None = None  # None = to the end

    def __post_init__(self) -> None:
        assert self.trainable, "something must learn"

    def apply(self, model: nn.Module, step: int) -> None:
        """Training mode for what learns at this step; evaluation mode for what does not, so that its batch norms keep
        their statistics and its dropout is off."""
        frozen = self.until_step is None or step < self.until_step
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not frozen or name in self.trainable)
        model.train()
        if frozen:
            for name, module in model.named_modules():
                module.training = name in self._learning

    @cached_property
    def _learning(self) -> set[str]:
        """The modules that hold something trainable: ``""`` and ``head`` for ``head.weight``."""
        parts = [name.split(".") for name in self.trainable]
        return {".".join(path[:depth]) for path in parts for depth in range(len(path))}
