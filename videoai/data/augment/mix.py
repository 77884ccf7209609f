"""Mixing of the clips of a batch and of their labels, on the device."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Batch


class Mix:
    """Mixup (arXiv:1710.09412) or CutMix (arXiv:1905.04899) with the reversed-order pairing of the batch; labels turn
    soft, [B, K], also those that are multi-hot [B, K] already.

    With both alphas set, a fair coin picks one of them for each batch, as in the recipe of DeiT (arXiv:2012.12877).
    """

    def __init__(self, *, num_classes: int, mixup: float = 0.0, cutmix: float = 0.0, seed: int = 0) -> None:
        if mixup < 0 or cutmix < 0:
            raise ValueError(f"augment.mixup={mixup}, augment.cutmix={cutmix}: must not be negative (0 = off).")
        self.num_classes, self.mixup, self.cutmix, self.seed = num_classes, mixup, cutmix, seed

    def __call__(self, batch: Batch, position: int) -> Batch:
        """``position`` is the number of the batch in the run: all that the draw depends on."""
        kind = self._kind(position)
        if kind is None:
            return batch
        rng = np.random.default_rng(seed_for(self.seed, "mix", position))
        alpha = self.mixup if kind == "mixup" else self.cutmix
        keep = float(rng.beta(alpha, alpha))
        label = soft(batch.label, self.num_classes).to(batch.video.dtype)
        if kind == "mixup":
            video = batch.video.lerp(batch.video.flip(0), 1 - keep)
        else:
            video, keep = _paste(batch.video, keep, rng)
        return batch._replace(video=video, label=label.lerp(label.flip(0), 1 - keep))

    def _kind(self, position: int) -> Literal["mixup", "cutmix"] | None:
        if self.mixup and self.cutmix:
            coin = int(torch.randint(2, (), generator=generator_for(self.seed, "mix kind", position)))
            return "mixup" if coin else "cutmix"
        return "mixup" if self.mixup else "cutmix" if self.cutmix else None


def soft(label: Tensor, num_classes: int) -> Tensor:
    """int64 [B] -> one-hot [B, K]; what is several labels, soft or a number already stays."""
    is_class = label.ndim == 1 and not label.is_floating_point()
    return F.one_hot(label, num_classes) if is_class else label


def _paste(video: Tensor, keep: float, rng: np.random.Generator) -> tuple[Tensor, float]:
    """Paste one box of area 1 - keep, the same in every frame; returns the share that is really kept."""
    height, width = video.shape[-2:]
    side = (1 - keep) ** 0.5
    middle_y, middle_x = rng.integers(height), rng.integers(width)
    top, bottom = (int(np.clip(middle_y + sign * height * side / 2, 0, height)) for sign in (-1, 1))
    left, right = (int(np.clip(middle_x + sign * width * side / 2, 0, width)) for sign in (-1, 1))
    mixed = video.clone()
    mixed[..., top:bottom, left:right] = video.flip(0)[..., top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (height * width)
