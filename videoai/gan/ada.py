"""How often the discriminator's input is augmented: always, or as often as it needs (ADA, arXiv:2006.06676)."""

import torch
from torch import Tensor, nn

from videoai.core import process_group


class Augmentation(nn.Module):
    """``p``, the probability of each operation; a buffer, so that a continued run goes on with it.

    Args:
        target: the mean sign of the scores of real clips above which the discriminator counts as overfitting (0.6 in
            the paper); None = always augment.
        clips_to_one: real clips that it takes p from 0 to 1 when the sign never changes (500,000 in the paper).
        most: p never gets higher: above, augmentations leak into what is made.
    """

    p: Tensor
    signs: Tensor  # sum of the signs in the step that is being taken, and the number of clips

    def __init__(self, target: float | None = None, *, clips_to_one: float = 500_000, most: float = 0.8) -> None:
        super().__init__()
        self.target, self.clips_to_one, self.most = target, clips_to_one, most
        self.register_buffer("p", torch.tensor(1.0 if target is None else 0.0))
        self.register_buffer("signs", torch.zeros(2), persistent=False)

    @torch.no_grad()
    def note(self, real_scores: Tensor) -> None:
        """After each micro-batch; real_scores: [B]. Never waits for the device."""
        if self.target is not None:
            self.signs[0].add_(real_scores.sign().sum())
            self.signs[1].add_(len(real_scores))

    @torch.no_grad()
    def update(self) -> None:
        """Once a step, in every process: from the clips of all of them. Never waits for the device."""
        if self.target is not None:
            process_group.all_reduce_sum([self.signs])
            total, clips = self.signs
            self.p.add_((total / clips - self.target).sign() * clips / self.clips_to_one).clamp_(0, self.most)
            self.signs.zero_()
