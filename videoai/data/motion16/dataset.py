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
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.cache import cache_folder
from videoai.core.files import csv_bytes, write_atomic
from videoai.data.motion16.motion import CLASSES, LEVELS, SPLITS, render, truth_of
from videoai.data.motion16.rendering import FPS, NUM_FRAMES, ClipJob, make_clips
from videoai.data.motion16.variant_dataset import variant_folder, variant_jobs, variant_manifest, write_index
from videoai.data.motion16.variants import VARIANTS

if TYPE_CHECKING:  # torch takes 1.4 s to import, in each of the processes that render
    from videoai.data.lists.manifest import Manifest
    from videoai.data.lists.target_columns import Kinds

logger = logging.getLogger(__name__)

SizeName = Literal["tiny", "default", "large"]
LevelName = Literal["easy", "default", "hard", "expert"]
VERSION = 3  # names the cache folder: raise it whenever a pixel, a class or a file name changes
CLASSES_VARIANT = "classes"  # the sixteen classes; the others are VARIANTS
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

    @property
    def mark(self) -> str:
        """What the comment of the file begins with."""
        return f"videoai motion16 v{VERSION} frames "

    def frames(self) -> ndarray:
        """uint8 [T, H, W, 3]"""
        return render(
            label=self.label,
            seed=self.seed,
            split=self.split,
            index=self.index,
            level=self.level,
            size_px=self.size_px,
            num_frames=NUM_FRAMES,
            fps=FPS,
        )[0]


def motion16(
    *,
    variant: str = CLASSES_VARIANT,
    size: SizeName = "default",
    level: LevelName = "default",
    seed: int = 0,
    root: str | Path | None = None,
    columns: "Kinds | None" = None,
    num_workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "Manifest":
    """The built-in dataset; its files are made on the first call (default: 2,400 clips, 80 MB, 40 s on one core).

    Args:
        variant: "classes", or other clips with other targets: one of VARIANTS.
        root: parent of the dataset's folder; None = $VIDEOAI_CACHE, or ~/.cache/videoai.
        columns: columns of targets that are read, of a variant that has some.
        num_workers: processes that render; 0 = this one, None = one per core.
        progress: called as progress(done, total) after every clip.
    Raises:
        ValueError: a size or level that does not exist, a negative seed.
        OSError: the folder cannot be written or the disk is full.
    """
    folder, jobs = _planned(variant, size, level, seed, root)
    if not _is_complete(folder, jobs):
        if root:
            check_cache_folder(folder.parent)
        try:
            hashes = make_clips(folder, jobs, num_workers, progress)
            _write_truths(folder, jobs, hashes)
        except OSError as error:
            raise OSError(f"{error} data.root=PATH or the variable VIDEOAI_CACHE names it.") from error
    if variant != CLASSES_VARIANT:
        return variant_manifest(folder, jobs, columns or {})
    if columns:
        raise ValueError(
            f"data=motion16 has no column {next(iter(columns))!r}. Its variants have targets: data.variant="
            f"{' or '.join(name for name, one in VARIANTS.items() if one.columns)}"
        )
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
    *,
    variant: str = CLASSES_VARIANT,
    size: SizeName = "default",
    level: LevelName = "default",
    seed: int = 0,
    root: str | Path | None = None,
) -> bool:
    """Whether all files are there, so that ``motion16`` makes none. Raises: ValueError: as there."""
    return _is_complete(*_planned(variant, size, level, seed, root))


def _planned(variant: str, size: str, level: str, seed: int, root: str | Path | None) -> tuple[Path, Any]:
    """The dataset's folder, and a job for each of its clips."""
    _check(variant=variant, size=size, level=level, seed=seed)
    parent = Path(root).expanduser().absolute() if root else cache_folder()
    if variant != CLASSES_VARIANT:
        folder = variant_folder(parent, variant, size, level, seed)
        return folder, variant_jobs(folder, variant, size, level, seed)
    folder = parent / f"motion16-{size}-{level}-s{seed}-v{VERSION}"
    return folder, list(_jobs(folder, SIZES[size], level, seed))


def _check(*, variant: str, size: str, level: str, seed: int) -> None:
    if variant not in (CLASSES_VARIANT, *VARIANTS):
        names = ", ".join((CLASSES_VARIANT, *VARIANTS))
        raise ValueError(f"motion16: variant {variant!r} does not exist; choose one of {names}")
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


def _is_complete(folder: Path, jobs: Sequence[ClipJob]) -> bool:
    truths = [_truth_name(split) for split in SPLITS] if isinstance(jobs[0], Job) else []
    names = ["index.csv", *truths, *(job.path for job in jobs)]
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


def _write_truths(folder: Path, jobs: Any, hashes: list[str]) -> None:
    if not isinstance(jobs[0], Job):
        write_index(folder, jobs)
        return
    for split in SPLITS:
        write_atomic(folder / _truth_name(split), _truth_bytes(jobs, split))
    write_atomic(folder / "index.csv", _index_bytes(jobs, hashes))


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
