"""What happens between the labelled stretches of untrimmed videos, as a class of its own."""

from collections import defaultdict
from dataclasses import replace
from statistics import median

import numpy as np

from videoai.core.messages import pluralize
from videoai.core.types import VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.untrimmed import extents

NAME = "background"
SHORTEST = 0.5  # share of the typical labelled stretch that a gap must be long; shorter ones hold the ends of actions


def with_background(manifest: Manifest, *, frame_fps: float | None = None) -> Manifest:
    """The manifest with a class ``background``: stretches between the labelled ones, each about as long as these
    typically are. Headers are read, for the end of each video.

    Raises: ValueError: a class of that name, several labels a clip, or no stretch that ends.
    """
    manifest.check_single_label("data.background adds clips with one label; task=localize needs no such class")
    if NAME in manifest.classes:
        raise ValueError(f"data.background=true: {manifest.source} has a class {NAME!r} of its own. Leave it out.")
    lengths = [end - start for start, end in times_of(manifest) if end == end]
    if not lengths:
        raise ValueError(
            f"data.background=true: no clip of {manifest.source} has start and end times, so nothing lies between them."
        )
    label, typical = len(manifest.classes), median(lengths)
    gaps = {split: gaps_of(items, label, typical, frame_fps) for split, items in manifest.splits.items()}
    splits = {split: Items.of([*items, *gaps[split]], items.root) for split, items in manifest.splits.items()}
    note = (
        f"{pluralize(sum(map(len, gaps.values())), 'clip')} of {NAME}: stretches of {typical:.1f} s between the others."
    )
    return replace(manifest, classes=(*manifest.classes, NAME), splits=splits, notes=(*manifest.notes, note))


def times_of(manifest: Manifest) -> list[tuple[float, float]]:
    """Start and end of every clip; NaN = to the end of the file."""
    columns = [np.column_stack([items.start_seconds, items.end_seconds]) for items in manifest.splits.values()]
    return [(start, end) for start, end in np.concatenate(columns).tolist()]


def gaps_of(items: Items, label: int, typical: float, frame_fps: float | None) -> list[VideoItem]:
    """Unlabelled stretches of a split, in the order of its videos."""
    of_video: dict[str, list[VideoItem]] = defaultdict(list)
    for item in items:
        of_video[item.path].append(item)
    firsts = [found[0] for found in of_video.values()]
    made: list[VideoItem] = []
    for first, extent in zip(firsts, extents(firsts, {"frame_fps": frame_fps}), strict=True):
        if extent is None:
            continue
        for start, end in between(of_video[first.path], extent.seconds):
            if end - start >= SHORTEST * typical:
                count = max(1, round((end - start) / typical))
                step = (end - start) / count
                ends = [(start + number * step, start + (number + 1) * step) for number in range(count)]
                made += [first._replace(label=label, start_seconds=a, end_seconds=b) for a, b in ends]
    return made


def between(items: list[VideoItem], seconds: float) -> list[tuple[float, float]]:
    """What no item of one video covers."""
    found, now = [], 0.0
    for item in sorted(items, key=lambda one: one.start_seconds):
        if item.start_seconds > now:
            found.append((now, min(item.start_seconds, seconds)))
        now = max(now, seconds if item.end_seconds is None else item.end_seconds)
    return [*found, (now, seconds)] if now < seconds else found
