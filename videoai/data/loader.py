"""Batches addressed by position: batch b of a run is a pure function of (seed, b), whatever the workers and the
restarts.

The stream is one shuffled epoch after another without gaps, so every video is seen exactly once an epoch, a batch may
straddle two epochs, and a set smaller than the batch works. Resuming is starting at batch b: nothing is replayed or
skipped by reading.
"""

import atexit
import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, default_collate

from videoai.core import process_group
from videoai.core.cores import available_cores
from videoai.core.seeding import generator_for
from videoai.core.types import Clip, Clips
from videoai.data.augment.balance import ClassBalance
from videoai.data.augment.operations import arrange
from videoai.data.dataset import EvalClips, TrainClips
from videoai.data.shared_memory import clip_bytes, prefetch_factor
from videoai.data.spawned import SpawnContext
from videoai.data.windows import WindowClips

Keys = TypeVar("Keys")
WORKER_TIMEOUT_SECONDS = 300  # a worker silent for longer hangs in a decoder; say so instead of waiting for ever


def epoch_order(num_items: int, seed: int, epoch: int) -> Tensor:
    """The shuffled order of one epoch, int64 [num_items]."""
    return torch.randperm(num_items, generator=generator_for(seed, "order", epoch))


class PositionSampler(Sampler[list[tuple[int, int]]]):
    """Endless batches of ``(epoch, index)`` keys, from batch ``start`` on.

    Under a ``balance`` a video may come several times in an epoch, or not at all; the first number then counts how
    often it came before, so that each time gets a draw of its own.
    """

    def __init__(
        self, num_items: int, *, batch_size: int, seed: int, start: int = 0, balance: ClassBalance | None = None
    ) -> None:
        self.num_items, self.batch_size, self.seed, self.start = num_items, batch_size, seed, start
        self.balance = balance

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        position = self.start * self.batch_size
        epoch, passes, order = -1, torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64)
        while True:
            keys = []
            for place in range(position, position + self.batch_size):
                if place // self.num_items != epoch:
                    epoch = place // self.num_items
                    passes, order = self._epoch(epoch)
                keys.append((int(passes[place % self.num_items]), int(order[place % self.num_items])))
            yield keys
            position += self.batch_size

    def _epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        if self.balance:
            return self.balance.epoch(epoch)
        return torch.full((1,), epoch).expand(self.num_items), epoch_order(self.num_items, self.seed, epoch)


class OwnShare(Sampler[Keys]):
    """The micro-batches of this process: each ``world_size``-th one of the ``accumulate`` in a step. The sampler begins
    with a step."""

    def __init__(self, batches: Iterable[Keys], *, accumulate: int) -> None:
        self.batches, self.accumulate = batches, accumulate

    def __iter__(self) -> Iterator[Keys]:
        rank, processes = process_group.rank(), process_group.world_size()
        if self.accumulate < processes:
            raise ValueError(f"{processes} processes cannot share the {self.accumulate} micro-batches of a step.")
        places = cycle(range(self.accumulate))
        return (keys for place, keys in zip(places, self.batches, strict=False) if place % processes == rank)


def collate(samples: list[list[Clip]]) -> Clips:
    """Stack the clips of all samples: uint8 [B, T, C, H, W], channels-last in memory as decoders give them."""
    clips = [clip for sample in samples for clip in sample]
    frames = [clip.video.movedim(1, -1) for clip in clips]
    return Clips(
        default_collate(frames).movedim(-1, 2),  # in a worker straight into shared memory, without one more copy
        torch.stack([torch.as_tensor(clip.label) for clip in clips]),
        torch.tensor([clip.index for clip in clips]),
        torch.tensor([clip.view for clip in clips]),
        [clip.error for clip in clips],
        arrange([clip.ops for clip in clips], clips[0].video.shape[-2:]),
        None if clips[0].sound is None else default_collate([clip.sound for clip in clips]),
    )


def train_batches(
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
    """Endless batches from batch ``start`` on, which begins a step of ``accumulate``; each process has its own.
    ``batch_size`` counts clips, a multiple of the dataset's ``repeats``."""
    videos = batch_size // dataset.repeats
    sampler = PositionSampler(len(dataset), batch_size=videos, seed=seed, start=start, balance=balance)
    own = OwnShare(sampler, accumulate=accumulate)
    settings = train_loader_settings(dataset, batch_size, accumulate, num_workers, pin)
    return iter(DataLoader(dataset, batch_sampler=own, **settings))


def eval_batches(
    dataset: EvalClips, *, videos_per_batch: int, num_workers: int = 0, pin: bool = False, shared: bool = False
) -> Iterable[Clips]:
    """Every video once, in order; all views of a video lie in one batch. May be iterated again. ``shared``: each of
    several processes takes its part of the videos."""
    indices = range(process_group.rank(), len(dataset), process_group.world_size()) if shared else range(len(dataset))
    views = min(videos_per_batch, len(indices)) * dataset.num_clips * dataset.num_crops
    settings = loader_settings(dataset, num_workers, pin, batch_bytes=views * clip_bytes(dataset.clip))
    return DataLoader(dataset, batch_size=videos_per_batch, sampler=indices, **settings)


def window_batches(
    dataset: WindowClips, batches: list[list[int]], *, num_workers: int = 0, pin: bool = False
) -> Iterable[Clips]:
    """The windows of the segments at each list of positions, in order."""
    most = max((sum(len(dataset.segments[place].spans) for place in batch) for batch in batches), default=0)
    settings = loader_settings(dataset, num_workers, pin, batch_bytes=most * clip_bytes(dataset.clip))
    return DataLoader(dataset, batch_sampler=batches, **settings)


def resolve_workers(num_workers: int | str, device: str, decoder: str = "pyav", *, decodes: bool = True) -> int:
    """``auto`` = one a core where a GPU computes (16 at most, 4 where it decodes, as each then takes part of its
    memory), two at most where the CPU computes, too; none where nothing is decoded. Processes on one machine share its
    cores."""
    cores = available_cores()
    cores = max(1, cores // process_group.local_world_size())
    if num_workers == "auto" and not decodes:
        return 0
    if num_workers == "auto":
        return min(cores, 2 if device == "cpu" else 4 if decoder == "nvdec" else 16)
    if not isinstance(num_workers, int) or num_workers < 0:
        raise ValueError(f"num_workers={num_workers}: give a number of processes (0 = none) or auto.")
    return num_workers


def train_loader_settings(
    dataset: TrainClips, batch_size: int, accumulate: int, num_workers: int, pin: bool
) -> dict[str, Any]:
    """``loader_settings`` for training. Without pinning, which copies, a step's batches stay in shared memory until
    those of the next are there."""
    held = 2 if pin else 2 * -(-accumulate // process_group.world_size())
    return loader_settings(dataset, num_workers, pin, batch_bytes=batch_size * clip_bytes(dataset.clip), held=held)


def loader_settings(
    dataset: TrainClips | EvalClips | WindowClips, num_workers: int, pin: bool, *, batch_bytes: int, held: int = 2
) -> dict[str, Any]:
    """What every DataLoader here is made with beside its data set and sampler. ``batch_bytes``, ``held``: see
    shared_memory.prefetch_factor. Raises: ValueError: no room in shared memory."""
    shared: dict[str, Any] = {"num_workers": num_workers, "collate_fn": collate, "pin_memory": pin}
    if num_workers:
        prefetch = prefetch_factor(num_workers, batch_bytes=batch_bytes, held=held)
        shared |= {"persistent_workers": True, "prefetch_factor": prefetch, "timeout": WORKER_TIMEOUT_SECONDS}
        shared |= {"worker_init_fn": _leave_signals_to_the_parent}
        if dataset.reading.get("decoder") == "nvdec":
            shared["multiprocessing_context"] = SpawnContext()
    return shared


def _leave_signals_to_the_parent(worker: int) -> None:
    """Ctrl-C and a scheduler's SIGTERM reach the whole process group; the parent saves, and needs its workers until
    then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@atexit.register  # runs before multiprocessing's own, which was registered earlier
def _end_workers() -> None:
    """At exit multiprocessing asks its daemons by SIGTERM to end, and waits. Workers that something still holds would
    not hear it: a run that was done has hung so."""
    for process in multiprocessing.active_children():
        if process.daemon:
            process.kill()
