"""How many batches the workers of a loader may hold in /dev/shm, through which they hand them over. A full one kills a
worker by "Bus error", so it is found out before the start."""

import logging
import os
import shutil

from videoai.core import process_group
from videoai.core.types import ClipSpec

logger = logging.getLogger(__name__)

FOLDER = "/dev/shm"
PREFETCH = 2  # batches a worker, as torch's DataLoader has it
LOADERS = 2  # training and validation have workers of their own at the same time
MB = 1e6


def clip_bytes(clip: ClipSpec) -> int:
    """Bytes of one clip as the workers give it, uint8 [T, 3, size, size] and its sound, or float32 of features."""
    sound = 4 * clip.sound.num_mels * clip.sound.num_steps if clip.sound else 0
    return clip.num_frames * clip.num_channels * clip.size**2 * (4 if clip.features else 1) + sound


def prefetch_factor(num_workers: int, *, batch_bytes: int, held: int = 2) -> int:
    """Batches that each worker prepares in advance: 2, or 1 where /dev/shm has no room for more. The processes of a
    machine share it. ``held``: batches that were handed over and are still in use.

    Raises: ValueError: there is no room for one a worker.
    """
    if not os.path.isdir(FOLDER):  # other systems keep shared memory elsewhere
        return PREFETCH
    room = shutil.disk_usage(FOLDER).free // (process_group.local_world_size() * LOADERS)
    needed = {prefetch: (prefetch * num_workers + held) * batch_bytes for prefetch in range(PREFETCH, 0, -1)}
    fitting = [prefetch for prefetch, size in needed.items() if size <= room]
    if not fitting:
        raise ValueError(_no_room(num_workers, batch_bytes, needed[1], room))
    if fitting[0] < PREFETCH:
        words = "%s: %.0f MB for this loader, so its %d workers prepare %d batch in advance instead of %d"
        logger.info(words, FOLDER, room / MB, num_workers, fitting[0], PREFETCH)
    return fitting[0]


def _no_room(num_workers: int, batch_bytes: int, needed: int, room: int) -> str:
    total = needed * LOADERS * process_group.local_world_size()
    return (
        f"{FOLDER}: {num_workers} workers need {needed / MB:.0f} MB for batches of {batch_bytes / MB:.0f} MB, and "
        f"this loader's part of the free space is {room / MB:.0f} MB. In Docker: docker run --ipc=host, or --shm-size "
        f"{total / MB:.0f}m. Else fewer workers (loading.num_workers=0, of evaluate num_workers=0, needs no shared "
        "memory) or a smaller batch (trainer.batch_size, of evaluate batch_size)."
    )
