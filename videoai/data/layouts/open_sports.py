"""OSL JSON 2.0 of OpenSportsLib and SoccerNet (opensportslab.github.io/opensportslib, OSL JSON format).

    {"version": "2.0", "metadata": {"split": "train"}, "labels": {"action": {"type": "single_label", "labels": [...]}},
     "data": [{"id": "clip_1", "inputs": [{"type": "video", "path": "clips/1.mp4", "fps": 25.0}],
               "labels": {"action": {"label": "shot"}},
               "events": [{"head": "action", "label": "pass", "position_ms": 1240}]}]}

Samples have labels of the whole, or events, which are moments: a clip is cut around each.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, load_json
from videoai.data.layouts.path_list import split_word
from videoai.data.layouts.stretches import choose, clips, listed, most
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.listing import SPLIT_NAMES, NamedSpan
from videoai.data.lists.manifest import Manifest


class Sample(NamedTuple):
    """One sample of a file."""

    entry: Entry
    split: str | None
    videos: list[str]  # views of the same
    labels: dict[str, list[str]]  # by head
    events: list[tuple[str, str, float]]  # head, label, seconds

    def heads(self) -> Iterator[str]:
        """The head of every label and event."""
        yield from (head for head, names in self.labels.items() for _ in names)
        yield from (head for head, *_ in self.events)


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    if not files:
        return None
    settings, why = tree.place(), f"{os.path.basename(files[0])}, OSL JSON of OpenSportsLib"
    try:
        samples = [sample for path in files for sample in _samples(path)]
    except ValueError:  # reading it will say so
        return Candidate("open_sports", settings, why)
    counts = _counts(samples)
    if len(counts) > 1:
        settings["head"] = most(counts)
        why += f"; heads {', '.join(listed(counts))}, data.head chooses"
    if counts and any(len(sample.labels.get(most(counts), ())) > 1 for sample in samples):
        settings["multi_label"] = True
    return Candidate("open_sports", settings, why)


def from_open_sports(
    root: str,
    *,
    annotations: str | None = None,
    head: str | None = None,
    event_seconds: float = 2.0,
    multi_label: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the labels of one head. A file's split is metadata.split, else what its name or its folder says. All views
    of a sample have its label and stay in one split.

    Args:
        root: the videos, below the folders that inputs[].path names.
        annotations: the JSON file or its folder; None = below root.
        head: which labels; None = the only ones.
        event_seconds: length of the clip around an event.
        multi_label: a sample has any number of labels, events at their times.
    """
    tree = survey(annotations or root)
    files = _files(tree) or tree.fail("OpenSportsLib", 'a .json file of OSL JSON, with "data" and "inputs"')
    samples = [sample for path in files for sample in _samples(path)]
    chosen = choose("head", head, _counts(samples), files[0])
    found = (clip for sample in samples for clip in _clips(sample, chosen, event_seconds, multi_label))
    grouped_by = "sample" if any(len(sample.videos) > 1 for sample in samples) else None
    notes = _notes(samples, chosen, event_seconds, multi_label)
    return manifest_from_annotations(found, root, files[0], notes=notes, grouped_by=grouped_by, **options)


def _files(tree: Survey) -> list[str]:
    return [path for path in tree.named("*.json") if _is_osl(peek(path))]


def _is_osl(head: str) -> bool:
    """The list of samples may begin late, behind hundreds of labels."""
    is_described = '"modalities"' in head or ('"labels"' in head and '"dataset_name"' in head)
    return head.lstrip()[:1] == "{" and (is_described or ('"data"' in head and '"inputs"' in head))


def _counts(samples: list[Sample]) -> Counter[str]:
    return Counter(head for sample in samples for head in sample.heads())


def _clips(sample: Sample, head: str, event_seconds: float, multi_label: bool) -> Iterator[Annotated]:
    spans = _spans(sample, head, event_seconds)
    group = str(sample.entry.fields.get("id") or "") or None if len(sample.videos) > 1 else None
    if spans or (multi_label and head in sample.labels):
        for video in sample.videos:
            yield from clips(sample.entry, video, spans, multi_label=multi_label, split=sample.split, group=group)


def _spans(sample: Sample, head: str, event_seconds: float) -> list[NamedSpan]:
    """Its labels hold all along; where it has none, clips around its events."""
    if whole := [NamedSpan(label) for label in sample.labels.get(head, ())]:
        return whole
    half = event_seconds / 2
    return [NamedSpan(label, max(0.0, at - half), at + half) for name, label, at in sample.events if name == head]


def _notes(samples: list[Sample], head: str, event_seconds: float, multi_label: bool) -> list[str]:
    notes = []
    bare = [sample for sample in samples if not _spans(sample, head, event_seconds)]
    if bare and not multi_label:
        notes.append(f"left out {len(bare)} samples without a label of {head}, first {bare[0].entry.where()}.")
    if blind := [sample for sample in samples if not sample.videos]:
        notes.append(f"left out {len(blind)} samples without a video, first {blind[0].entry.where()}.")
    if any(name == head for sample in samples for name, *_ in sample.events if not sample.labels.get(head)):
        notes.append(f"each event is a clip of {event_seconds:g} s around its moment: data.event_seconds.")
    return notes


def _samples(path: str) -> Iterator[Sample]:
    content = load_json(path)
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(data, list) or not all(isinstance(about, dict) for about in data):
        raise ValueError(f'{path}: "data" must be a list of samples, objects such as {{"inputs": ..., "labels": ...}}')
    split = _split(content, path)
    for number, about in enumerate(data):
        entry = Entry(
            about, lambda number=number, about=about: f"{path}: data[{number}] {about.get('id', '')}".rstrip()
        )
        yield Sample(entry, split, _videos(entry), _labels(entry), _events(entry))


def _split(content: dict[str, Any], path: str) -> str | None:
    metadata = content.get("metadata")
    said = str(metadata.get("split") or "").lower() if isinstance(metadata, dict) else ""
    return SPLIT_NAMES.get(said) or split_word(path) or SPLIT_NAMES.get(os.path.basename(os.path.dirname(path)).lower())


def _videos(entry: Entry) -> list[str]:
    inputs = _objects(entry, "inputs")
    return [one.text("path") for one in inputs if one.fields.get("type", "video") == "video"]


def _labels(entry: Entry) -> dict[str, list[str]]:
    heads = entry.fields.get("labels") or {}
    if not isinstance(heads, dict) or not all(isinstance(about, dict) for about in heads.values()):
        entry.fail(f"labels is {str(heads)[:60]!r}; {{'action': {{'label': 'shot'}}}} is needed")
    named = {}
    for head, about in heads.items():
        labels = about.get("labels", about.get("label"))
        labels = labels if isinstance(labels, list) else [] if labels in (None, "") else [labels]
        if not all(isinstance(label, str) for label in labels):
            entry.fail(f"labels of {head} are {labels!r}; names are needed")
        named[head] = labels
    return named


def _events(entry: Entry) -> list[tuple[str, str, float]]:
    events = _objects(entry, "events")
    return [(event.text("head"), event.text("label"), event.seconds("position_ms") / 1000) for event in events]


def _objects(entry: Entry, key: str) -> list[Entry]:
    values = entry.fields.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        entry.fail(f"{key} is {str(values)[:60]!r}; a list of objects is needed")
    return [
        Entry(value, lambda number=number: f"{entry.where()}, {key}[{number}]") for number, value in enumerate(values)
    ]
