"""Exports of CVAT: tracks, tags and attributes become stretches of the video's own frames."""

import pytest

from videoai.core.types import LabelSpan
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey


def exported(*parts, source="a.mp4", name="a task", step=1, more=""):
    """One task. The files have 15 frames a second."""
    about = f"<task><id>1</id><name>{name}</name><size>30</size><mode>interpolation</mode>{more}"
    about += f"<frame_filter>step={step}</frame_filter>" if step > 1 else ""
    about += f"<source>{source}</source>" if source else ""
    body = "\n".join(parts)
    return f"<annotations>\n<version>1.1</version>\n<meta>{about}</task></meta>\n{body}\n</annotations>"


def track(label, *shapes, kind="box", about=""):
    """Shapes are (frame, outside) or (frame, outside, value of the attribute doing)."""
    held = "".join(
        f'<{kind} frame="{frame}" outside="{outside}" occluded="0" keyframe="1">'
        + "".join(f'<attribute name="doing">{value}</attribute>' for value in values)
        + f"</{kind}>"
        for frame, outside, *values in shapes
    )
    return f'<track id="0" label="{label}"{about}>{held}</track>'


def images(label, *frames, tag="tag", name="frame_{:06d}"):
    return "\n".join(
        f'<image id="{frame}" name="{name.format(frame)}" width="40"><{tag} label="{label}"></{tag}></image>'
        for frame in frames
    )


@pytest.mark.parametrize(
    ("xml", "stretches"),
    [
        (exported(track("run", (0, 0), (15, 1))), [("run", 0.0, 1.0)]),
        (exported(track("run", (0, 0), (1, 0), (2, 0), (14, 0))), [("run", 0.0, 1.0)]),
        (
            exported(track("run", (3, 0), (6, 1), (9, 0), (12, 1), kind="polygon")),
            [("run", 0.2, 0.4), ("run", 0.6, 0.8)],
        ),
        (exported(track("run", (0, 0), (15, 0)), step=15), [("run", 0.0, 2.0)]),
        (exported(images("run", 0, 1, 2, 6, 7, 8)), [("run", 0.0, 0.2), ("run", 0.4, 0.6)]),
        (exported(images("run", 0, 3, 6), images("walk", 9, 12), step=3), [("run", 0.0, 0.6), ("walk", 0.6, 1.0)]),
        (exported(images("run", 0, 1, 2, tag="box")), [("run", 0.0, 0.2)]),
    ],
    ids=["track", "no end", "twice", "steps", "tags", "steps of tags", "boxes of images"],
)
def test_tracks_and_tags_become_stretches_in_seconds(put, trained_on, xml, stretches):
    assert trained_on(put({"a.xml": xml}, ["a.mp4"])) == [("a.mp4", *stretch) for stretch in stretches]


def test_frames_are_timed_as_the_file_shows_them(put, trained_on, make_video):
    root = put({"a.xml": exported(track("run", (0, 0), (2, 1)), track("walk", (2, 0), (4, 1)))}, [])
    make_video("data/a.mp4", 5, ticks=[0, 40, 1000, 1040, 2000])  # milliseconds
    assert trained_on(root) == [("a.mp4", "run", 0.0, 1.0), ("a.mp4", "walk", 1.0, 2.0)]


@pytest.mark.parametrize(
    ("path", "about", "video"),
    [
        ("x.xml", {"source": "day 1/a.mp4"}, "videos/day 1/a.mp4"),
        ("x.xml", {"source": "", "name": "a.mp4"}, "videos/a.mp4"),
        ("a.xml", {"source": "", "name": "my task"}, "a.mp4"),
        ("a/annotations.xml", {"source": ""}, "videos/a.mp4"),
    ],
)
def test_the_video_is_the_source_or_called_as_the_task_or_the_file(put, trained_on, path, about, video):
    root = put({path: exported(track("run", (0, 0), (15, 1)), **about)}, [video])
    assert trained_on(root) == [("a.mp4", "run", 0.0, 1.0)]


def test_a_project_has_a_video_a_task_and_subsets_are_splits(put, read):
    tasks = "".join(f"<task><id>{i}</id><name>t{i}</name><source>{i}.mp4</source></task>" for i in (1, 2))
    parts = "".join(
        track("run", (0, 0), (15, 1), about=f' task_id="{i}" subset="{subset}"')
        for i, subset in ((1, "Train"), (2, "test"))
    )
    xml = f"<annotations><meta><project><id>9</id><tasks>{tasks}</tasks></project></meta>{parts}</annotations>"
    manifest = read(put({"a.xml": xml}, ["1.mp4", "2.mp4"]))
    assert {split: [item.path[-5:] for item in items] for split, items in manifest.splits.items()} == {
        "train": ["1.mp4"], "val": [], "test": ["2.mp4"]}  # fmt: skip


def test_the_values_of_an_attribute_can_be_the_classes(put, read, trained_on):
    shapes = (0, 0, "run"), (6, 0, "walk"), (9, 1, "walk"), (12, 0, "run")
    root = put({"a.xml": exported(track("person", *shapes))}, ["a.mp4"])
    assert "labels in track (2 labels), doing (3 labels), data.labels chooses" in candidates(survey(str(root)))[0].why
    assert [row[1:] for row in trained_on(root, labels="doing")] == [
        ("run", 0.0, 0.4), ("walk", 0.4, 0.6), ("run", 0.8, 0.867)]  # fmt: skip
    with pytest.raises(ValueError, match=r"data.labels=dong, but there are track .*Did you mean doing\?"):
        read(root, labels="dong")


def test_tags_beside_boxes_must_be_chosen_and_inspect_takes_tags(put, read, trained_on):
    root = put({"a.xml": exported(images("run", 0, 1, 2), images("person", 0, 1, 2, tag="box"))}, ["a.mp4"])
    assert candidates(survey(str(root)))[0].settings["labels"] == "tag"
    assert trained_on(root) == [("a.mp4", "run", 0.0, 0.2)]
    with pytest.raises(ValueError, match=r"several kinds of labels, tag \(1 label\), track .*choose: data.labels=tag"):
        read(root, labels=None)


def test_a_video_may_have_all_its_labels_at_their_times(put, read):
    files = {
        "a.xml": exported(images("run", *range(15)), images("wave", *range(15))),
        "b.xml": exported(source="b.mp4"),
    }
    root = put(files, ["a.mp4", "b.mp4"])
    with pytest.raises(ValueError, match=r"a.xml:3: a.mp4 has the labels 'run' and 'wave' at the same time"):
        read(root)
    items = read(root, multi_label=True).splits["train"]
    assert [item.spans for item in items] == [(LabelSpan(0, 0.0, 1.0), LabelSpan(1, 0.0, 1.0)), ()]


def test_what_is_left_out_or_odd_is_said(put, read):
    files = {"a.xml": exported(images("run", 4)), "b.xml": exported(source="b.mp4")}
    root = put(files | {"c.xml": exported(track("run", (0, 0), (3, 1)), source="c.mp4")}, ["a.mp4", "b.mp4"])
    (root / "c.mp4").write_bytes(b"no video")
    notes = read(root, labels="tag").notes
    assert "left out 2 videos without a label of tag, first b.mp4." in notes
    assert "labels that hold for a single frame: 1, first in a.mp4." in notes
    notes = read(put(files | {"a.xml": exported(track("run", (0, 0), (3, 1)))}, []), labels="track").notes
    assert any(
        "1 video that cannot be opened to time their frames, first" in note and "c.mp4" in note for note in notes
    )


@pytest.mark.parametrize("content", ["", "<annotation/>", "<annota"])
def test_an_xml_file_that_is_not_cvats_is_counted(content, put, read):
    root = put({"a.xml": exported(track("run", (0, 0), (3, 1))), "b.xml": content}, ["a.mp4"])
    assert "left out 1 other .xml file without <annotations>, first b.xml." in read(root).notes


@pytest.mark.parametrize(
    ("late", "note"),
    [
        (
            ((30, 0), (40, 1)),
            "left out 1 labelled stretch beginning after the end of the video, first 'walk' of a.mp4, fr"
            "ame 30 to 40 of 30.",
        ),
        (
            ((20, 0), (900, 1)),
            "cut 1 labelled stretch ending after the end of the video, first 'walk' of a.mp4, frame 20 to 900 of 30.",
        ),
    ],
)
def test_frames_beyond_the_end_of_the_video_are_counted_and_the_first_is_named(put, read, late, note):
    whole, other = track("run", (0, 0), (15, 1)), exported(track("walk", (0, 0), (15, 1)), source="b.mp4")
    root = put({"a.xml": exported(whole, track("walk", *late)), "b.xml": other}, ["a.mp4", "b.mp4"])
    assert note in read(root).notes
    assert note in read(root, multi_label=True).notes


def test_an_end_within_the_last_step_is_no_fault(put, read):
    xml = exported(track("run", (0, 0), (15, 1)), track("walk", (15, 0), (28, 0)), step=4)
    assert not any("after the end" in note for note in read(put({"a.xml": xml}, ["a.mp4"])).notes)


def test_a_video_with_every_label_behind_its_end_is_another_one(put, read):
    root = put({"a.xml": exported(track("run", (30, 0), (60, 1)), track("walk", (60, 0), (90, 1)))}, ["a.mp4"])
    with pytest.raises(
        ValueError, match=r"no label begins inside its video, first 'run' of a.mp4, frame 30 to 60 of 30"
    ):
        read(root)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (exported("<track id='0'><box frame='0'/></track>"), r"a.xml:4: no 'label' here"),
        (exported(track("run", ("x", 0))), r"a.xml:4: frame is 'x'; a whole number"),
        (
            exported(images("run", 3, name="photo_{}.jpg")),
            r"a.xml:4: 'photo_3.jpg' is a picture of its own: this is a ta",
        ),
        (exported()[:-20], r"a.xml:\d: .*; this is not XML"),
        (exported(), r"a.xml: it holds no labels of videos"),
        ('<!DOCTYPE a [<!ENTITY x "y">]>\n' + exported(), r"a.xml:1: it defines entities"),
        ("<annotations><meta/>\n" + track("run", (0, 0)) + "</annotations>", r"a.xml:2: .*describes no task"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(put, read, xml, message):
    with pytest.raises(ValueError, match=message):
        read(put({"a.xml": xml}, ["a.mp4"]))
