"""The built-in dataset motion16 as real files: H.264 clips rendered once, cached, the same for everyone.

    <cache>/motion16-<size>-<level>-s<seed>-v<version>/
        {train,val,test}/<class>/<index>.mp4
        truth_{train,val,test}.npz      x, y, angle, scale: float32 [N, T]; row = index of the clip in its split
        index.csv                       path,label,name,split,frames_blake2b; written last: it marks completion

Every file is written under a temporary name and renamed, so an interrupted run continues where it stopped and two runs
at once do no harm. Hashes are of the rendered frames: the bytes of the encoder differ between its versions.
"""

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import av
import numpy as np
from av.error import FFmpegError
from numpy import ndarray

from videoai.core.cache import cache_folder
from videoai.core.cores import available_cores
from videoai.core.files import csv_bytes, write_atomic
from videoai.core.progress import counting
from videoai.data.encode import encoder, make_folder, write_clip
from videoai.data.motion16.motion import CLASSES, LEVELS, SPLITS, render, truth_of

if TYPE_CHECKING:  # torch takes 1.4 s to import, in each of the processes that render
    from videoai.data.lists.manifest import Manifest

logger = logging.getLogger(__name__)

SizeName = Literal["tiny", "default", "large"]
LevelName = Literal["easy", "default", "hard", "expert"]
VERSION = 3  # names the cache folder: raise it whenever a pixel, a class or a file name changes
NUM_FRAMES = 32
FPS = 15
_COLUMNS = ("path", "label", "name", "split", "frames_blake2b")


class Size(NamedTuple):
    """Clips per class in each split, and pixels per side."""

    train: int
    val: int
    test: int
    size_px: int


SIZES: dict[str, Size] = {
    "tiny": Size(20, 5, 5, 32),
    "default": Size(100, 25, 25, 64),
    "large": Size(1000, 100, 100, 96),
}


class Job(NamedTuple):
    """One clip to be made; everything a worker process needs to know."""

    folder: str
    path: str  # below the folder
    label: int
    seed: int
    split: str
    index: int  # position in the split
    level: str
    size_px: int


def motion16(
    *,
    size: SizeName = "default",
    level: LevelName = "default",
    seed: int = 0,
    root: str | Path | None = None,
    num_workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "Manifest":
    """The built-in dataset; its files are made on the first call (default: 2,400 clips, 80 MB, 40 s on one core).

    Args:
        root: parent of the dataset's folder; None = $VIDEOAI_CACHE, or ~/.cache/videoai.
        num_workers: processes that render; 0 = this one, None = one per core.
        progress: called as progress(done, total) after every clip.
    Raises:
        ValueError: a size or level that does not exist, a negative seed.
        OSError: the folder cannot be written or the disk is full.
    """
    folder, jobs = _planned(size, level, seed, root)
    if not _is_complete(folder, jobs):
        if root:
            check_cache_folder(folder.parent)
        try:
            _make(folder, jobs, num_workers, progress)
        except OSError as error:
            raise OSError(f"{error} data.root=PATH or the variable VIDEOAI_CACHE names it.") from error
    return _manifest(folder, jobs)


def check_cache_folder(parent: Path) -> None:
    """Raises: ValueError: a folder of the user's own clips, which the built-in ones would be written into."""
    from videoai.data.lists.split_folders import VIDEO_EXTENSIONS

    others = [path for path in parent.glob("*/*") if not path.parent.name.startswith("motion16-")]
    if clips := [path for path in others if path.suffix.lower() in VIDEO_EXTENSIONS]:
        raise ValueError(
            f"data.root={parent} holds other clips ({clips[0].relative_to(parent)}), and data=motion16 would write the "
            f"built-in ones there. To train on yours: data=folder data.root={parent}"
        )


def is_rendered(
    *, size: SizeName = "default", level: LevelName = "default", seed: int = 0, root: str | Path | None = None
) -> bool:
    """Whether all files are there, so that ``motion16`` makes none. Raises: ValueError: as there."""
    return _is_complete(*_planned(size, level, seed, root))


def _planned(size: str, level: str, seed: int, root: str | Path | None) -> tuple[Path, list[Job]]:
    """The dataset's folder, and a job for each of its clips."""
    _check(size=size, level=level, seed=seed)
    parent = Path(root).expanduser().absolute() if root else cache_folder()
    folder = parent / f"motion16-{size}-{level}-s{seed}-v{VERSION}"
    return folder, list(_jobs(folder, SIZES[size], level, seed))


def _check(*, size: str, level: str, seed: int) -> None:
    if size not in SIZES:
        raise ValueError(f"motion16: size {size!r} does not exist; choose one of {', '.join(SIZES)}")
    if level not in LEVELS:
        raise ValueError(f"motion16: level {level!r} does not exist; choose one of {', '.join(LEVELS)}")
    if seed < 0:
        raise ValueError(f"motion16: seed {seed} is negative; choose 0 or more")


def _jobs(folder: Path, size: Size, level: str, seed: int) -> Iterator[Job]:
    """Classes alternate, so that every clip of a split has an index, and a scene, of its own."""
    for split in SPLITS:
        for index in range(getattr(size, split) * len(CLASSES)):
            label = index % len(CLASSES)
            path = f"{split}/{CLASSES[label]}/{index:05d}.mp4"
            yield Job(str(folder), path, label, seed, split, index, level, size.size_px)


def _is_complete(folder: Path, jobs: list[Job]) -> bool:
    names = ["index.csv", *(_truth_name(split) for split in SPLITS), *(job.path for job in jobs)]
    return all((folder / name).is_file() for name in names)


def _manifest(folder: Path, jobs: list[Job]) -> "Manifest":
    from videoai.core.types import VideoItem
    from videoai.data.lists.items import Items
    from videoai.data.lists.manifest import Manifest

    splits = {
        split: Items.of(VideoItem(path=str(folder / job.path), label=job.label) for job in jobs if job.split == split)
        for split in SPLITS
    }
    # The root is the parent, so that paths below it, and the fingerprint over them, say which rendering this is.
    note = "A mirrored clip may be of another class (left is right): keep horizontal flips off."
    return Manifest(classes=CLASSES, splits=splits, source=str(folder), notes=(note,), root=str(folder.parent))


# ---- making the files


def _make(folder: Path, jobs: list[Job], num_workers: int | None, progress: Callable[[int, int], None] | None) -> None:
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
    for split in SPLITS:
        write_atomic(folder / _truth_name(split), _truth_bytes(jobs, split))
    write_atomic(folder / "index.csv", _index_bytes(jobs, hashes))
    logger.info("motion16: made %d clips in %.0f s", missing, perf_counter() - start)


def _run(jobs: list[Job], num_workers: int | None) -> Iterator[str]:
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


def make_clip(job: Job) -> str:
    """Makes one file unless a whole one is there, and returns the hash of its frames."""
    path = Path(job.folder, job.path)
    known = _hash_inside(path)
    if known:
        return known
    frames, _ = render(
        label=job.label,
        seed=job.seed,
        split=job.split,
        index=job.index,
        level=job.level,
        size_px=job.size_px,
        num_frames=NUM_FRAMES,
        fps=FPS,
    )
    frames_hash = hash_frames(frames)
    write_clip(path, frames, FPS, comment=f"{_PREFIX}{frames_hash}")
    return frames_hash


_PREFIX = f"videoai motion16 v{VERSION} frames "


def _hash_inside(path: Path) -> str | None:
    """The hash that make_clip put into the file's comment; None = no file, or not one of ours, or a broken one."""
    try:
        with av.open(str(path)) as container:
            comment = container.metadata.get("comment", "")
    except (OSError, FFmpegError):
        return None
    return comment.removeprefix(_PREFIX) if comment.startswith(_PREFIX) else None


def hash_frames(frames: ndarray) -> str:
    """32 hex digits of uint8 [T, H, W, 3]: shape and pixels."""
    digest = blake2b(repr(frames.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(frames).data)
    return digest.hexdigest()


def _truth_name(split: str) -> str:
    return f"truth_{split}.npz"


def _truth_bytes(jobs: Iterable[Job], split: str) -> bytes:
    truths = [
        truth_of(
            label=job.label,
            seed=job.seed,
            split=split,
            index=job.index,
            level=job.level,
            num_frames=NUM_FRAMES,
            fps=FPS,
        )
        for job in jobs
        if job.split == split
    ]
    x, y, angle, scale = (np.stack(values) for values in zip(*truths, strict=True))
    buffer = io.BytesIO()
    np.savez(buffer, x=x, y=y, angle=angle, scale=scale)
    return buffer.getvalue()


def _index_bytes(jobs: list[Job], hashes: list[str]) -> bytes:
    rows = ((job.path, job.label, CLASSES[job.label], job.split, sha) for job, sha in zip(jobs, hashes, strict=True))
    return csv_bytes(_COLUMNS, rows)
