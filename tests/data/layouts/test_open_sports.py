"""OSL JSON: labels of heads, events, views, splits."""

import pytest

from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey


def sample(number, *, label=None, events=(), head="action", videos=None, more=None):
    about = {
        "id": f"clip_{number}",
        "inputs": [{"type": "video", "path": path, "fps": 15} for path in videos or [f"{number}.mp4"]],
    }
    about["labels"] = {head: {"label": label}, **(more or {})} if label or more else {}
    about["events"] = [{"head": head, "label": name, "position_ms": at} for name, at in events]
    return about


def osl(*samples, split=None):
    return {"version": "2.0", "modalities": ["video"], "metadata": {"split": split}, "labels": {}, "data": [*samples]}


FILES = ["1.mp4", "2.mp4"]


@pytest.mark.parametrize(
    ("path", "split", "train"),
    [("a.json", "train", 2), ("annotations_train.json", None, 2), ("train/a.json", None, 2), ("x.json", "valid", 0)],
)
def test_the_split_is_said_by_the_file_its_name_or_its_folder(put, read, path, split, train):
    about = osl(sample(1, label="pass"), sample(2, label="shot"), split=split)
    splits = read(put({path: about}, FILES)).splits
    assert (len(splits["train"]), len(splits["val"])) == (train, 2 - train)


def test_an_event_is_a_clip_around_its_moment(put, read, trained_on):
    root = put({"a.json": osl(sample(1, events=[("pass", 500), ("shot", "1500")]))}, FILES)
    assert trained_on(root) == [("1.mp4", "pass", 0.0, 1.5), ("1.mp4", "shot", 0.5, 2.5)]
    assert trained_on(root, event_seconds=0.5)[0] == ("1.mp4", "pass", 0.25, 0.75)
    assert "each event is a clip of 2 s around its moment: data.event_seconds." in read(root).notes


def test_all_views_of_a_sample_have_its_label_and_stay_together(put, read):
    views = [[f"wide/{i}.mp4", f"close/{i}.mp4"] for i in range(8)]
    about = osl(*(sample(i, label=("pass", "shot")[i % 2], videos=videos) for i, videos in enumerate(views)))
    manifest = read(put({"a.json": about}, [path for videos in views for path in videos]), val_fraction=0.25)
    groups = [{item.group for item in manifest.splits[split]} for split in ("train", "val")]
    assert sorted(map(len, groups)) == [2, 6]
    assert not groups[0] & groups[1]


def test_of_several_heads_one_is_chosen_and_several_labels_are_proposed(put, read, trained_on):
    more = {"attributes": {"labels": ["left_foot", "header"]}}
    root = put({"a.json": osl(sample(1, label="pass", more=more), sample(2, label="shot"))}, FILES)
    settings = candidates(survey(str(root)))[0].settings
    assert (settings["head"], settings.get("multi_label")) == ("action", None)
    assert read(root, head="attributes", multi_label=True).splits["train"][0].labels == (0, 1)
    with pytest.raises(
        ValueError, match=r"a.json: data\[0\] clip_1: 1.mp4 has the labels 'header' and 'left_foot' at th"
    ):
        read(root, head="attributes")
    with pytest.raises(
        ValueError, match=r"several kinds of labels, action \(2 labels\), attributes .*: data.head=action"
    ):
        read(root, head=None)


def test_what_is_left_out_is_said(put, read):
    tracked = {**sample(3, label="pass"), "inputs": [{"type": "tracking_parquet", "path": "t.parquet"}]}
    notes = read(put({"a.json": osl(sample(1, label="pass"), sample(2), tracked)}, FILES)).notes
    assert any("left out 1 samples without a label of action, first" in note and "clip_2" in note for note in notes)
    assert any("left out 1 samples without a video, first" in note and "clip_3" in note for note in notes)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({**osl(), "data": {}}, r'a.json: "data" must be a list of samples'),
        (
            osl({"id": "x", "inputs": [{"type": "video"}], "labels": {}}),
            r"a.json: data\[0\] x, inputs\[0\]: no 'path' here",
        ),
        (osl({"inputs": "1.mp4"}), r"a.json: data\[0\]: inputs is '1.mp4'; a list of objects is needed"),
        (osl({"inputs": [], "labels": {"action": "pass"}}), r"a.json: data\[0\]: labels is .*; {'action': {'label'"),
        (
            osl(sample(1, events=[("pass", "now")])),
            r"a.json: data\[0\] clip_1, events\[0\]: position_ms is 'now'; seconds",
        ),
        (osl(), r"a.json: it holds no labels of videos"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(put, read, about, message):
    with pytest.raises(ValueError, match=message):
        read(put({"a.json": about}, FILES))
