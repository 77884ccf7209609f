"""What was examined, compared with what the data set says of it -> faults, each with its kind and what to do."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from videoai.core.messages import pluralize
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.check.examine import Examined
from videoai.data.check.near_duplicates import exact_duplicates, near_duplicates
from videoai.data.lists.listing import SPLITS
from videoai.data.lists.manifest import Manifest
from videoai.data.sampling import span_frames

# kind -> what it means and what to do; the reasons of media.Reason, crash and timeout are kinds too
KINDS = {
    "duplicate": "the same bytes twice in one split: the video counts twice",
    "near_duplicate": "the same pictures, encoded again, twice in one split",
    "conflict": "the same video under two labels: one of them is wrong",
    "leak_path": "one file in two splits: the score flatters",
    "leak_content": "the same bytes in two splits: the score flatters",
    "leak_near": "the same pictures, encoded again, in two splits: the score flatters",
    "leak_group": "clips of one group in two splits: the score flatters",
    "segment": "the stretch begins or ends outside the video",
    "imbalance": "the largest class has more than 10 times the clips of this one",
    "too_short": "shorter than one clip, which clip.past_end then fills up: take a smaller clip.stride",
    "gap": "no new picture for a while: the one before is shown. Frame numbers skip that time; clip.fps does not",
    "few": "fewer than 2 training clips of this class",
    "refused": "training rejects the data set as listed",
    "empty_class": "a class without videos: add some, or remove the class",
    "label_without_class": "no label, or one that no training video has: name classes alike everywhere",
    "label_out_of_range": "the label is the number of no class",
}
LIGHT = frozenset(
    ("duplicate", "near_duplicate", "imbalance", "few", "gap", "too_short")
)  # warnings: training goes on with them
IMBALANCE = 10  # times; at 10 a classifier gains by ignoring the small class (arXiv:1901.05555 studies 10 to 100)
MARGIN_SECONDS = 0.5  # tables round to seconds, and the last frame lasts


class Fault(NamedTuple):
    """One thing that is wrong."""

    kind: str
    path: str  # the file at fault; of copies those whose removal fixes it, see _kept_first; "" = the data set
    detail: str
    twin: str = ""  # the other file of a pair; "" = there is none

    @property
    def is_light(self) -> bool:
        return self.kind in LIGHT


def find_faults(
    manifest: Manifest, examined: Iterable[Examined], *, near: bool = True, clip: ClipSpec | None = None
) -> list[Fault]:
    """Every fault of a data set, grouped by kind.

    Args:
        examined: every file of the manifest, once.
        near: also compare the pictures of all files with each other.
        clip: also name what is shorter than one.
    """
    files = {file.path: file for file in examined}
    uses: dict[str, list[tuple[str, VideoItem]]] = defaultdict(list)
    for split, items in manifest.splits.items():
        for item in items:
            uses[item.path].append((split, item))
    faults = [Fault(file.reason, file.path, file.detail) for file in files.values() if file.reason]
    faults += [Fault("gap", file.path, _span(*file.gap)) for file in files.values() if file.gap[1]]
    faults += _segments(files, uses)
    faults += _too_short(files, uses, clip) if clip and clip.sampling == "dense" else []
    faults += _shared_paths(uses)
    same = exact_duplicates(list(files.values()))
    pairs = [pair for paths in same for pair in combinations(paths, 2) if not os.path.samefile(*pair)]
    faults += _pairs(pairs, uses, manifest, "leak_content", "duplicate")
    if near:
        faults += _pairs(near_duplicates(list(files.values())), uses, manifest, "leak_near", "near_duplicate")
    faults += [*_groups(manifest), *_classes(manifest)]
    return sorted(set(faults))


def _span(start: float, end: float) -> str:
    return f"{end - start:.1f} s, from {start:.2f} s on"


def _segments(files: Mapping[str, Examined], uses: Mapping[str, list[tuple[str, VideoItem]]]) -> Iterator[Fault]:
    for path, used in uses.items():
        file = files[path]
        for _, item in used:
            end = item.end_seconds if item.end_seconds is not None else 0.0
            latest = max(item.start_seconds, end - MARGIN_SECONDS)
            if not file.reason and latest >= file.seconds and latest > 0:
                stretch = f"{item.start_seconds:g} .. {'end' if item.end_seconds is None else f'{end:g}'} s"
                yield Fault("segment", path, f"{stretch}, but the video lasts {file.seconds:.2f} s")


def _too_short(
    files: Mapping[str, Examined], uses: Mapping[str, list[tuple[str, VideoItem]]], clip: ClipSpec
) -> Iterator[Fault]:
    for path, used in uses.items():
        file = files[path]
        for _, item in used if file.num_frames and file.seconds else ():
            fps = file.num_frames / file.seconds
            end = file.seconds if item.end_seconds is None else min(item.end_seconds, file.seconds)
            held, needed = round((end - item.start_seconds) * fps), round(span_frames(clip, fps))
            if held < needed:
                yield Fault("too_short", path, f"{held} frames, a clip spans {needed}")


def _shared_paths(uses: Mapping[str, list[tuple[str, VideoItem]]]) -> Iterator[Fault]:
    """Also when one of the names is a link."""
    by_file: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    for path, used in uses.items():
        if os.path.exists(path):
            about = os.stat(path)
            by_file[about.st_dev, about.st_ino] += [(split, path) for split in sorted({split for split, _ in used})]
    for uses_of_file in by_file.values():
        (kept_split, kept), *others = _kept_first(uses_of_file)
        for split, path in others:
            if split != kept_split:
                yield Fault(
                    "leak_path",
                    path,
                    f"in {split} and in {kept_split}" + f" as {kept}" * (kept != path),
                    kept * (kept != path),
                )
            else:
                yield Fault("duplicate", path, f"the same file as {kept}", kept)


def _pairs(
    pairs: Iterable[tuple[str, str]],
    uses: Mapping[str, list[tuple[str, VideoItem]]],
    manifest: Manifest,
    across: str,
    within: str,
) -> Iterator[Fault]:
    for one, other in pairs:
        ends = [(split, item.path) for path in (one, other) for split, item in uses[path]]
        labels = {item.labels for path in (one, other) for _, item in uses[path]}
        *_, (split, path) = _kept_first(ends)
        twin = other if path == one else one
        elsewhere = next(split for split, item in uses[twin])
        if len(labels) > 1:
            named = ["|".join(manifest.classes[label] for label in some) or "no label" for some in sorted(labels)]
            names = " and ".join(named)
            yield Fault("conflict", path, f"{names}: the same as {twin} in {elsewhere}", twin)
        if len({split for split, _ in ends}) > 1:
            yield Fault(across, path, f"in {split}, the same as {twin} in {elsewhere}", twin)
        elif len(labels) == 1:
            yield Fault(within, path, f"the same as {twin}", twin)


def _groups(manifest: Manifest) -> Iterator[Fault]:
    splits: dict[str, set[str]] = defaultdict(set)
    for split, items in manifest.splits.items():
        for item in items:
            if item.group is not None:
                splits[item.group].add(split)
    for group, names in splits.items():
        if len(names) > 1:
            yield Fault("leak_group", "", f"group {group} is in {' and '.join(sorted(names))}")


def _classes(manifest: Manifest) -> Iterator[Fault]:
    totals = {name: sum(counts) for name, *counts in manifest.table()}
    most = max(totals.values())
    for name, train, *_ in manifest.table():
        if totals[name] * IMBALANCE < most:
            yield Fault("imbalance", "", f"class {name} has {pluralize(totals[name], 'clip')}, the largest {most}")
        if train < 2:
            yield Fault("few", "", f"class {name} has {train} training clips")


def _kept_first(ends: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sort copies, (split, path), by which one stays: that in test, then val, then train, so that scores compare; in
    one split the first by name. The extension is left aside: ``a (1).mp4`` comes after ``a.mp4``."""
    return sorted(ends, key=lambda end: (-SPLITS.index(end[0]), os.path.splitext(end[1])[0], end[1]))
