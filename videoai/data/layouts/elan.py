"""ELAN's .eaf, one file a video (EAF 3.0, mpi.nl/tools/elan): tiers of stretches in milliseconds.

    <ANNOTATION_DOCUMENT><HEADER><MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/a.mp4" RELATIVE_MEDIA_URL="./a.mp4"/></HEADER>
      <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="780"/>...</TIME_ORDER>
      <TIER TIER_ID="action"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1"
        TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>run</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>

A REF_ANNOTATION has the times of the annotation that it refers to.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Unpack
from urllib.parse import unquote, urlsplit

from videoai.core.messages import pluralize, truncated_list
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry
from videoai.data.layouts.stretches import choose, clips, listed, most, stretch
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.layouts.video_index import is_file
from videoai.data.layouts.xml_elements import Element, parts_of
from videoai.data.lists.listing import NamedSpan
from videoai.data.lists.manifest import Manifest

VALUES = ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")


@dataclass
class Recording:
    """One file: the names its video may have, and the stretches of each tier."""

    path: str
    videos: list[str] = field(default_factory=list)
    tiers: dict[str, list[NamedSpan]] = field(default_factory=dict)
    num_untimed: int = 0  # annotations between time slots that were not aligned


def detect(tree: Survey) -> Candidate | None:
    files = tree.named("*.eaf")
    if not files:
        return None
    settings, why = tree.place(), f"{pluralize(len(files), 'file')} of ELAN, such as {os.path.basename(files[0])}"
    try:
        counts = _counts([_recording(path) for path in files])
    except ValueError:  # reading it will say so
        return Candidate("elan", settings, why)
    if len(counts) > 1:
        settings["tier"] = most(counts)
        why += f"; tiers {', '.join(listed(counts))}, data.tier chooses"
    return Candidate("elan", settings, why)


def from_elan(
    root: str,
    *,
    annotations: str | None = None,
    tier: str | None = None,
    multi_label: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the annotations of one tier of every file; their values are the classes.

    Args:
        root: the videos; the file names its own, else it is called as the file.
        annotations: the .eaf file or its folder; None = below root.
        tier: TIER_ID; None = the only one that holds annotations.
        multi_label: a video has any number of labels, each at its times.
    """
    tree = survey(annotations or root)
    files = tree.named("*.eaf") or tree.fail("ELAN", "an .eaf file")
    recordings = [_recording(path) for path in files]
    chosen = choose("tier", tier, _counts(recordings), tree.root if len(files) > 1 else files[0])
    found = (clip for recording in recordings for clip in _clips(recording, chosen, multi_label))
    notes = _notes(recordings, chosen, multi_label)
    return manifest_from_annotations(found, root, files[0], notes=notes, **options)


def _counts(recordings: list[Recording]) -> Counter[str]:
    return Counter(name for recording in recordings for name, spans in recording.tiers.items() for _ in spans)


def _clips(recording: Recording, tier: str, multi_label: bool) -> Iterator[Annotated]:
    spans = recording.tiers.get(tier, [])
    if spans or (multi_label and tier in recording.tiers):
        video, *also = recording.videos
        place = {"also": tuple(also), "beside": os.path.dirname(recording.path)}
        yield from clips(Entry({}, lambda: recording.path), video, spans, multi_label=multi_label, **place)


def _notes(recordings: list[Recording], tier: str, multi_label: bool) -> list[str]:
    notes = []
    bare = [one.path for one in recordings if tier not in one.tiers or not (one.tiers[tier] or multi_label)]
    if bare:
        notes.append(
            f"left out {pluralize(len(bare), 'file')} without annotations in the tier {tier}, first {bare[0]}."
        )
    if num_untimed := sum(recording.num_untimed for recording in recordings):
        notes.append(f"left out {pluralize(num_untimed, 'annotation')} never aligned in time in ELAN.")
    return notes


def _recording(path: str) -> Recording:
    recording, origin = Recording(path), 0.0
    slots: dict[str, float | None] = {}
    tiers: dict[str, list[Element]] = {}
    for part in parts_of(path):
        if part.name == "HEADER":
            recording.videos, origin = _media(part)
        elif part.name == "TIME_ORDER":
            slots = {slot.entry.text("TIME_SLOT_ID"): _slot(slot.entry) for slot in part.all("TIME_SLOT")}
        elif part.name == "TIER":
            tiers[part.entry.text("TIER_ID")] = [*part.all(*VALUES)]
    recording.videos.append(os.path.splitext(os.path.basename(path))[0])
    known = {value.entry.text("ANNOTATION_ID"): value for values in tiers.values() for value in values}
    for name, values in tiers.items():
        spans = [_span(value, known, slots, origin) for value in values if value.said("ANNOTATION_VALUE")]
        recording.tiers[name] = [span for span in spans if span]
        recording.num_untimed += spans.count(None)
    return recording


def _media(header: Element) -> tuple[list[str], float]:
    """The names of the first video, and the second of it where the time of the annotations begins."""
    for media in header.all("MEDIA_DESCRIPTOR"):
        said = [media.entry.fields.get(key, "") for key in ("RELATIVE_MEDIA_URL", "MEDIA_URL")]
        paths = [unquote(urlsplit(url.replace("\\", "/")).path) for url in said if url]
        if videos := [path for path in paths if is_file(path)]:
            origin = media.entry.number("TIME_ORIGIN") / 1000 if "TIME_ORIGIN" in media.entry.fields else 0.0
            relative = [os.path.normpath(path) for path in videos if path.startswith(".")]
            return [*relative, *map(os.path.basename, videos)], origin
    return [], 0.0


def _slot(slot: Entry) -> float | None:
    """Seconds; None = never aligned."""
    return slot.number("TIME_VALUE") / 1000 if "TIME_VALUE" in slot.fields else None


def _span(value: Element, known: dict[str, Element], slots: dict[str, float | None], origin: float) -> NamedSpan | None:
    """None = its times were never aligned."""
    timed, passed = value, {value.entry.text("ANNOTATION_ID")}
    while timed.name == "REF_ANNOTATION":
        refers_to = timed.entry.text("ANNOTATION_REF")
        if refers_to not in known or refers_to in passed:
            timed.entry.fail(f"ANNOTATION_REF is {refers_to!r}, which leads to no annotation with times")
        timed = known[refers_to]
        passed.add(refers_to)
    start, end = (_time(timed.entry, key, slots) for key in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"))
    if start is None or end is None:
        return None
    what = f"annotation {timed.entry.text('ANNOTATION_ID')}"
    return stretch(timed.entry, what, value.said("ANNOTATION_VALUE"), start + origin, end + origin)


def _time(entry: Entry, key: str, slots: dict[str, float | None]) -> float | None:
    """Seconds of the time slot that an annotation refers to; None = never aligned."""
    if (name := entry.text(key)) not in slots:
        entry.fail(
            f"{key} of annotation {entry.text('ANNOTATION_ID')} is {name!r}, which TIME_ORDER does not define; "
            f"defined: {truncated_list(list(slots), 4) or 'none'}. Export the file again, or delete the annotation"
        )
    return slots[name]
