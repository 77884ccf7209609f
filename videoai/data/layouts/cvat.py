"""CVAT's XML 1.1, "for video" and "for images" (docs.cvat.ai, XML annotation format): stretches of videos.

    <annotations><meta><task><source>a.mp4</source><frame_filter>step=2</frame_filter></task></meta>
      <track label="run"><box frame="0" outside="0" .../><box frame="30" outside="1" .../></track>
      <image id="0" name="frame_000000"><tag label="run"/></image></annotations>

A track is there from a shape with outside=0 up to the next one with outside=1. Tags of images that follow each other
make a stretch. Frames are those of the video, so its own timestamps say when they are.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Unpack

from videoai.core.messages import pluralize
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.cvat_tasks import Task, tasks_in
from videoai.data.layouts.stretches import choose, clips, listed
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest

KINDS = ("tag", "track")  # what holds labels where no attribute is chosen; tags describe the whole picture


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    if not files:
        return None
    settings, why = tree.place(), f"{os.path.basename(files[0])} of CVAT"
    try:
        tasks = [task for path in files for task in tasks_in(path)]
    except ValueError:  # reading it will say so
        return Candidate("cvat", settings, why)
    counts = _counts(tasks)
    if len(counts) > 1:
        why += f"; labels in {', '.join(listed(counts))}, data.labels chooses"
    if {*KINDS} <= counts.keys():
        settings["labels"] = KINDS[0]
    return Candidate("cvat", settings, why)


def from_cvat(
    root: str,
    *,
    annotations: str | None = None,
    labels: str | None = None,
    multi_label: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the tracks and tags of every video. The subset of a task is its split where it is called so.

    Args:
        root: the videos; the task names the file, else it is called as the annotation file or its folder.
        annotations: the XML file or its folder; None = below root.
        labels: tag, track, or the name of an attribute whose values are the classes; None = tags or tracks, whichever
            there are.
        multi_label: a video has any number of labels, each at its times.
    """
    tree = survey(annotations or root)
    files = _files(tree) or tree.fail("CVAT", 'an .xml file exported as "CVAT for video 1.1" or "CVAT for images 1.1"')
    tasks = [task for path in files for task in tasks_in(path)]
    counts = _counts(tasks)
    usual = {kind: counts[kind] for kind in KINDS if kind in counts}
    kind = choose("labels", labels, usual if labels is None else counts, files[0])
    found = (clip for task in tasks for clip in _clips(task, kind, multi_label))
    notes = [*_others(tree, files), *_notes(tasks, kind, multi_label)]
    return manifest_from_annotations(found, root, files[0], notes=notes, **options)


def _files(tree: Survey) -> list[str]:
    return [path for path in tree.named("*.xml") if "<annotations>" in peek(path)]


def _others(tree: Survey, files: list[str]) -> list[str]:
    others = [path for path in tree.named("*.xml") if path not in {*files}]
    what = pluralize(len(others), "other .xml file")
    return [f"left out {what} without <annotations>, first {os.path.relpath(others[0], tree.root)}."] if others else []


def _counts(tasks: list[Task]) -> Counter[str]:
    """How many stretches are labelled by tags, tracks and each attribute."""
    return Counter(kind for task in tasks for kind, spans in task.stretches.items() for _ in spans)


def _clips(task: Task, kind: str, multi_label: bool) -> Iterator[Annotated]:
    spans = task.stretches.get(kind, [])
    if spans or multi_label:
        split = SPLIT_NAMES.get(task.subset.lower())
        place = {"also": task.also, "beside": task.beside, "split": split, "counts_frames": True, "step": task.step}
        yield from clips(task.entry, task.video, spans, multi_label=multi_label, **place)


def _notes(tasks: list[Task], kind: str, multi_label: bool) -> list[str]:
    notes = []
    bare = [task.video for task in tasks if not task.stretches.get(kind)]
    if bare and not multi_label:
        notes.append(f"left out {pluralize(len(bare), 'video')} without a label of {kind}, first {bare[0]}.")
    short = [
        task.video
        for task in tasks
        for span in task.stretches.get(kind, [])
        if span.end_seconds is not None and span.end_seconds - span.start_seconds <= task.step
    ]
    if short:
        notes.append(f"labels that hold for a single frame: {len(short)}, first in {short[0]}.")
    return notes
