"""Signs of a failing training, tracked while it runs and reported at each evaluation."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

OVERFIT_SIGN = 0.95  # mean sign of the scores of real clips; 0.6 is healthy (ADA, arXiv:2006.06676)
LOST_LOSS = 0.1  # low value of the hinge loss, which is 2 at chance and 0 when the discriminator always wins
LOW_SPREAD = 0.3  # spread of a class's generated clips, as a share of that of its real ones
MEMORY = 0.95  # decay of the running means, a step: some 20 steps, of 16 clips each, where ADA takes 256 clips


class Event(NamedTuple):
    """One line for people, and its kind and value for the log."""

    kind: str
    value: float
    message: str


class Monitor(nn.Module):
    """Counts for how many steps in a row a running mean was beyond its limit. Buffers, so that a continued run goes on
    counting.

    Args:
        patience: steps in a row before it is an event; also the steps that clips are given to become different.
    """

    steps: Tensor
    real_sign: Tensor
    discriminator_loss: Tensor
    overfit_for: Tensor
    lost_for: Tensor

    def __init__(self, patience: int = 500) -> None:
        super().__init__()
        self.patience = patience
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("real_sign", torch.tensor(0.0))
        self.register_buffer("discriminator_loss", torch.tensor(2.0))
        self.register_buffer("overfit_for", torch.tensor(0))
        self.register_buffer("lost_for", torch.tensor(0))

    @torch.no_grad()
    def update(self, real_sign: Tensor, discriminator_loss: Tensor) -> None:
        """After each step, with scalars: the mean sign of the scores of real clips, and the hinge of the discriminator.
        Never waits for the device."""
        self.steps.add_(1)
        self.real_sign.lerp_(real_sign.to(self.real_sign), 1 - MEMORY)
        self.discriminator_loss.lerp_(discriminator_loss.to(self.discriminator_loss), 1 - MEMORY)
        self.overfit_for.copy_((self.overfit_for + 1) * (self.real_sign > OVERFIT_SIGN))
        self.lost_for.copy_((self.lost_for + 1) * (self.discriminator_loss < LOST_LOSS))

    def events(self, spread: Mapping[str, float]) -> list[Event]:
        """The failures at this step. ``spread``: for each class, the mean distance between generated clips over that
        between real ones."""
        return [event for event in (self._overfit(), self._lost(), self._collapse(spread)) if event]

    def _overfit(self) -> Event | None:
        if self.overfit_for < self.patience:
            return None
        evidence = f"mean sign {float(self.real_sign):.2f} for {int(self.overfit_for)} steps"
        return Event(
            "discriminator_overfit",
            float(self.real_sign),
            f"the discriminator overfits the real clips ({evidence}). Try gan.ada_target=0.6, more clips, or a "
            "smaller gan.discriminator.width",
        )

    def _lost(self) -> Event | None:
        if self.lost_for < self.patience:
            return None
        evidence = f"loss {float(self.discriminator_loss):.2f} for {int(self.lost_for)} steps"
        return Event(
            "generator_lost",
            float(self.discriminator_loss),
            f"the discriminator separates real and generated clips ({evidence}): the generator learns nothing. Try "
            "a lower optim.lr_discriminator",
        )

    def _collapse(self, spread: Mapping[str, float]) -> Event | None:
        low = sorted((share, name) for name, share in spread.items() if share < LOW_SPREAD)
        if self.steps < self.patience or not low:
            return None
        named = ", ".join(f"{name} {share:.0%}" for share, name in low[:5]) + (", ..." if len(low) > 5 else "")
        return Event(
            "mode_collapse",
            low[0][0],
            f"generated clips of {len(low)} of {len(spread)} classes are nearly alike (spread over that of real ones: "
            f"{named}). Take an earlier checkpoint, or try a higher gan.mode_seeking_weight or more clips",
        )
