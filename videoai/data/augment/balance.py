"""Epochs in which rare classes come more often than they are: still a pure function of (seed, epoch).

Each class has a fixed quota of clips in every epoch. It fills the quota from an endless stream of its own, one shuffled
pass over its videos after another, so that no video of a class comes twice before all others came once.
"""

from typing import Literal, get_args

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from videoai.core.seeding import generator_for

SamplerName = Literal["uniform", "sqrt", "balanced"]
SAMPLERS = get_args(SamplerName)
POWERS = {"uniform": 1.0, "sqrt": 0.5, "balanced": 0.0}  # a class's share of an epoch is its size to this power


class ClassBalance:
    """Which videos make up an epoch."""

    def __init__(self, labels: ndarray, quotas: ndarray, *, seed: int) -> None:
        """labels: int [N], one per video; quotas: int [K], number of clips of each class in an epoch."""
        self.quotas, self.seed = quotas, seed
        sizes = np.bincount(labels, minlength=len(quotas))
        self.members = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])

    def epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        """int64 [N] twice: how often the video came before, and which video. The pair is unique in the whole stream."""
        parts = [self._of_class(label, epoch) for label in range(len(self.quotas))]
        passes, videos = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = torch.randperm(len(videos), generator=generator_for(self.seed, "order", epoch))
        return torch.from_numpy(passes)[order], torch.from_numpy(videos)[order]

    def _of_class(self, label: int, epoch: int) -> tuple[ndarray, ndarray]:
        members, count = self.members[label], self.quotas[label]
        where = np.arange(epoch * count, (epoch + 1) * count)  # in the stream of this class
        passes = where // max(1, len(members))
        videos = np.empty_like(where)
        for number in np.unique(passes).tolist():
            order = torch.randperm(len(members), generator=generator_for(self.seed, "class order", label, number))
            now = passes == number
            videos[now] = members[order.numpy()[where[now] % len(members)]]
        return passes, videos


def class_quotas(sizes: ndarray, sampler: SamplerName) -> ndarray:
    """int64 [K], the clips of each class in an epoch, in all as many as there are videos in all.

    sizes: int [K], videos of each class. What rounding leaves goes to the largest remainders, so each class that has a
    video gets a clip.
    """
    shares = np.where(sizes > 0, sizes.astype(np.float64) ** POWERS[sampler], 0.0)
    exact = shares / shares.sum() * sizes.sum()
    whole = np.floor(exact + 1e-9).astype(np.int64)  # 1e-9: a share that is whole but for rounding
    largest = np.argsort(whole - exact, kind="stable")[: sizes.sum() - whole.sum()]
    whole[largest] += 1
    return whole
