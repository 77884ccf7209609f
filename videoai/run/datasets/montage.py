"""A frame from the middle of some videos of each class, in one picture."""

from pathlib import Path

import torch

from videoai.core.files import write_atomic
from videoai.core.messages import pluralize
from videoai.core.progress import counting
from videoai.core.sheet import MAX_SIDE, Cell, Row, png, sheet
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.media import BadVideo
from videoai.data.reading import read_timed_views

PER_CLASS = 8  # videos
MAX_CLASSES = 60  # rows; a picture of more is too long to look at
MIDDLE = ClipSpec(num_frames=1, size=MAX_SIDE, sampling="uniform")  # the labelled stretch's middle; nothing is cut off


def write_montage(path: Path, manifest: Manifest, frame_fps: float | None) -> None:
    """Writes a PNG, a row a class with the count of its clips. A video that cannot be read is named in its place.

    Raises: OSError: it cannot be written.
    """
    shown = manifest.table()[:MAX_CLASSES]
    rows = []
    with counting("montage", len(shown), "classes") as add:
        for label, (name, *counts) in enumerate(shown):
            in_splits = ", ".join(f"{split} {count}" for split, count in zip(SPLITS, counts, strict=True) if count)
            cells = [_cell(item, frame_fps) for item in _some_of(manifest, label)]
            rows.append(Row(name, cells, f"{pluralize(sum(counts), 'clip')}: {in_splits}"))
            add(1)
    if left := len(manifest.classes) - len(shown):
        rows.append(Row("", [], f"more classes: {left}"))
    write_atomic(path, png(sheet(rows)))


def _some_of(manifest: Manifest, label: int) -> list[VideoItem]:
    """Videos of a class, spread evenly over all of its own."""
    places = [(split, int(index)) for split in SPLITS for index in _indices(manifest, split, label)]
    count = min(PER_CLASS, len(places))
    chosen = [places[number * len(places) // count] for number in range(count)]
    return [manifest.splits[split][index] for split, index in chosen]


def _indices(manifest: Manifest, split: str, label: int) -> list[int]:
    where, labels = manifest.splits[split].label_pairs()
    return where[labels == label].tolist()


def _cell(item: VideoItem, frame_fps: float | None) -> Cell:
    try:
        (view,) = read_timed_views(item, MIDDLE, reading={"frame_fps": frame_fps})
    except BadVideo as bad:
        return Cell(
            torch.full((3, MAX_SIDE * 3 // 4, MAX_SIDE), 235, dtype=torch.uint8), f"{bad.reason}: {name_of(item)}"
        )
    return Cell(view.video[0], name_of(item))


def name_of(item: VideoItem) -> str:
    """The name of its file."""
    return Path(item.path).name
