"""The tasks of CVAT's XML: one video each, with the stretches of frames of its tracks, tags and their attributes."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from videoai.data.layouts.entries import Entry
from videoai.data.layouts.xml_elements import Element, parts_of
from videoai.data.lists.listing import NamedSpan

VIDEO_FRAME = re.compile(r"frame_\d+(\.\w+)?")  # what CVAT calls the pictures of a video
STEP = re.compile(r"step\s*=\s*(\d+)")
UNNAMED = ("annotations", "annotation")  # what the file is called in every export


@dataclass
class Task:
    """One video. Starts and ends of its stretches are numbers of frames; the first is 0, the end is not part of it."""

    entry: Entry
    video: str
    also: tuple[str, ...]
    beside: str  # the folder of the annotation file
    step: int = 1  # frames from one annotated frame to the next
    subset: str = ""
    stretches: dict[str, list[NamedSpan]] = field(default_factory=lambda: defaultdict(list))  # tag, track or attribute
    seen: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))  # frames of images


def tasks_in(path: str) -> Iterator[Task]:
    """The videos of one file, a task's or a project's. Raises: ValueError: `file:LINE: ...`."""
    tasks: dict[str, Task] = {}
    for part in parts_of(path):
        if part.name == "meta":
            tasks = _described(part, path)
        elif part.name in ("track", "image"):
            task = _task_of(part, tasks)
            task.subset = task.subset or part.entry.fields.get("subset", "")
            _add_track(task, part) if part.name == "track" else _add_image(task, part)
    for task in tasks.values():
        for (kind, label), frames in task.seen.items():
            task.stretches[kind] += _runs(label, frames, task.step)
        yield task


def _described(meta: Element, path: str) -> dict[str, Task]:
    """By id. The file of a task is named, or it is called as the task, or as the annotation file or its folder."""
    stem = os.path.splitext(os.path.basename(path))[0]
    own = os.path.basename(os.path.dirname(path)) if stem.lower() in UNNAMED else stem
    tasks = {}
    for about in meta.all("task", "job"):
        names = [name for name in (about.said("source"), about.said("name")) if name]
        step = STEP.search(about.said("frame_filter"))
        video, *also = dict.fromkeys([*names, own])
        subset = about.said("subset")
        tasks[about.said("id")] = Task(
            about.entry, video, tuple(also), os.path.dirname(path), int(step[1]) if step else 1, subset
        )
    return tasks


def _task_of(part: Element, tasks: dict[str, Task]) -> Task:
    name = part.entry.fields.get("task_id", "")
    if name in tasks or len(tasks) == 1:
        return tasks.get(name) or next(iter(tasks.values()))
    there = ", ".join(tasks) or "no task"
    return part.entry.fail(
        f"this {part.name} belongs to task {name!r}, and the file describes {there}; export it again"
    )


def _add_track(task: Task, track: Element) -> None:
    shapes = sorted((shape for shape in track.children if "frame" in shape.entry.fields), key=_frame)
    if not shapes:
        return
    end = _frame(shapes[-1]) + task.step
    names = {attribute.entry.text("name") for shape in shapes for attribute in shape.children}
    label = track.entry.text("label")
    task.stretches["track"] += _held([(_frame(shape), label if _is_seen(shape) else "") for shape in shapes], end)
    for name in sorted(names):
        values = [(_frame(shape), _value(shape, name) if _is_seen(shape) else "") for shape in shapes]
        task.stretches[name] += _held(values, end)


def _add_image(task: Task, image: Element) -> None:
    name = image.entry.text("name")
    if not VIDEO_FRAME.fullmatch(os.path.basename(name)):
        image.entry.fail(
            f"{name!r} is a picture of its own: this is a task of images, and frames of a video are called frame_000000"
        )
    frame = image.entry.number("id")
    for child in image.children:
        task.seen["tag" if child.name == "tag" else "track", child.entry.text("label")].add(frame)
        for attribute in child.children:
            if value := attribute.text.strip():
                task.seen[attribute.entry.text("name"), value].add(frame)


def _frame(shape: Element) -> int:
    return shape.entry.number("frame")


def _is_seen(shape: Element) -> bool:
    return shape.entry.fields.get("outside", "0") != "1"


def _value(shape: Element, name: str) -> str:
    return next((one.text.strip() for one in shape.children if one.entry.fields.get("name") == name), "")


def _held(values: list[tuple[int, str]], end: int) -> Iterator[NamedSpan]:
    """A value holds until another one is given; "" = none holds."""
    start, held = values[0]
    for frame, value in [*values[1:], (end, "")]:
        if value != held:
            if held:
                yield NamedSpan(held, start, frame)
            start, held = frame, value


def _runs(label: str, frames: Iterable[int], step: int) -> Iterator[NamedSpan]:
    """Frames that follow each other make a stretch."""
    first = last = None
    for frame in sorted(frames):
        if first is not None and last is not None and frame > last + step:
            yield NamedSpan(label, first, last + step)
            first = None
        first, last = frame if first is None else first, frame
    if first is not None and last is not None:
        yield NamedSpan(label, first, last + step)
