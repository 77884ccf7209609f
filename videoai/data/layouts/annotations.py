"""Annotated clips -> a Manifest: finds the files, counts what is absent, drops what is listed twice, makes splits."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple, TypedDict

import numpy as np
from numpy import ndarray

from videoai.core.messages import near_names, pluralize, truncated_list
from videoai.data.layouts.frame_times import FrameTimes
from videoai.data.layouts.video_index import VideoIndex, is_file
from videoai.data.lists.from_files import assemble
from videoai.data.lists.items import Items
from videoai.data.lists.listing import SPLITS, Listing, NamedSpan, ReadClips, Row, Together, group_notes, label_notes
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds


class Annotated(NamedTuple):
    """One clip as the annotations name it."""

    video: str  # id or path, with or without extension
    label: str
    split: str | None = None  # one of SPLITS; None = to be made
    group: str | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    also: tuple[str, ...] = ()  # other names that the file may have
    beside: str = ""  # a folder: a video of the first name that lies there comes before others that are called so
    spans: tuple[NamedSpan, ...] | None = None  # spans in a multi-label set, where label is ""
    likely_group: str | None = None  # what stands in a column that may name people or sources
    counts_frames: bool = False  # starts and ends are numbers of frames of the file, the first 0, not seconds
    step: int = 1  # frames from one annotated frame to the next, where frames are counted
    targets: tuple[str, ...] = ()  # what stands in the columns of targets, checked already


class SplitOptions(TypedDict, total=False):
    """What every layout takes."""

    val_fraction: float  # made by group where the annotations name no val
    test_fraction: float  # likewise, unless the annotations name splits
    split_seed: int
    max_missing_fraction: float  # allowed share of absent videos; more are an error


def manifest_from_annotations(
    clips: Iterable[Annotated],
    root: str,
    source: str,
    *,
    notes: Sequence[str] = (),
    grouped_by: str | None = None,
    likely_group: str | None = None,
    published: bool = False,
    columns: Kinds | None = None,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_seed: int = 0,
    max_missing_fraction: float = 0.25,
) -> Manifest:
    """Find each clip's file below root and resolve labels and splits.

    A folder of frames is a video too, but not for clips with an end: images carry no times.

    Annotated files that do not exist any more are common (deleted YouTube videos): they are counted, noted and left
    out. The same stretch listed twice counts once.

    Args:
        source: the annotations, for messages.
        grouped_by: what the groups are, for the note about them.
        likely_group: the column that may name people or sources, where no groups are set.
        published: flaws of the annotations are noted, because users cannot fix them: val and test clips of classes that
            train lacks are left out, a stretch may have several labels or splits. Otherwise they are errors.
        columns: what the targets of clips are, by the names of their columns.
        max_missing_fraction: 0.25 lets an old YouTube set pass and stops at a wrong root or half a download.
    Raises:
        FileNotFoundError: no such root. ValueError: none or too few of the files are there; whatever `assemble` says.
    """
    root = os.path.abspath(os.path.expanduser(root))
    if not os.path.isdir(root):
        raise FileNotFoundError(f"{root}: no such folder of videos.{near_names(root)}")
    finder = _Finder(VideoIndex(root))
    listing = Listing.of(finder.rows(clips), root, columns)
    finder.check_absent(source, max_missing_fraction, len(listing.items))
    notes = [*notes, *finder.notes()]
    listing = _without_repeats(listing, source, published, notes)
    if published:
        listing = _without_unknown_classes(listing, notes)
    if listing.items.label_sets is not None:
        notes += label_notes(listing.items)
    notes += group_notes(listing.items, grouped_by)
    together = None
    if likely_group and 1 < (number := len(finder.likely_groups)) < len(listing.items):
        together = Together("group", likely_group, f"{likely_group} names {number} groups of clips")
    result = ReadClips(listing, bool((listing.split >= 0).any()), notes, together)
    return assemble(result, root, source, val_fraction=val_fraction, test_fraction=test_fraction, split_seed=split_seed)


class _Finder:
    """Turns annotated clips into rows and keeps count of those it cannot."""

    def __init__(self, videos: VideoIndex) -> None:
        self.videos = videos
        self.where: dict[tuple[str, str], str | None] = {}  # name, folder beside it -> path below root, None = absent
        self.absent: Counter[str] = Counter()  # split -> videos
        self.likely_groups: set[str] = set()
        self.empty: list[str] = []  # stretches that do not end after they begin
        self.outside: list[str] = []  # stretches that begin after the last frame of the file
        self.cut: list[str] = []  # stretches that end after it
        self.num_untold = 0  # stretches of folders of images, which have no times
        self.is_folder = cache(lambda path: not is_file(path))
        self.times = FrameTimes(videos.root)

    def rows(self, clips: Iterable[Annotated]) -> Iterator[Row]:
        """A row for each clip whose file is there; the others are counted."""
        for clip in clips:
            path = self._path_of(clip)
            if path is None:
                continue
            if _has_times(clip) and self.is_folder(path):
                self.num_untold += 1
                continue
            if clip.counts_frames:
                if (times := self.times.of(path)) is None or not (clip := self._within(clip, len(times) - 1)):
                    continue
                clip = _in_seconds(clip, times)
            if clip.end_seconds is not None and clip.end_seconds <= clip.start_seconds:
                self.empty.append(f"{clip.label!r} of {clip.video}, {clip.start_seconds:g} to {clip.end_seconds:g} s")
            else:
                self.likely_groups |= {clip.likely_group} if clip.likely_group else set()
                stretch = clip.start_seconds, clip.end_seconds
                yield Row(path, clip.label, clip.split, clip.group, *stretch, spans=clip.spans, targets=clip.targets)

    def _within(self, clip: Annotated, num_frames: int) -> Annotated | None:
        """The clip with the spans that begin inside the file. None = it does not itself. What ends later is cut."""
        parts = clip.spans if clip.spans is not None else [NamedSpan(clip.label, clip.start_seconds, clip.end_seconds)]
        for label, start, end, _ in parts:
            what = f"{label!r} of {clip.video}, frame {start:g} to {end or start:g} of {num_frames}"
            if start >= num_frames:
                self.outside.append(what)
            elif end is not None and end > num_frames + clip.step:
                self.cut.append(what)
        if clip.spans is not None:
            return clip._replace(spans=tuple(span for span in clip.spans if span.start_seconds < num_frames))
        return clip if clip.start_seconds < num_frames else None

    def _path_of(self, clip: Annotated) -> str | None:
        key = clip.video, clip.beside
        if key not in self.where:
            names = [os.path.join(clip.beside, clip.video)] if clip.beside else []
            path = next(filter(None, map(self.videos.find, (*names, clip.video, *clip.also))), None)
            self.where[key] = path
            self.absent[clip.split or "no split"] += path is None
        return self.where[key]

    def check_absent(self, source: str, max_fraction: float, num_clips: int) -> None:
        """Raises: ValueError: no clip is left, or more files than ``max_fraction`` of all are missing."""
        total, absent = len(self.where), self.absent.total()
        if self.num_untold and not num_clips:
            raise ValueError(
                f"{source}: its stretches lie in folders of images, which have no times. A table for "
                "data=csv may name stretches of them, counted at loading.frame_fps."
            )
        if self.outside and not num_clips:
            raise ValueError(
                f"{source}: no label begins inside its video, first {self.outside[0]}; frames are counted from 0. Are "
                "these the videos that were annotated, in their whole length?"
            )
        if self.empty and not num_clips:
            raise ValueError(f"{source}: no label ends after it begins, first {self.empty[0]}; correct the times")
        if self.times.faults and not num_clips:
            raise ValueError(f"{source}: its labels count frames, and no video can be opened: {self.times.faults[0]}")
        if not total:
            raise ValueError(f"{source}: no clip with a label in the annotations")
        if absent == total or absent > max_fraction * total:
            example = f"e.g. {self.videos.some_path()}" if len(self.videos) else "none"
            raise ValueError(
                f"{source}: {absent} of {total} annotated videos do not lie below {self.videos.root}, first "
                f"{truncated_list(self._absent_names(), 3)}; videos there: {len(self.videos)}, {example}. Set "
                f"data.root to the folder of the videos"
                + (f", or allow more than data.max_missing_fraction={max_fraction:g}" if absent < total else "")
            )

    def notes(self) -> list[str]:
        """A sentence for each kind of clip that was left out."""
        notes = []
        if absent := self.absent.total():
            by_split = ", ".join(f"{split} {count}" for split, count in sorted(self.absent.items()) if count)
            notes.append(
                f"{absent} of {len(self.where)} annotated videos are not there and are left out ({by_split}), first "
                f"{truncated_list(self._absent_names(), 3)}."
            )
        for kind, some in (
            ("left out {} not ending after the beginning", self.empty),
            ("left out {} beginning after the end of the video", self.outside),
            ("cut {} ending after the end of the video", self.cut),
        ):
            if some:
                notes.append(f"{kind.format(_stretches(len(some)))}, first {some[0]}.")
        if self.num_untold:
            notes.append(f"left out {_stretches(self.num_untold)} of folders of images, which have no times.")
        if faults := self.times.faults:
            notes.append(
                f"left out the clips of {pluralize(len(faults), 'video')} that cannot be opened to time their frames, "
                f"first {faults[0]}."
            )
        if self.videos.num_doubtful:
            notes.append(
                f"{pluralize(self.videos.num_doubtful, 'name fits', 'names fit')} several videos, such as "
                f"{self.videos.example}; the first was taken. Set data.root to a folder that holds only one of them."
            )
        return notes

    def _absent_names(self) -> list[str]:
        return [name for (name, _), path in self.where.items() if path is None]


def _stretches(number: int) -> str:
    return pluralize(number, "labelled stretch", "labelled stretches")


def _has_times(clip: Annotated) -> bool:
    return any(part.start_seconds > 0 or part.end_seconds is not None for part in (clip, *(clip.spans or ())))


def _in_seconds(clip: Annotated, times: ndarray) -> Annotated:
    """Numbers of frames -> seconds. ``times``: of every frame, and of the end."""

    def at(frame: float) -> float:
        return float(times[min(int(frame), len(times) - 1)])

    def ended(frame: float | None) -> float | None:
        return None if frame is None else at(frame)

    spans = clip.spans and tuple(
        NamedSpan(span.label, at(span.start_seconds), ended(span.end_seconds)) for span in clip.spans
    )
    start, end = at(clip.start_seconds), ended(clip.end_seconds)
    return clip._replace(start_seconds=start, end_seconds=end, spans=spans)


def _without_repeats(listing: Listing, source: str, published: bool, notes: list[str]) -> Listing:
    """Keep the first where the same stretch is listed twice. In a user's set a second label or split is a mistake."""
    items = listing.items
    order = items.in_order()  # keeps the order found of those that are alike
    stretch = np.stack([items.file, items.start_seconds, np.nan_to_num(items.end_seconds, nan=-1)])[:, order]
    alike = (stretch[:, 1:] == stretch[:, :-1]).all(0)
    label, split = items.label[order], listing.split[order]
    several_labels, several_splits = alike & (np.diff(label) != 0), alike & (np.diff(split) != 0)
    for several, what in ((several_labels, "label"), (several_splits, "split")):
        if several.any() and not published:
            raise ValueError(
                f"{source}: {pluralize(int(several.sum()), 'clip is', 'clips are')} listed with more than one {what}, "
                "first "
                f"{items[int(order[1:][several.argmax()])].path}; a clip has one {what}. Correct the lists, or name "
                "those that belong together with data.annotations"
            )
    if several_labels.any() and items.label_sets is None:
        number = pluralize(int(several_labels.sum()), "stretch has", "stretches have")
        notes.append(f"{number} several labels; each makes a clip of its own.")
    repeats = alike & ~several_labels if items.label_sets is None else alike
    if not repeats.any():
        return listing
    number = pluralize(int(repeats.sum()), "clip is", "clips are")
    notes.append(f"{number} listed twice; the first listing counts.")
    keep = np.ones(len(items), bool)
    keep[order[1:][repeats]] = False
    return _select(listing, keep)


def _without_unknown_classes(listing: Listing, notes: list[str]) -> Listing:
    train = listing.split <= SPLITS.index("train")  # not said: train
    if listing.items.label_sets is not None:
        return _without_unknown_labels(listing, train, notes)
    known = np.isin(listing.items.label, listing.items.label[train])
    if known.all() or not train.any():
        return listing
    names = sorted({listing.names[label] for label in listing.items.label[~known].tolist()})
    notes.append(
        f"left out {pluralize(int((~known).sum()), 'val or test clip')} of classes that train lacks "
        f"({truncated_list(names, 3)}): scores published over all clips count them as wrong."
    )
    return _select(listing, known)


def _without_unknown_labels(listing: Listing, train: ndarray, notes: list[str]) -> Listing:
    """Drop unknown classes of a multi-label set: the clips stay, as examples of other classes or of none."""
    label_of = np.arange(len(listing.names))
    label_of[listing.items[train].count_labels(len(listing.names)) == 0] = -1
    unknown = [listing.names[label] for label in np.unique(listing.items.label_pairs()[1]) if label_of[label] < 0]
    if not unknown or not train.any():
        return listing
    number = pluralize(len(unknown), "class", "classes")
    notes.append(f"left out {number} that train lacks ({truncated_list(unknown, 3)}); their clips stay.")
    return replace(listing, items=listing.items.relabelled(label_of))


def _select(listing: Listing, keep: ndarray) -> Listing:
    items: Items = listing.items[keep]
    return replace(listing, items=items, split=listing.split[keep])
