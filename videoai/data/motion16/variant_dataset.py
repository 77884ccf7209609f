"""The clips of a variant of motion16 as real files, rendered once and cached as those of motion16 are.

<cache>/motion16-<variant>-<size>-<level>-s<seed>-v<version>/
    {train,val,test}/<index>.mp4
    index.csv       path,split and the targets; written last: it marks completion. data=csv reads it, too
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy import ndarray

from videoai.core.files import csv_bytes, write_atomic
from videoai.data.motion16.motion import LEVELS, SPLITS
from videoai.data.motion16.rendering import FPS, NUM_FRAMES
from videoai.data.motion16.untrimmed import CLASSES as ACTIONS
from videoai.data.motion16.untrimmed import SECONDS, UNTRIMMED_SIZES, actions_in, render_untrimmed
from videoai.data.motion16.variants import UNTRIMMED, VARIANT_SIZES, VARIANTS, render_variant, truth_of_variant

if TYPE_CHECKING:  # torch takes 1.4 s to import, in each of the processes that render
    from videoai.data.lists.listing import Row
    from videoai.data.lists.manifest import Manifest
    from videoai.data.lists.target_columns import Kinds

VARIANT_VERSION = 1  # names the cache folder: raise it whenever a pixel, a target or a file name changes


class VariantJob(NamedTuple):
    """One clip to be made; everything a worker process needs to know."""

    folder: str
    path: str  # below the folder
    variant: str
    seed: int
    split: str
    index: int  # position in the split
    level: str
    size_px: int
    num_frames: int = NUM_FRAMES

    @property
    def mark(self) -> str:
        """What the comment of the file begins with."""
        return f"videoai motion16 {self.variant} v{VARIANT_VERSION} frames "

    def frames(self) -> ndarray:
        """uint8 [T, H, W, 3]"""
        if self.variant == UNTRIMMED:
            return render_untrimmed(**self._long_scene, size_px=self.size_px)[0]
        return render_variant(self.variant, **self._scene, size_px=self.size_px)[0]

    def truth(self) -> dict[str, str]:
        """What is true of the clip."""
        if self.variant == UNTRIMMED:
            actions = actions_in(**self._long_scene)
            labels = "|".join(ACTIONS[action.label] for action in actions)
            return {"label": labels, "label_seconds": "|".join(action.times for action in actions)}
        return truth_of_variant(self.variant, **self._scene)

    @property
    def _long_scene(self) -> dict[str, Any]:
        where = {"level": self.level, "seed": self.seed, "split": self.split, "index": self.index}
        return {**where, "num_frames": self.num_frames}

    @property
    def _scene(self) -> dict[str, Any]:
        where = {"level": LEVELS[self.level], "seed": self.seed, "split": self.split, "index": self.index}
        return {**where, "num_frames": NUM_FRAMES, "fps": FPS}


def variant_folder(parent: Path, variant: str, size: str, level: str, seed: int) -> Path:
    """Where the clips lie."""
    return parent / f"motion16-{variant}-{size}-{level}-s{seed}-v{VARIANT_VERSION}"


def variant_jobs(folder: Path, variant: str, size: str, level: str, seed: int) -> list[VariantJob]:
    """A job for each clip."""
    sizes = (UNTRIMMED_SIZES if variant == UNTRIMMED else VARIANT_SIZES)[size]
    frames = round(SECONDS[size] * FPS) if variant == UNTRIMMED else NUM_FRAMES
    return [
        VariantJob(str(folder), f"{split}/{index:05d}.mp4", variant, seed, split, index, level, sizes.size_px, frames)
        for split in SPLITS
        for index in range(getattr(sizes, split))
    ]


def write_index(folder: Path, jobs: Sequence[VariantJob]) -> None:
    """``index.csv``."""
    known = [job.truth() for job in jobs]
    rows = ((job.path, job.split, *truth.values()) for job, truth in zip(jobs, known, strict=True))
    write_atomic(folder / "index.csv", csv_bytes(("path", "split", *known[0]), rows))


def variant_manifest(folder: Path, jobs: Sequence[VariantJob], kinds: "Kinds") -> "Manifest":
    """The splits, with the columns that ``kinds`` names. Raises: ValueError: one that the variant has not."""
    from videoai.core.messages import did_you_mean
    from videoai.data.lists.from_files import assemble
    from videoai.data.lists.listing import Listing, ReadClips
    from videoai.data.lists.target_columns import NO_LABEL

    about = VARIANTS[jobs[0].variant]
    for name, kind in kinds.items():
        if about.columns.get(name) != kind:
            there = ", ".join(f"{one} ({other})" for one, other in about.columns.items()) or "none beside the label"
            hint = did_you_mean(name, [*about.columns])
            raise ValueError(
                f"data.variant={jobs[0].variant} has no column {name!r} of kind {kind}; its columns: {there}.{hint}"
            )
    make = partial(_row, kinds=kinds, several=about.several_labels, no_label=NO_LABEL)
    listing = Listing.of(map(make, jobs), str(folder), kinds)
    result = ReadClips(listing, True, ["A mirrored clip may be of another class: keep horizontal flips off."])
    # The root is the parent, so that paths below it, and the fingerprint over them, say which rendering this is.
    made = assemble(result, str(folder), str(folder), val_fraction=0, test_fraction=0, split_seed=0)
    return replace(made, root=str(folder.parent))


def _row(job: VariantJob, *, kinds: "Kinds", several: bool, no_label: str) -> "Row":
    from videoai.data.lists.label_texts import split_labels
    from videoai.data.lists.listing import Row

    truth = job.truth()
    path, targets = job.path, tuple(truth[name] for name in kinds)
    if several:
        spans = tuple(split_labels(truth["label"], truth.get("label_seconds", "")))
        return Row(path, "", job.split, spans=spans, targets=targets)
    return Row(path, truth.get("label", no_label), job.split, targets=targets)
