"""A data source of a user's own package: flat files named ``CLASS_NUMBER.mp4``."""

from pathlib import Path

from videoai.data.lists.items import VideoItem
from videoai.data.lists.manifest import Manifest


def from_suffixes(*, folder: str, holdout: int) -> Manifest:
    """Files whose number is ``holdout`` are val, and those of the number after it are test."""
    paths = sorted(Path(folder).rglob("*.mp4"))
    classes = sorted({path.stem.rpartition("_")[0] for path in paths})
    splits: dict[str, list[VideoItem]] = {"train": [], "val": [], "test": []}
    for path in paths:
        name, _, number = path.stem.rpartition("_")
        split = {holdout: "val", holdout + 1: "test"}.get(int(number), "train")
        splits[split].append(VideoItem(str(path), classes.index(name)))
    return Manifest(tuple(classes), splits, source=folder)
