"""How often the discriminator's input is augmented: always, or as often as it needs (ADA, arXiv:2006.06676)."""

from typing import ClassVar

import torch
from torch import Tensor, nn


class Augmentation(nn.Module):
    """``p``, the probability of each operation; a buffer, so that a continued run goes on with it.

    Args:
        target: the mean sign of the scores of real clips above which the discriminator counts as overfitting (0.6 in
            the paper); None = always augment.
        clips_to_one: real clips that it takes p from 0 to 1 when the sign never changes (500,000 in the paper).
        most: p never gets higher: above, augmentations leak into what is made.
    """

    p: Tensor
    running_buffers: ClassVar = ("p",)  # several processes average it

    def __init__(self, target: float | None = None, *, clips_to_one: float = 500_000, most: float = 0.8) -> None:
        super().__init__()
        self.target, self.clips_to_one, self.most = target, clips_to_one, most
        self.register_buffer("p", torch.tensor(1.0 if target is None else 0.0))

    @torch.no_grad()
    def update(self, real_scores: Tensor) -> None:
        """After each step; real_scores: [B]. Never waits for the device."""
        if self.target is not None:
            towards = (real_scores.sign().mean() - self.target).sign()
            self.p.add_(towards * len(real_scores) / self.clips_to_one).clamp_(0, self.most)
