"""Files of events that other programs open: a table, subtitles, and the files of two annotation tools.

csv           path,label,start_seconds,end_seconds,score: also what data=csv reads
vtt           WebVTT (W3C): subtitles that a player shows, VIDEO.vtt
elan          ELAN's EAF 3.0, a tier a class, so that overlapping events stay apart
label_studio  tasks with predictions, to be imported and corrected
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from videoai.events.named import NamedEvent

HEADER = ("path", "label", "start_seconds", "end_seconds", "score")
LABEL_STUDIO_FPS = 24.0  # frameRate of its <Video>, where the interface says nothing
TIERS = {"AUTHOR": "videoai", "DATE": "1970-01-01T00:00:00+00:00", "FORMAT": "3.0", "VERSION": "3.0"}


def csv_rows(path: str, events: Sequence[NamedEvent]) -> list[tuple[str, ...]]:
    """Rows below ``HEADER``."""
    return [
        (path, one.label, f"{one.start_seconds:.3f}", f"{one.end_seconds:.3f}", f"{one.score:.4f}") for one in events
    ]


def vtt(video: str, events: Sequence[NamedEvent]) -> str:
    """A cue an event; players show those that overlap one above the other."""
    cues = [
        f"{clock(one.start_seconds)} --> {clock(one.end_seconds)}\n{cue_text(one.label)} ({one.score:.0%})"
        for one in events
    ]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def cue_text(text: str) -> str:
    """``-->`` and blank lines would end a cue; ``<`` and ``&`` begin markup."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(seconds: float) -> str:
    """``01:02:03.500``"""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def elan(video: str, events: Sequence[NamedEvent]) -> str:
    """An EAF document that names the video by its absolute path."""
    root = ET.Element("ANNOTATION_DOCUMENT", TIERS)
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    ET.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=url_of(video), MIME_TYPE="video/mp4")
    times = ET.SubElement(root, "TIME_ORDER")
    for number, event in enumerate(events):
        for which, seconds in (("a", event.start_seconds), ("b", event.end_seconds)):
            ET.SubElement(times, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}{which}", TIME_VALUE=str(round(seconds * 1000)))
    for label in sorted({event.label for event in events}):
        tier = ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="default", TIER_ID=printable(label))
        for number, event in enumerate(events):
            if event.label == label:
                about = {
                    "ANNOTATION_ID": f"a{number}",
                    "TIME_SLOT_REF1": f"ts{number}a",
                    "TIME_SLOT_REF2": f"ts{number}b",
                }
                aligned = ET.SubElement(ET.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", about)
                ET.SubElement(aligned, "ANNOTATION_VALUE").text = printable(label)
    kind = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "default", "TIME_ALIGNABLE": "true"}
    ET.SubElement(root, "LINGUISTIC_TYPE", kind)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def printable(text: str) -> str:
    """Without the control characters that XML has no way to write."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def label_studio(video: str, events: Sequence[NamedEvent]) -> str:
    """One task of a JSON list, with predictions for ``<TimelineLabels name="events" toName="video">``, which count
    frames from 1 at the rate of the interface."""
    regions = [
        {
            "id": f"event{number}",
            "from_name": "events",
            "to_name": "video",
            "type": "timelinelabels",
            "value": {"ranges": [frames_of(one)], "timelinelabels": [one.label]},
            "score": round(one.score, 4),
        }
        for number, one in enumerate(events)
    ]
    mean = sum(one.score for one in events) / len(events) if events else 0.0
    said = {"model_version": "videoai", "score": round(mean, 4), "result": regions}
    task = {"data": {"video": video, "fps": LABEL_STUDIO_FPS}, "predictions": [said], "annotations": []}
    return json.dumps([task], indent=2, ensure_ascii=False) + "\n"


def frames_of(event: NamedEvent) -> dict[str, int]:
    """Its first and its last frame."""
    first = int(event.start_seconds * LABEL_STUDIO_FPS + 0.5) + 1
    return {"start": first, "end": max(first, int(event.end_seconds * LABEL_STUDIO_FPS + 0.5))}


def url_of(path: str) -> str:
    """``file:///films/a.mp4``"""
    return Path(path).absolute().as_uri()


WRITERS: Mapping[str, tuple[str, Callable[[str, Sequence[NamedEvent]], str]]] = {
    "vtt": (".vtt", vtt),
    "elan": (".eaf", elan),
    "label_studio": (".json", label_studio),
}
