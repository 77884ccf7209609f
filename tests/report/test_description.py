"""What several models say becomes one description, and one page."""

import html
import re

import pytest

from videoai.report.description import description
from videoai.report.description_page import description_page

WINDOWS = [(0.0, 2.0, "run", 0.9), (2.0, 4.0, "run", 0.7), (4.0, 6.0, "<b>jump", 0.6)]
CLASSES = {
    "path": "a.mp4",
    "duration_seconds": 6.0,
    "top": [{"label": "run", "probability": 0.8}, {"label": "<b>jump", "probability": 0.2}],
    "timeline": [{"start_seconds": a, "end_seconds": b, "label": c, "probability": d} for a, b, c, d in WINDOWS],
}
LABELS = {
    "path": "a.mp4",
    "duration_seconds": 6.0,
    "top": [
        {"label": "sea", "probability": 0.8, "predicted": True},
        {"label": "sand", "probability": 0.1, "predicted": False},
    ],
    "labels": ["sea"],
}
EVENTS = {
    "path": "a.mp4",
    "duration_seconds": 6.0,
    "events": [{"label": "open", "start_seconds": 1.0, "end_seconds": 2.5, "score": 0.75}],
}
VALUES = {
    "path": "a.mp4",
    "duration_seconds": 6.0,
    "values": {"valence": 0.25, "arousal": -0.5},
    "timeline": [
        {"start_seconds": 0.0, "end_seconds": 3.0, "values": {"valence": 0.0, "arousal": -1.0}},
        {"start_seconds": 3.0, "end_seconds": 6.0, "values": {"valence": 0.5, "arousal": 0.0}},
    ],
}
HEADS = {
    "path": "a.mp4",
    "duration_seconds": 6.0,
    "heads": {"emotion": [{"label": "glad", "probability": 0.7}, {"label": "sad", "probability": 0.3}], "age": 31.5},
}
OWN = {"path": "a.mp4", "duration_seconds": 6.0, "boxes": [[1, 2, 3, 4]]}


def described(*answers, path="a.mp4", shots=((0.0, 2.0), (2.0, 6.0)), key_frames=()):
    video = {"path": path, "duration_seconds": 6.0, "fps": 25.0, "num_frames": 150, "width": 64, "height": 48}
    checkpoints = [
        {"checkpoint": f"{at}.pt", "outputs": 2, "windows": 3, "gives": ["tags"]} for at in range(len(answers))
    ]
    return description(
        video=video,
        checkpoints=checkpoints,
        answers=answers,
        shots=shots,
        shot_detector="a detector",
        key_frames=key_frames,
    )


@pytest.mark.parametrize(
    ("answer", "tags", "events"),
    [
        (CLASSES, ["run", "<b>jump"], [("run", 0.0, 4.0, 0.8), ("<b>jump", 4.0, 6.0, 0.6)]),
        (LABELS, ["sea"], [("sea", 0.0, 6.0, 0.8)]),
        (HEADS, ["glad", "sad"], [("glad", 0.0, 6.0, 0.7)]),
    ],
)
def test_classes_are_tags_of_the_whole_video_and_events_of_its_windows(answer, tags, events):
    told = described(answer)
    assert [one["label"] for one in told["tags"]] == tags
    found = [
        tuple(one[key] for key in ("label", "start_seconds", "end_seconds", "score")) for one in told["tag_events"]
    ]
    assert found == [(label, start, end, pytest.approx(score)) for label, start, end, score in events]
    assert {one["checkpoint"] for one in told["tags"] + told["tag_events"]} == {"0.pt"}


def test_numbers_are_curves_with_a_point_a_window():
    told = described(VALUES, HEADS)
    assert [(one["checkpoint"], one["target"], one["mean"]) for one in told["curves"]] == [
        ("0.pt", "valence", 0.25),
        ("0.pt", "arousal", -0.5),
        ("1.pt", "age", 31.5),
    ]
    assert [point["value"] for point in told["curves"][1]["points"]] == [-1.0, 0.0]
    assert told["curves"][2]["points"] == [{"start_seconds": 0.0, "end_seconds": 6.0, "value": 31.5}]


def test_events_are_actions_and_what_no_rule_knows_is_kept_whole():
    told = described(EVENTS, OWN)
    assert told["actions"] == [{"checkpoint": "0.pt", **EVENTS["events"][0]}]
    assert told["others"] == [{"checkpoint": "1.pt", **OWN}]


def test_the_page_shows_every_part_and_opens_the_video_at_the_moment():
    frames = [{"seconds": 3.0, "shot": 1, "file": "key_frames/001.jpg", "checkpoint": "0.pt"}]
    told = described(CLASSES, EVENTS, VALUES, key_frames=frames)
    page = description_page(told, [b"\xff\xd8picture"], "file:///films/a.mp4").decode()
    for heading in ("Timeline", "Key frames", "Tags", "Actions", "Curves", "Shots"):
        assert f"<h2>{heading}</h2>" in page
    assert "file:///films/a.mp4#t=1.00,2.50" in page  # the action
    assert 'href="file:///films/a.mp4#t=3.00"' in page  # the key frame
    assert "data:image/jpeg;base64," in page
    assert not re.search(r"(src|href)=\"https?:", page)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.mp4", 'a" onload="x.mp4', "\udcff.mp4"])
def test_no_name_or_label_is_markup(name):
    told = described(CLASSES, path=f"films/{name}")
    page = description_page(told, [], None).decode()
    body = page[page.index("<body>") : page.rindex("<script>")]
    assert "<script" not in body and "<b>jump" not in body and 'onload="' not in html.unescape("")
    assert "&lt;b&gt;jump" in body
    assert 'onload="x' not in body


def test_thousands_of_events_become_bars_that_can_be_seen():
    windows = [
        {"start_seconds": at / 10, "end_seconds": at / 10 + 0.1, "label": f"c{at % 40}", "probability": 0.5}
        for at in range(20_000)
    ]
    told = described({**CLASSES, "duration_seconds": 2000.0, "timeline": windows})
    told["video"]["duration_seconds"] = 2000.0
    page = description_page(told, [], None).decode()
    assert page.count("<rect") < 16 * 1000
    assert "24 labels that lasted shortest: description.json." in page
    assert len(page) < 4e6
