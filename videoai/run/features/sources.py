"""Which videos features are extracted from: files that the user names, or a split of a data set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoai.core.types import VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.listing import SPLITS
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.inference.predict import find_videos
from videoai.run.checkpoint_data import DataChange, choose_data, read_data
from videoai.run.outside_clips import check_outside_clips
from videoai.run.scored_split import choose_split
from videoai.settings.features import ExtractSettings


@dataclass(frozen=True)
class Sources:
    """Videos, or labelled stretches of them, and what the table says of each."""

    items: Items
    names: list[str]
    splits: list[str | None]
    labels: list[str | None]
    frame_fps: float | None = None
    data: str | None = None  # the list that they come from
    root: str | None = None  # the folder that the names lie below


def open_sources(settings: ExtractSettings, change: DataChange, state: Mapping[str, Any]) -> Sources:
    """``input``, or the data that the user names, or the checkpoint's own. Raises: OSError, ValueError."""
    if settings.input is not None:
        if change != DataChange():
            raise ValueError(f"input={settings.input} and data=... both name videos. Give one of them.")
        return sources_of_files(settings)
    choice = choose_data(change, state, settings.checkpoint)
    check_outside_clips(choice.data, settings.run_dir or "runs")
    manifest = read_data(choice, settings.checkpoint)
    return sources_of_data(manifest, settings.split, settings.frame_fps or choice.frame_fps)


def sources_of_files(settings: ExtractSettings) -> Sources:
    """Raises: FileNotFoundError, ValueError: no videos."""
    paths = find_videos(str(settings.input), VIDEO_EXTENSIONS)
    nothing: list[str | None] = [None] * len(paths)
    return Sources(
        Items.of(VideoItem(path, 0) for path in paths), paths, nothing, nothing, settings.frame_fps, root=os.getcwd()
    )


def sources_of_data(manifest: Manifest, split: str, frame_fps: float | None) -> Sources:
    """Raises: ValueError: no videos in the split."""
    chosen = [name for name in SPLITS if manifest.splits[name] and split in ("all", name)]
    if not chosen:
        choose_split(manifest, split)  # says what there is
    items = Items.join([manifest.splits[name] for name in chosen])
    splits: list[str | None] = [name for name in chosen for _ in manifest.splits[name]]
    labels: list[str | None] = ["|".join(manifest.classes[label] for label in item.labels) or None for item in items]
    names = [os.path.relpath(item.path, manifest.root) if manifest.root else item.path for item in items]
    return Sources(items, names, splits, labels, frame_fps, manifest.source, manifest.root or os.getcwd())
