"""Labelled stretches -> untrimmed videos, each with all that happens in it; and the windows that training takes of
them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from videoai.core.messages import pluralize, truncated_list
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.decode import open_video
from videoai.data.decode.features import FeatureVideo
from videoai.data.isolation import WorkerFailure, isolated
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.media import BadVideo

BACKGROUND = ("background", "no_action", "none")  # classes that are no event, in lower case
LOOK_SECONDS = 60.0  # for the header of one video
WINDOWS_PER_STRETCH = 2  # a training clip is drawn from a stretch of so many windows, which overlap by half
ROUNDING_SECONDS = 0.1  # annotation tools round times; an event may end so long after its video


def untrimmed(manifest: Manifest) -> Manifest:
    """One item a video, from the start to the end of its file, whose spans are all of its labelled stretches. Data that
    are so already stay as they are.

    A line without a label, in a table of several labels, is a video in which nothing happens.

    Raises: ValueError: stretches of one video in several splits, which would show the same seconds to both.
    """
    keep = [name for name in manifest.classes if name.lower() not in BACKGROUND]
    label_of = [keep.index(name) if name in keep else -1 for name in manifest.classes]
    splits = {split: Items.of(videos_of(items, label_of), items.root) for split, items in manifest.splits.items()}
    check_one_split(manifest.source, splits)
    num_videos, num_events = (sum(map(len, splits.values())), sum(map(count_events, splits.values())))
    classes = pluralize(len(keep), "class", "classes")
    notes = [f"{pluralize(num_videos, 'video')} with {pluralize(num_events, 'event')} of {classes}."]
    between = [name for name in manifest.classes if name not in keep]
    notes += [f"'{name}' is what lies between events, and none itself." for name in between]
    return replace(manifest, classes=tuple(keep), splits=splits, notes=(*manifest.notes, *notes))


def videos_of(items: Items, label_of: Sequence[int]) -> list[VideoItem]:
    """The videos in the order in which they come first. label_of: the new label of each; -1 = it is no event."""
    spans: dict[str, set[LabelSpan]] = defaultdict(set)
    groups: dict[str, str | None] = {}
    for item in items:
        groups.setdefault(item.path, item.group)
        given = (LabelSpan(item.label, item.start_seconds, item.end_seconds),) if item.spans is None else item.spans
        kept = (span for span in given if span.is_known and label_of[span.label] >= 0)
        renamed = (span._replace(label=label_of[span.label]) for span in kept)
        spans[item.path].update(clipped(span, item) for span in renamed)
    order = {path: sorted(found, key=lambda span: (span.start_seconds, span.label)) for path, found in spans.items()}
    return [VideoItem(path, MULTI_LABEL, group=groups[path], spans=tuple(order[path])) for path in groups]


def clipped(span: LabelSpan, item: VideoItem) -> LabelSpan:
    """The span within the stretch of its item."""
    start, end = max(span.start_seconds, item.start_seconds), span.end_seconds
    if item.end_seconds is not None:
        end = item.end_seconds if end is None else min(end, item.end_seconds)
    return LabelSpan(span.label, start, end)


def count_events(items: Items) -> int:
    """Labelled stretches in all videos."""
    return sum(len(item.spans or ()) for item in items)


def check_one_split(source: str, splits: dict[str, Items]) -> None:
    """Raises: ValueError: a video in two splits."""
    where: dict[str, str] = {}
    for split, items in splits.items():
        for item in items:
            if (other := where.setdefault(item.path, split)) != split:
                raise ValueError(
                    f"{source}: stretches of {item.path} stand in {other} and in {split}. A video that is localised in "
                    "belongs to one split; correct the column split, or leave it out and splits are made by video."
                )


class Extent(NamedTuple):
    """What a video's header says."""

    seconds: float
    fps: float
    rounding: float = ROUNDING_SECONDS  # it may be longer by so much


def extents(items: Sequence[VideoItem], reading: Mapping[str, Any]) -> list[Extent | None]:
    """The extent of each video; None where it cannot be opened.

    Args:
        reading: options of ``open_video``, and ``isolated``.
    """
    look = partial(extent_of, frame_fps=reading.get("frame_fps"))
    found = isolated(items, look, num_workers=int(bool(reading.get("isolated"))), seconds=LOOK_SECONDS)
    return [None if isinstance(one, WorkerFailure) else one for _, one in found]


def extent_of(item: VideoItem, *, frame_fps: float | None) -> Extent | None:
    """From the header; decodes nothing."""
    try:
        with open_video(item.path, frame_fps=frame_fps) as video:
            if isinstance(video, FeatureVideo):
                return Extent(video.duration_seconds, video.fps, video.sequence.window_seconds / 2)
            return Extent(video.duration_seconds, video.fps)
    except BadVideo:
        return None


def cut_to_video(items: Items, found: Sequence[Extent | None]) -> tuple[Items, list[str]]:
    """Items whose spans end where their videos do, and a sentence on what had to change."""
    rows, beyond, cut = [], [], []
    for item, extent in zip(items, found, strict=True):
        kept = []
        for span in item.spans or ():
            end = span.end_seconds
            if extent and span.start_seconds >= extent.seconds:
                beyond.append(described(item, span, extent))
            elif extent and end is not None and end > extent.seconds + extent.rounding:
                cut.append(described(item, span, extent))
                kept.append(span._replace(end_seconds=None))
            elif end is None or end > span.start_seconds:
                kept.append(span)
            else:
                beyond.append(described(item, span, extent))
        rows.append(item._replace(spans=tuple(kept)))
    notes = []
    if beyond:
        notes.append(
            f"{pluralize(len(beyond), 'event')} left out, without a moment in the video: {truncated_list(beyond, 3)}"
        )
    if cut:
        notes.append(
            f"{pluralize(len(cut), 'event')} cut at the end of the video: {truncated_list(cut, 3)}. Are the times "
            "seconds of these files?"
        )
    return Items.of(rows, items.root), notes


def check_events_left(items: Items, source: str, split: str, notes: Sequence[str]) -> None:
    """Raises: ValueError: ``cut_to_video`` left no event in a split, as happens to times that count frames."""
    if not any(item.spans for item in items):
        raise ValueError(
            f"{source}: no event of {split} lies within its video. {' '.join(notes) or 'None is annotated.'} Give the "
            "times in seconds from the start of each file, 0 to its length."
        )


def described(item: VideoItem, span: LabelSpan, extent: Extent | None) -> str:
    """``a.mp4 12 to 13.5 s of 9.8 s``"""
    end = "the end" if span.end_seconds is None else f"{span.end_seconds:g} s"
    length = f" of {extent.seconds:.1f} s" if extent else ""
    return f"{item.path} {span.start_seconds:g} to {end}{length}"


def training_windows(items: Items, found: Sequence[Extent | None], window_seconds: Sequence[float]) -> Items:
    """Stretches of videos, each long enough for two windows and starting one window after the one before it: a clip at
    a random place of a random stretch is at a random place of a random video, and an epoch sees all of each.

    Args:
        window_seconds: of a clip in each video.
    """
    rows = []
    for item, extent, window in zip(items, found, window_seconds, strict=True):
        seconds = extent.seconds if extent else 0.0
        count = max(1, round(seconds / window) - WINDOWS_PER_STRETCH + 1)
        for number in range(count):
            start, is_last = number * window, number == count - 1
            end = None if is_last else start + WINDOWS_PER_STRETCH * window
            rows.append(item._replace(start_seconds=start, end_seconds=end))
    return Items.of(rows, items.root)
