import csv
import io
import json
from xml.etree import ElementTree as ET

from videoai.events.files import clock, csv_rows, elan, label_studio, vtt
from videoai.events.named import NamedEvent, events_of

EVENTS = [NamedEvent("open <door> & go", 0.5, 2.0, 0.91), NamedEvent("fall", 1.25, 3661.5, 0.5)]


def test_subtitles_escape_markup_and_count_hours():
    text = vtt("a.mp4", EVENTS)
    assert text.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nopen &lt;door&gt; &amp; go (91%)\n")
    assert "00:00:01.250 --> 01:01:01.500\nfall (50%)" in text
    assert clock(59.9996) == "00:01:00.000"


def test_elan_has_a_tier_a_class_and_milliseconds():
    root = ET.fromstring(elan("/films/a b.mp4", EVENTS))
    assert [tier.get("TIER_ID") for tier in root.iter("TIER")] == ["fall", "open <door> & go"]
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    first = next(root.iter("ALIGNABLE_ANNOTATION"))
    assert (slots[first.get("TIME_SLOT_REF1")], slots[first.get("TIME_SLOT_REF2")]) == (1250, 3661500)
    assert next(root.iter("MEDIA_DESCRIPTOR")).get("MEDIA_URL") == "file:///films/a%20b.mp4"


def test_label_studio_counts_frames_of_its_interface_from_1():
    (task,) = json.loads(label_studio("a.mp4", EVENTS[:1]))
    (result,) = task["predictions"][0]["result"]
    assert result["value"] == {"ranges": [{"start": 13, "end": 48}], "timelinelabels": ["open <door> & go"]}
    assert task["data"] == {"video": "a.mp4", "fps": 24.0}


def test_a_name_with_a_comma_or_a_quote_stays_one_field():
    rows = csv_rows('a "1".mp4', [NamedEvent("sit, down", 0, 1, 1)])
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    assert next(csv.reader(io.StringIO(buffer.getvalue())))[:2] == ['a "1".mp4', "sit, down"]


def test_windows_of_one_class_that_touch_are_one_event():
    windows = [("run", 0, 2, 0.6), ("run", 2, 4, 0.8), ("jump", 4, 6, 0.9), ("run", 6, 8, 0.7)]
    timeline = [{"label": n, "start_seconds": a, "end_seconds": b, "probability": p} for n, a, b, p in windows]
    found = events_of({"path": "a", "duration_seconds": 8, "top": [], "timeline": timeline})
    assert [(one.label, one.start_seconds, one.end_seconds) for one in found] == [
        ("run", 0, 4),
        ("jump", 4, 6),
        ("run", 6, 8),
    ]
    assert found[0].score == 0.7


def test_a_short_video_is_one_event_and_several_labels_are_several():
    record = {"path": "a", "duration_seconds": 3.0, "top": [{"label": "run", "probability": 0.8}]}
    assert events_of(record) == [NamedEvent("run", 0.0, 3.0, 0.8)]
    both = events_of({**record, "labels": ["run", "fall"]})
    assert [one.label for one in both] == ["fall", "run"]
    assert events_of({**record, "labels": []}) == []
