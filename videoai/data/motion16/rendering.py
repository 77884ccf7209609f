"""Makes the clips of a generated data set in several processes; what is there and whole is left alone."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Protocol

import av
import numpy as np
from av.error import FFmpegError
from numpy import ndarray

from videoai.core.cores import available_cores
from videoai.core.progress import counting
from videoai.data.encode import encoder, make_folder, write_clip

logger = logging.getLogger(__name__)
NUM_FRAMES = 32
FPS = 15


class ClipJob(Protocol):
    """One clip to be made; it pickles."""

    @property
    def folder(self) -> str: ...

    @property
    def path(self) -> str:
        """Below the folder."""
        ...

    @property
    def mark(self) -> str:
        """What the comment of the file begins with, before the hash of its frames."""
        ...

    def frames(self) -> ndarray:
        """uint8 [T, H, W, 3]"""
        ...


def make_clips(
    folder: Path,
    jobs: Sequence[ClipJob],
    num_workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """The hashes of the frames of every clip, in order, which are made where they are missing."""
    start = perf_counter()
    missing = sum(not (folder / job.path).is_file() for job in jobs)
    logger.info("motion16: making %d of %d clips in %s", missing, len(jobs), folder)
    encoder()  # warns here rather than in every worker
    for path in {(folder / job.path).parent for job in jobs}:
        make_folder(path)
    hashes = []
    with counting("render", len(jobs), "clips") as add:
        for done, frames_hash in enumerate(_run(jobs, num_workers), start=1):
            hashes.append(frames_hash)
            add(1)
            if progress is not None:
                progress(done, len(jobs))
    logger.info("motion16: made %d clips in %.0f s", missing, perf_counter() - start)
    return hashes


def _run(jobs: Sequence[ClipJob], num_workers: int | None) -> Iterator[str]:
    """The hash of every clip, in order, made by this or by other processes."""
    workers = min(available_cores() if num_workers is None else num_workers, len(jobs))
    done = 0
    # spawn, not fork: the caller may have threads running (torch does), and a fork would inherit their locks.
    if workers > 1 or num_workers:
        try:
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                for frames_hash in pool.map(make_clip, jobs, chunksize=8):
                    yield frames_hash
                    done += 1
        except BrokenProcessPool:
            logger.warning(
                "motion16: a worker process died; going on in this one. If this is a script, call motion16 below "
                'if __name__ == "__main__": so that workers can start, or pass num_workers=0.'
            )
    yield from map(make_clip, jobs[done:])


def make_clip(job: ClipJob) -> str:
    """Makes one file unless a whole one is there, and returns the hash of its frames."""
    path = Path(job.folder, job.path)
    known = _hash_inside(path, job.mark)
    if known:
        return known
    frames = job.frames()
    frames_hash = hash_frames(frames)
    write_clip(path, frames, FPS, comment=f"{job.mark}{frames_hash}")
    return frames_hash


def _hash_inside(path: Path, mark: str) -> str | None:
    """The hash that make_clip put into the file's comment; None = no file, or not one of ours, or a broken one."""
    try:
        with av.open(str(path)) as container:
            comment = container.metadata.get("comment", "")
    except (OSError, FFmpegError):
        return None
    return comment.removeprefix(mark) if comment.startswith(mark) else None


def hash_frames(frames: ndarray) -> str:
    """32 hex digits of uint8 [T, H, W, 3]: shape and pixels."""
    digest = blake2b(repr(frames.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(frames).data)
    return digest.hexdigest()
