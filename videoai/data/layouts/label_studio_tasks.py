"""The tasks of Label Studio's exports, in both forms.

    [{"data": {"video": "/data/upload/1/0a1b2c3d-a.mp4"}, "annotations": [{"result": [
        {"from_name": "action", "type": "choices", "value": {"choices": ["run"]}},
        {"from_name": "parts", "type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 30}],
                                                                   "timelinelabels": ["jump"]}}]}]}]
    [{"video": "/data/upload/1/0a1b2c3d-a.mp4", "id": 1, "action": "run", "annotator": 1, "annotation_id": 1}]

Ranges count frames from 1, at the frame rate of the labelling interface, and hold their last one; ``labels`` have
seconds. Task and result formats: labelstud.io/guide/task_format, labelstud.io/tags/timelinelabels.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import parse_qs, unquote, urlsplit

from videoai.data.layouts.entries import Entry, json_entries
from videoai.data.lists.listing import NamedSpan
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS

DEFAULT_FPS = 24.0  # frameRate of Label Studio's <Video>, where the interface says nothing
KINDS = ("choices", "timelinelabels", "labels", "timeserieslabels")  # values that hold names of classes
RATES = ("fps", "framerate", "frame_rate", "frameRate")  # what people call it among the data of a task
UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # stands before the name of a file that was uploaded
LARGEST = 1e9  # frames or seconds, 30 years
ABOUT = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")  # JSON-MIN's own keys


class Answer(NamedTuple):
    """What one annotator said of one video."""

    entry: Entry
    task: str
    video: str
    rank: tuple[bool, str]  # ground truth or not, when it was changed
    regions: tuple[tuple[str, NamedSpan], ...]  # controls of the interface and what they hold
    guessed: frozenset[str] = frozenset()  # controls whose frame rate is taken to be Label Studio's default
    is_given: bool = True  # False: nobody has annotated the video yet

    def spans(self, control: str) -> list[NamedSpan]:
        """The labels of one control."""
        return [span for name, span in self.regions if name == control]


def answers_in(files: Iterable[str], fps: float | None) -> Iterator[Answer]:
    """Every answer of every task, first one that is none.

    Args:
        fps: what timelines count; None = what the task says, else ``DEFAULT_FPS``.
    Raises:
        ValueError: `file:LINE: ...`.
    """
    for path in files:
        for number, entry in enumerate(json_entries(path)):
            task = f"{path} {entry.fields.get('id', number)}"
            form = _of_task if isinstance(entry.fields.get("data"), dict) else _of_line
            yield from form(entry, task, fps)


def _of_task(entry: Entry, task: str, fps: float | None) -> Iterator[Answer]:
    data = entry.fields["data"]
    annotations = entry.fields.get("annotations", entry.fields.get("completions"))
    if not isinstance(annotations, list):
        entry.fail("no list of annotations here; export the project as JSON")
    yield Answer(entry, task, data[_video_key(entry, data)], (False, ""), (), is_given=False)
    for annotation in annotations:
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            entry.fail("an annotation has no list of results; export the project as JSON")
        if annotation.get("was_cancelled"):
            continue
        results = [
            (str(one.get("from_name")), one.get("value")) for one in annotation["result"] if isinstance(one, dict)
        ]
        rank = bool(annotation.get("ground_truth")), str(annotation.get("updated_at") or "")
        yield _answer(_annotation(entry, annotation), task, data, rank, results, fps)


def _annotation(entry: Entry, annotation: dict[str, Any]) -> Entry:
    """The task, which complains with the number of one of its annotations."""
    number = annotation.get("id")
    return entry if number is None else Entry(entry.fields, lambda: f"{entry.where()}, annotation {number}")


def _of_line(entry: Entry, task: str, fps: float | None) -> Iterator[Answer]:
    """The data of the task come first, then its id, then the controls, then who annotated."""
    keys = list(entry.fields)
    first = keys.index("id") + 1 if "id" in keys else 0
    results = [
        (key, {"choices": [value]} if isinstance(value, str) else value)
        for key in keys[first:]
        if key not in ABOUT
        for value in (entry.fields[key] if isinstance(entry.fields[key], list) else [entry.fields[key]])
    ]
    video = _video_key(entry, entry.fields)
    results = [(key, value) for key, value in results if key != video]
    yield _answer(entry, task, entry.fields, (False, str(entry.fields.get("updated_at") or "")), results, fps)


def _answer(
    entry: Entry,
    task: str,
    data: dict[str, Any],
    rank: tuple[bool, str],
    results: list[tuple[str, Any]],
    fps: float | None,
) -> Answer:
    said = next((float(data[key]) for key in RATES if _is_number(data.get(key)) and data[key] > 0), None)
    regions = []
    guessed = set()
    for control, value in results:
        kind = next((kind for kind in KINDS if isinstance(value, dict) and value.get(kind)), None)
        if kind is None:
            continue  # texts, ratings, boxes of pictures
        labels = _labels(entry, control, kind, value[kind])
        counted = _measured(value)
        rate = fps or counted or said or DEFAULT_FPS
        if "ranges" in value and not (fps or counted or said):
            guessed.add(control)
        times = _times(entry, value, rate)
        regions += [(control, NamedSpan(label.strip(), *time)) for label in labels for time in times]
    return Answer(entry, task, data[_video_key(entry, data)], rank, tuple(regions), frozenset(guessed))


# ---- values


def _labels(entry: Entry, control: str, kind: str, labels: Any) -> list[str]:
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        entry.fail(f'{kind} of {control} is {str(labels)[:60]!r}; a list of names such as ["run"] is needed')
    return labels


def _measured(value: dict[str, Any]) -> float | None:
    """The frame rate that a region of boxes was drawn at."""
    frames, seconds = value.get("framesCount"), value.get("duration")
    return frames / seconds if _is_number(frames) and _is_number(seconds) and frames > 0 and seconds > 0 else None


def _times(entry: Entry, value: dict[str, Any], fps: float) -> list[tuple[float, float | None]]:
    """When a region holds, in seconds; all along where it says nothing."""
    if isinstance(ranges := value.get("ranges"), list):
        return [_range(entry, one, fps) for one in ranges]
    if isinstance(frames := value.get("sequence"), list):
        return [(start / fps, end and end / fps) for start, end in _enabled(entry, frames)]
    if "start" in value or "end" in value:
        start, end = value.get("start"), value.get("end")
        if not (_is_number(start) and _is_number(end) and 0 <= start < end):
            entry.fail(f"a region is from {start!r} to {end!r}; seconds are needed, the end behind the start")
        return [(float(start), float(end))]
    return [(0.0, None)]


def _range(entry: Entry, frames: Any, fps: float) -> tuple[float, float]:
    start, end = (frames.get("start"), frames.get("end")) if isinstance(frames, dict) else (None, None)
    if not (_is_number(start) and _is_number(end) and 0 <= start <= end):
        entry.fail(f"a range of a timeline is {frames!r}; {{'start': 1, 'end': 30}}, numbers of frames, is needed")
    return max(0, start - 1) / fps, end / fps


def _enabled(entry: Entry, keyframes: list[Any]) -> Iterator[tuple[int, int | None]]:
    """Frames, the first is 0, and one behind the last, where an object is seen: from a key frame that is enabled to the
    next one that is not."""
    start = None
    for one in keyframes:
        if not isinstance(one, dict) or not _is_number(one.get("frame")):
            entry.fail(f"a key frame is {str(one)[:60]!r}; it needs a number of a frame")
        if start is None:
            start = max(0, int(one["frame"]) - 1)
        if one.get("enabled") is False:
            yield start, int(one["frame"])
            start = None
    if start is not None:
        yield start, None


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and abs(value) < LARGEST  # neither NaN nor infinite


def _video_key(entry: Entry, data: dict[str, Any]) -> str:
    keys = [key for key, value in data.items() if isinstance(value, str) and names_of(value)]
    if not keys:
        entry.fail(
            f"no name of a video among {', '.join(data) or 'no data'}; one that ends in .mp4 or the like is needed"
        )
    return "video" if "video" in keys else keys[0]


def names_of(text: str) -> list[str]:
    """What the file of a video may be called, the surest first: in Label Studio, and before it was uploaded.

    ``/data/local-files/?d=a/b.mp4`` and ``/storage-data/uploaded/?filepath=...`` hold it in their query.
    """
    url = urlsplit(text)
    query = parse_qs(url.query)
    path = next((query[key][0] for key in ("d", "filepath") if key in query), unquote(url.path)).replace("\\", "/")
    if os.path.splitext(path)[1].lower() not in VIDEO_EXTENSIONS:
        return []
    name = os.path.basename(path)
    uploaded = re.match(r"/?(data/)?upload/", path)
    whole = [] if uploaded else [path.lstrip("/") if url.scheme or query else path]
    return list(dict.fromkeys([*whole, name, UPLOADED.sub("", name)]))
