"""Batches of which a part is generated: as many clips and steps as without, so that more data is not more updates.

Batch b is a pure function of (seed, b), as in ``loader.py``. While generated clips come, the real ones advance by fewer
places a batch; afterwards the stream is the one that there would have been without them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, repeat

import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from videoai.core.seeding import seed_for
from videoai.core.types import Clip, Clips
from videoai.data.augment.balance import ClassBalance, class_quotas
from videoai.data.dataset import TrainClips
from videoai.data.lists.items import Items
from videoai.data.loader import OwnShare, PositionSampler, train_loader_settings

Key = tuple[bool, int, int]  # is generated, epoch, index


@dataclass(frozen=True)
class Share:
    """How many clips of a batch are generated, and up to which batch."""

    clips: int
    until: int


class MixedClips(Dataset[list[Clip]]):
    """Real and generated clips under one numbering: a generated one's index is its own plus the number of real ones."""

    def __init__(self, real: TrainClips, generated: TrainClips | None) -> None:
        self.real, self.generated = real, generated

    def __getitem__(self, key: Key) -> list[Clip]:
        is_generated, epoch, index = key
        if not is_generated or self.generated is None:
            return self.real[epoch, index]
        return [clip._replace(index=clip.index + len(self.real)) for clip in self.generated[epoch, index]]


class MixedSampler(Sampler[list[Key]]):
    """Batches of keys, the real ones first. ``fewer`` and ``generated`` give batches up to number ``until``, ``full``
    from there on."""

    def __init__(
        self,
        *,
        fewer: PositionSampler,
        full: PositionSampler,
        generated: PositionSampler | None,
        until: int,
        start: int,
    ) -> None:
        self.fewer, self.full, self.generated, self.until, self.start = fewer, full, generated, until, start

    def __iter__(self) -> Iterator[list[Key]]:
        fewer, full = iter(self.fewer), iter(self.full)
        generated = iter(self.generated) if self.generated else repeat([])
        for batch in count(self.start):
            if batch < self.until:
                yield [(False, *key) for key in next(fewer)] + [(True, *key) for key in next(generated)]
            else:
                yield [(False, *key) for key in next(full)]


def mixed_batches(
    real: TrainClips,
    generated: TrainClips | None,
    share: Share,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    balance: ClassBalance | None = None,
    accumulate: int = 1,
    num_workers: int = 0,
    pin: bool = False,
) -> Iterator[Clips]:
    """As ``loader.train_batches``. Generated clips come class by class equally often; without any, their places stay
    empty for what the device generates."""

    def sampler(clips: int, first: int) -> PositionSampler:
        return PositionSampler(len(real), batch_size=clips // real.repeats, seed=seed, start=first, balance=balance)

    keys = MixedSampler(
        fewer=sampler(batch_size - share.clips, start),
        full=sampler(batch_size, max(start, share.until)),
        generated=_generated_sampler(generated, share.clips, seed, start) if generated else None,
        until=share.until,
        start=start,
    )
    settings = train_loader_settings(real, batch_size, accumulate, num_workers, pin)
    own = OwnShare(keys, accumulate=accumulate)
    return iter(DataLoader(MixedClips(real, generated), batch_sampler=own, **settings))


def _generated_sampler(generated: TrainClips, clips: int, seed: int, start: int) -> PositionSampler:
    items = generated.items
    label = items.label if isinstance(items, Items) else np.array([item.label for item in items])
    seed = seed_for(seed, "generated")
    balance = ClassBalance(label, class_quotas(np.bincount(label), "balanced"), seed=seed)
    return PositionSampler(len(items), batch_size=clips, seed=seed, start=start, balance=balance)
