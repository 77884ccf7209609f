"""Repeated augmentation with as many videos in a batch as without: the clips that one decoding pass gave of a video
stand in consecutive steps instead of in one batch."""

from collections.abc import Iterator

from torch.utils.data import DataLoader

from videoai.core import process_group
from videoai.core.types import Clip, Clips
from videoai.data.augment.balance import ClassBalance
from videoai.data.dataset import TrainClips
from videoai.data.loader import OwnShare, PositionSampler, collate, train_loader_settings


def spread_batches(
    dataset: TrainClips,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    balance: ClassBalance | None = None,
    accumulate: int = 1,
    num_workers: int = 0,
    pin: bool = False,
) -> Iterator[Clips]:
    """As ``loader.train_batches``, but a batch holds ``batch_size`` videos, and ``dataset.repeats`` consecutive steps
    hold the same videos, each step another of their clips.

    Batch b is still a pure function of (seed, b): starting among these steps decodes their videos again. Until they are
    used up the clips stay in memory, ``repeats`` batches for each micro-batch of this process in a step.
    """
    group, step = divmod(start // accumulate, dataset.repeats)  # a group of steps with the same videos
    first = group * accumulate
    sampler = PositionSampler(len(dataset), batch_size=batch_size, seed=seed, start=first, balance=balance)
    own = OwnShare(sampler, accumulate=accumulate)
    settings = train_loader_settings(dataset, batch_size * dataset.repeats, accumulate, num_workers, pin)
    settings["collate_fn"] = collate_repeats
    decoded = iter(DataLoader(dataset, batch_sampler=own, **settings))
    share = len(range(process_group.rank(), accumulate, process_group.world_size()))
    return _in_steps(decoded, share, range(step, dataset.repeats), dataset.repeats)


def collate_repeats(samples: list[list[Clip]]) -> list[Clips]:
    """The first clips of all videos as one batch, the second ones as the next, and so on."""
    return [collate([[clip] for clip in clips]) for clips in zip(*samples, strict=True)]


def _in_steps(decoded: Iterator[list[Clips]], share: int, steps: range, repeats: int) -> Iterator[Clips]:
    while True:
        waiting = [next(decoded) for _ in range(share)]
        for step in steps:
            yield from (batches[step] for batches in waiting)
        steps = range(repeats)
