"""Aff-Wild2 (arXiv:1811.07770; the ABAW challenges, arXiv:2202.10659): valence and arousal of every frame of a video.

``VA_Estimation_Challenge/Train_Set/VIDEO.txt`` and ``Validation_Set`` have the line ``valence,arousal`` and then a line
a frame; -5 = not annotated. Where two people are seen, a file each, ``VIDEO_left.txt`` and ``VIDEO_right.txt``.
"""

import os
from collections.abc import Iterator
from typing import Unpack

import numpy as np
from numpy import ndarray

from videoai.core.messages import pluralize
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, csv_entries
from videoai.data.layouts.frame_times import FrameTimes
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.survey import Candidate, Survey, header, survey
from videoai.data.layouts.video_index import VideoIndex
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import NO_LABEL, Kinds

SETS = {"train_set": "train", "validation_set": "val", "test_set": "test"}
VALUES = ("valence", "arousal")
OFFERED: Offered = {name: ["value"] for name in VALUES}
OFFERED_KINDS: Kinds = dict.fromkeys(VALUES, "value")
PEOPLE = ("_left", "_right")  # what follows the name of a video where two people are annotated
NOT_ANNOTATED = -5.0


def detect(tree: Survey) -> Candidate | None:
    return Candidate("aff_wild2", {"root": tree.root}, "Train_Set with valence,arousal") if _lists(tree) else None


def from_aff_wild2(
    root: str,
    *,
    annotations: str | None = None,
    window_seconds: float = 2.0,
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the means of valence and arousal, -1 to 1, of windows of the videos, in the official sets.

    A video is cut into windows of ``window_seconds`` side by side, the first at 0. A window has the mean of those of
    its frames that are annotated; one with less than half of its frames annotated is left out and counted. What remains
    at the end of a video is a window where it is at least half as long. All windows of a video are a group.

    Args:
        annotations: the folder of the lists; None = below root.
        columns: valence, arousal, of kind value; None = both.
    """
    check_offered("aff_wild2", columns, OFFERED)
    kinds: Kinds = columns or OFFERED_KINDS
    tree = survey(annotations or root)
    lists = _lists(tree) or tree.fail("Aff-Wild2", "Train_Set/VIDEO.txt with valence,arousal")
    windows = _Windows(os.path.abspath(os.path.expanduser(root)), window_seconds, kinds)
    clips = [clip for path in lists for clip in windows.of(path)]
    source = os.path.dirname(os.path.dirname(lists[0]))
    if not clips and windows.times.faults:
        raise ValueError(f"{source}: none of the videos can be opened, first {windows.times.faults[0]}")
    return manifest_from_annotations(
        clips, root, source, notes=windows.notes(), grouped_by="video", published=True, columns=kinds, **options
    )


def _lists(tree: Survey) -> list[str]:
    """The files of the sets; those of expressions and action units lie in folders of the same names."""
    return [
        path
        for path in tree.named("*.txt")
        if os.path.basename(os.path.dirname(path)).lower() in SETS and header(path) == [*VALUES]
    ]


class _Windows:
    """Cuts videos and keeps count of what is left out."""

    def __init__(self, root: str, seconds: float, kinds: Kinds) -> None:
        self.seconds, self.kinds = seconds, kinds
        self.videos, self.times = VideoIndex(root), FrameTimes(root)
        self.num_left_out = 0  # windows
        self.of_one_person: list[str] = []  # lists of one of two people in a picture
        self.other_lengths: list[str] = []

    def of(self, path: str) -> Iterator[Annotated]:
        """The windows of a list. A video that is not there comes as it is, and is counted as absent."""
        video, split = (
            os.path.splitext(os.path.basename(path))[0],
            SETS[os.path.basename(os.path.dirname(path)).lower()],
        )
        values, found = frame_values(path), self.videos.find(video)
        if found is None and video.endswith(PEOPLE):
            self.of_one_person.append(video)
        elif found is None:
            yield Annotated(video, NO_LABEL, split, video, targets=("",) * len(self.kinds))
        elif (times := self.times.of(found)) is not None:
            yield from self._cut(video, split, values, times)

    def _cut(self, video: str, split: str, values: ndarray, times: ndarray) -> Iterator[Annotated]:
        """values: [N, 2] of frames; times: [M + 1] seconds at which each begins, and the last ends."""
        if abs(len(values) - (len(times) - 1)) > 1:
            self.other_lengths.append(f"{video} ({len(values)} lines, {len(times) - 1} frames)")
        count = min(len(values), len(times) - 1)
        values, window_of = values[:count], (times[:count] // self.seconds).astype(int)
        is_known = (values != NOT_ANNOTATED).all(1)
        for window in range(int(window_of.max(initial=-1)) + 1):
            inside = window_of == window
            start = window * self.seconds
            end = min(start + self.seconds, float(times[count]))
            if end - start < self.seconds / 2 or inside.sum() > 2 * (inside & is_known).sum():
                self.num_left_out += 1
                continue
            means = dict(zip(map(str, VALUES), values[inside & is_known].mean(0), strict=True))
            targets = tuple(f"{means[name]:.6f}" for name in self.kinds)
            yield Annotated(video, NO_LABEL, split, video, start, end, targets=targets)

    def notes(self) -> list[str]:
        """What a clip is, and a sentence for each kind that was left out."""
        notes = [f"a clip is a window of {self.seconds:g} s with the mean of its annotated frames."]
        if number := self.num_left_out:
            said = pluralize(number, "window")
            notes.append(f"left out {said}: less than half annotated, or a rest shorter than half a window.")
        for several, said in (
            (
                self.of_one_person,
                "left out {} of one of two people: cut out the faces, as VIDEO_left.mp4, to take them",
            ),
            (self.other_lengths, "{} with other numbers of lines than of frames, counted from the first"),
            (self.times.faults, "left out {} whose video cannot be opened"),
        ):
            if several:
                notes.append(f"{said.format(pluralize(len(several), 'list'))}; first {several[0]}.")
        return notes


def frame_values(path: str) -> ndarray:
    """Valence and arousal of each frame, float64 [N, 2]. Raises: ValueError: ``file:LINE``, neither -1 to 1 nor -5."""
    try:
        values = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    except ValueError:
        values = np.full((1, 2), np.nan)
    if values.shape[1] != 2 or not (is_annotated(values) | (values == NOT_ANNOTATED)).all():
        for entry in csv_entries(path):  # slower, and knows its lines
            _check(entry)
    return values


def is_annotated(values: ndarray) -> ndarray:
    """Which are numbers of the scale."""
    return (values >= -1) & (values <= 1)


def _check(entry: Entry) -> None:
    for name, text in zip(VALUES, entry.targets(OFFERED_KINDS), strict=True):
        if not text or not (is_annotated(np.array(float(text))) or float(text) == NOT_ANNOTATED):
            entry.fail(f"{name} is {text or 'empty'}; a number of -1 to 1 is allowed, or -5 for not annotated")
