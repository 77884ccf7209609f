"""Exports of Label Studio: what counts as a label, when it holds, and which file it is about."""

import pytest

from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey


def choices(*labels, control="act"):
    return {"from_name": control, "type": "choices", "value": {"choices": [*labels]}}


def timeline(label, start, end, **more):
    return {"from_name": "when", "type": "timelinelabels",
            "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [label], **more}}  # fmt: skip


def task(number, *results, video=None, data=None, **about):
    given = {"id": number, "result": [*results], "was_cancelled": False, "ground_truth": False, **about}
    return {
        "id": number,
        "annotations": [given],
        "data": {"video": video or f"/data/upload/7/{number}.mp4", **(data or {})},
    }


TWO = [task(1, choices("run")), task(2, choices("walk"))]
FILES = ["1.mp4", "2.mp4"]


@pytest.mark.parametrize(
    ("video", "file"),
    [
        ("/data/upload/7/0a1b2c3d-my_clip.mp4", "my_clip.mp4"),  # as it was called before the upload
        ("/data/upload/7/0a1b2c3d-my_clip.mp4", "upload/7/0a1b2c3d-my_clip.mp4"),  # as Label Studio keeps it
        ("/data/local-files/?d=set/day%201/a.mp4", "day 1/a.mp4"),
        ("s3://bucket/day%201/a.mp4", "a.mp4"),
        ("https://host/videos/a.webm?token=1", "a.mp4"),
        ("/storage-data/uploaded/?filepath=upload/7/0a1b2c3d-a.mp4", "a.mp4"),
        ("clips/a.mp4", "all/clips/a.mp4"),
    ],
)
def test_a_video_is_found_under_its_name_before_or_after_the_upload(put, trained_on, video, file):
    root = put({"export.json": [task(1, choices("run"), video=video), task(2, choices("walk"))]}, [file, "2.mp4"])
    assert {row[0] for row in trained_on(root)} == {file.rpartition("/")[2], "2.mp4"}


def test_timelines_count_frames_from_one_and_hold_their_last_one(put, read, trained_on):
    tasks = [task(1, timeline("run", 1, 12), timeline("walk", 13, 24)), task(2, timeline("run", 7, 7))]
    root = put({"export.json": tasks}, FILES)
    expected = [("1.mp4", "run", 0.0, 0.5), ("1.mp4", "walk", 0.5, 1.0), ("2.mp4", "run", 0.25, 0.292)]
    assert trained_on(root) == expected
    assert any(note.startswith("timelines count frames, 24 a second unless") for note in read(root).notes)
    assert trained_on(root, fps=12)[0] == ("1.mp4", "run", 0.0, 1.0)


def box(*sequence):
    value = {"sequence": [{"frame": frame, "enabled": on} for frame, on in sequence], "labels": ["run"]}
    return {"from_name": "box", "type": "videorectangle", "value": {**value, "framesCount": 30, "duration": 2}}


SECONDS = {"from_name": "when", "type": "labels", "value": {"start": 0.25, "end": 1.5, "labels": ["run"]}}


@pytest.mark.parametrize(
    ("result", "data", "times"),
    [
        (timeline("run", 1, 15), {"fps": 15}, (0.0, 1.0)),
        (timeline("run", 1, 15, framesCount=60, duration=2), {}, (0.0, 0.5)),
        (SECONDS, {}, (0.25, 1.5)),
        (box((1, True), (9, True), (15, False)), {}, (0.0, 1.0)),
        (box((16, True)), {}, (1.0, None)),
    ],
    ids=["rate among the data", "rate of the region", "seconds", "box that ends", "box to the end"],
)
def test_every_kind_of_region_has_its_times(put, read, trained_on, result, data, times):
    root = put({"export.json": [task(1, result, data=data), task(2, result, data=data)]}, FILES)
    assert trained_on(root)[0] == ("1.mp4", "run", *times)
    assert not any("24 a second" in note for note in read(root).notes)


def test_json_min_says_the_same(put, trained_on):
    ranges = [{"ranges": [{"start": 1, "end": 12}], "timelinelabels": ["run"]}]
    line = {"title": "not a label", "video": "/data/upload/7/1.mp4", "id": 1, "act": "run", "annotator": 1}
    line |= {"annotation_id": 3, "created_at": "2026", "updated_at": "2026", "lead_time": 3.2}
    root = put({"export.json": [line, {**line, "video": "/data/upload/7/2.mp4", "id": 2, "act": "walk"}]}, FILES)
    assert trained_on(root) == [("1.mp4", "run", 0.0, None), ("2.mp4", "walk", 0.0, None)]
    root = put({"export.json": [{**line, "act": ranges}]}, FILES)
    assert trained_on(root) == [("1.mp4", "run", 0.0, 0.5)]


def test_several_labels_are_proposed_and_refused_without_the_setting(put, read):
    root = put({"export.json": [task(1, choices("run", "jump")), task(2, choices("run"))]}, FILES)
    assert candidates(survey(str(root)))[0].settings["multi_label"] is True
    assert [item.labels for item in read(root).splits["train"]] == [(0, 1), (1,)]
    with pytest.raises(
        ValueError,
        match=r"export.json:1, item 1, annotation 1: 1.mp4 has the labels 'jump' and 'run' at the same time; data.mu",
    ):
        read(root, multi_label=False)
    minimal = {"video": "1.mp4", "id": 1, "act": {"choices": ["run", "jump"]}, "annotation_id": 1}
    root = put({"export.json": [minimal, {**minimal, "id": 2, "video": "2.mp4"}]}, FILES)
    assert read(root).classes == ("jump", "run")


def test_of_several_controls_one_is_chosen_and_named(put, read, trained_on):
    both = [task(i, choices(("run", "walk")[i % 2]), choices("good", control="quality")) for i in (1, 2)]
    both[1]["annotations"][0]["result"].append({**timeline("x", 1, 3), "from_name": "act"})
    root = put({"export.json": both}, FILES)
    fit = candidates(survey(str(root)))[0]
    assert fit.settings["control"] == "act"
    assert "labels in act (3 labels), quality (2 labels), data.control chooses" in fit.why
    assert {row[1] for row in trained_on(root, control="quality")} == {"good"}
    with pytest.raises(
        ValueError, match=r"several kinds of labels, act \(3 labels\), quality .* choose: data.control=act"
    ):
        read(root, control=None)
    with pytest.raises(ValueError, match=r"data.control=qualty, but there are act .* Did you mean quality\?"):
        read(root, control="qualty")


def test_of_annotations_that_differ_the_ground_truth_counts_else_the_latest(put, read, trained_on):
    tasks = [task(1, choices("run"), updated_at="2026-02"), task(2, choices("run"), ground_truth=True)]
    tasks[0]["annotations"] += task(1, choices("walk"), updated_at="2026-03")["annotations"]
    tasks[1]["annotations"] += task(2, choices("walk"), updated_at="2026-03")["annotations"]
    tasks[1]["annotations"] += task(2, choices("jump"), was_cancelled=True, updated_at="2026-04")["annotations"]
    root = put({"export.json": [*tasks, {**task(3), "annotations": []}]}, [*FILES, "3.mp4"])
    assert trained_on(root) == [("1.mp4", "walk", 0.0, None), ("2.mp4", "run", 0.0, None)]
    notes = read(root).notes
    assert any(note.startswith("2 videos have annotations that differ, first /data/upload/7/1.mp4") for note in notes)
    assert "left out 1 video without a label of act, first /data/upload/7/3.mp4." in notes


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            [TWO[0], task(2, {**choices(), "value": {"choices": "run"}})],
            r"""export.json:1, item 2, annotation 2: choices of act is 'run'; a list of names such as \["run"\]""",
        ),
        (
            [TWO[0], task(2, {**timeline("run", 1, 3), "value": {"timelinelabels": {"run": 1}}})],
            r"item 2, annotation 2: timelinelabels of when is .*; a list of names",
        ),
        ([task(1, choices("run", " "))], r"item 1, annotation 1: choices of act is .*; a list of names"),
        (
            [task(1, timeline("run", 9, 3))],
            r"export.json:1, item 1, annotation 1: a range of a timeline is {'start': 9, 'end': 3}; {'start'",
        ),
        (
            [{**task(1), "annotations": [{"result": None}]}],
            r"export.json:1, item 1: an annotation has no list of results",
        ),
        (
            [{**task(1), "data": {"image": "a.jpg"}}],
            r"export.json:1, item 1: no name of a video among image; one that ends in",
        ),
        ([{**task(1), "annotations": []}, {"result": 0}], r"export.json:1, item 2: no name of a video among result"),
        ([task(1)], r"export.json: it holds no labels of videos; has anything been annotated\?"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(put, read, tasks, message):
    with pytest.raises(ValueError, match=message):
        read(put({"export.json": tasks}, FILES))
