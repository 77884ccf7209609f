"""Projects of VIA 3: segments, values of attributes, names of files."""

import pytest

from videoai.core.types import LabelSpan
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey


def attribute(name, kind=4, options=None):
    return {"aname": name, "anchor_id": "FILE1_Z2_XY0", "type": kind, "options": options or {}}


def segment(value, z=(0.5, 1.5), number="1", vid="1", xy=()):
    return {"vid": vid, "flg": 0, "z": [*z], "xy": [*xy], "av": {number: value}}


def project(*metadata, attributes=None, files=("a.mp4",), **file):
    numbers = [str(number) for number in range(1, 1 + len(files))]
    return {
        "project": {"pid": "p", "rev": "1", "vid_list": numbers},
        "config": {"file": {"loc_prefix": {"1": "", "2": "https://host/set/"}}},
        "attribute": attributes or {"1": attribute("action")},
        "file": {
            number: {"fid": number, "fname": name, "type": 4, "loc": 1, "src": "", **file}
            for number, name in zip(numbers, files, strict=True)
        },
        "view": {number: {"fid_list": [number]} for number in numbers},
        "metadata": {f"1_{number}": one for number, one in enumerate(metadata)},
    }


TWO = {"0": "run", "1": "walk"}
BOX = segment("box", z=(0.5,), xy=(2, 1, 1, 9, 9))


@pytest.mark.parametrize(
    ("about", "stretches"),
    [
        (project(segment("run")), [("a.mp4", "run", 0.5, 1.5)]),
        (project(segment("1"), attributes={"1": attribute("action", options=TWO)}), [("a.mp4", "walk", 0.5, 1.5)]),
        (project(segment("run", z=())), [("a.mp4", "run", 0.0, None)]),
        (project(segment("run"), BOX, segment("_DEFAULT"), segment("")), [("a.mp4", "run", 0.5, 1.5)]),
    ],
    ids=["text", "number of an option", "whole file", "boxes and unnamed segments are none"],
)
def test_segments_become_clips(put, trained_on, about, stretches):
    assert trained_on(put({"via.json": about}, ["a.mp4"])) == stretches


@pytest.mark.parametrize(
    ("name", "file", "video"),
    [
        ("a.mp4", {}, "videos/a.mp4"),
        ("A film", {"loc": 2, "src": "day%201/a.mp4?x=1"}, "a.mp4"),
        ("", {"loc": 3, "src": "file:///home/me/a.mp4"}, "a.mp4"),
    ],
)
def test_the_video_is_called_as_the_file_or_its_address(put, trained_on, name, file, video):
    root = put({"via.json": project(segment("run"), files=(name,), **file)}, [video])
    assert trained_on(root) == [("a.mp4", "run", 0.5, 1.5)]


def test_several_boxes_that_are_ticked_are_several_labels(put, read):
    ticked = attribute("action", 2, {"0": "run", "1": "wave"})
    root = put({"via.json": project(segment("0,1"), segment("0", z=(0, 0.5)), attributes={"1": ticked})}, ["a.mp4"])
    with pytest.raises(ValueError, match=r"via.json: file '1': a.mp4 has the labels 'run' and 'wave' at the same time"):
        read(root)
    spans = read(root, multi_label=True).splits["train"][0].spans
    assert spans == (LabelSpan(0, 0.0, 0.5), LabelSpan(0, 0.5, 1.5), LabelSpan(1, 0.5, 1.5))


def test_of_several_attributes_one_is_chosen_and_named(put, read, trained_on):
    both = {"1": attribute("action"), "2": attribute("mood", 1)}
    about = project(
        segment("run"),
        segment("walk", z=(1.5, 2)),
        segment("glad", number="2"),
        attributes=both,
        files=("a.mp4", "b.mp4"),
    )
    root = put({"via.json": about}, ["a.mp4", "b.mp4"])
    assert candidates(survey(str(root)))[0].settings["attribute"] == "action"
    assert trained_on(root, attribute="mood") == [("a.mp4", "glad", 0.5, 1.5)]
    assert "left out 1 video without a value of mood, first b.mp4." in read(root, attribute="mood").notes
    with pytest.raises(
        ValueError, match=r"several kinds of labels, action \(2 labels\), mood .*: data.attribute=action"
    ):
        read(root, attribute=None)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (
            project(segment("run", z=(2, 0.5))),
            r"via.json: metadata '1_0': z \('run'\) is from 2 to 0.5 s; it must not",
        ),
        (project(segment("run", z=("soon", 2))), r"via.json: metadata '1_0': z\[0\] is 'soon'; seconds"),
        (
            project(segment("run", vid="7")),
            r"via.json: metadata '1_0': vid is '7', a view that the project does not have",
        ),
        (project(segment("run", number="7")), r"via.json: metadata '1_0': av names the attribute '7'"),
        ({**project(), "file": []}, r'via.json: "file" must hold an object for each of its numbers'),
        ('{"project": {"pid": "p", "rev": "1"},\n', r"via.json:2: .*this is not JSON"),
        (project(), r"via.json: it holds no labels of videos"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(put, read, about, message):
    with pytest.raises(ValueError, match=message):
        read(put({"via.json": about}, ["a.mp4"]))
