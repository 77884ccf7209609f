"""Tar files of WebDataset, read where they lie."""

import io
import json
import tarfile
from pathlib import Path

import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.shards.shards import read_member
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse


@pytest.fixture
def tar(tmp_path, short_video):
    """Writes members (name -> text or bytes; None = a video) into tmp_path/data/NAME and returns the folder."""

    def write(name, members):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w") as file:
            for member, content in members.items():
                said = short_video if content is None else content
                data = said.encode() if isinstance(said, str) else said
                info = tarfile.TarInfo(member)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
        return tmp_path / "data"

    return write


def labelled(manifest, split="train"):
    return [
        (item.path.partition("#")[2].partition("@")[0], manifest.classes[item.label]) for item in manifest.splits[split]
    ]


@pytest.mark.parametrize(
    ("members", "labels"),
    [
        ({"1.mp4": None, "1.cls": "0\n", "2.mp4": None, "2.cls": "1"}, ["0", "1"]),
        ({"a/1.cls": "run", "a/1.mp4": None, "b/1.mp4": None, "b/1.cls": "walk"}, ["run", "walk"]),
        ({"1.mp4": None, "1.json": '{"label": "run"}', "2.v.mp4": None, "2.json": '{"label": 3}'}, ["run", "3"]),
        ({"1.mp4": None, "1.txt": "run", "2.mp4": None, "2.txt": "walk", "2.jpg": "x"}, ["run", "walk"]),
    ],
    ids=["numbers", "folders of one name", "json", "texts"],
)  # fmt: skip
def test_members_of_one_key_are_a_sample(tar, read, members, labels):
    assert [label for _, label in labelled(read(tar("train.tar", members)))] == labels


def test_the_pictures_are_those_of_the_file(tar, read, short_video, tmp_path):
    item = read(tar("x.tar", {"1.mp4": None, "1.cls": "0", "2.mp4": None, "2.cls": "1"})).splits["train"][1]
    (tmp_path / "clip.mp4").write_bytes(short_video)
    assert read_member(item.path) == short_video
    with open_video(item.path) as member, open_video(tmp_path / "clip.mp4") as file:
        assert torch.equal(member.frames([0, 7, 29]), file.frames([0, 7, 29]))


def test_splits_are_said_by_files_and_folders_and_views_stay_together(tar, read):
    for name in ("train-000.tar", "train-001.tar", "val/000.tar"):
        root = tar(name, {"1.a.mp4": None, "1.b.mp4": None, "1.cls": "0", "2.mp4": None, "2.cls": "1"})
    assert read(root).table() == [("0", 4, 2, 0), ("1", 2, 1, 0)]
    alone = read(root / "train-000.tar")
    assert [item.group for item in alone.splits["train"]] == ["1", "1", None]
    assert labelled(alone)[0] == ("1.a.mp4", "0")


def test_numbers_get_names_and_of_several_labels_one_is_chosen(tar, read, tmp_path):
    (tmp_path / "names.txt").write_text("run\nwalk\n")
    members = {
        "1.mp4": None,
        "1.cls": "1",
        "1.txt": "someone walks",
        "1.json": json.dumps({"mood": "glad", "action": "x"}),
    }
    root = tar("x.tar", members)
    fit = candidates(survey(str(root)))[0]
    assert fit.settings["label"] == "cls"
    assert "labels in cls (1 label), txt (1 label), json.action (1 label) of the first samples" in fit.why
    assert read(root, class_names=str(tmp_path / "names.txt")).classes == ("walk",)
    assert read(root, label="json.mood").classes == ("glad",)
    with pytest.raises(ValueError, match=r"several kinds of labels, cls .*; choose: data.label=cls"):
        read(root, label=None)
    (tmp_path / "names.txt").write_text("run\n")
    with pytest.raises(ValueError, match=r"x.tar, 1: cls is 1; the file of class names holds 1"):
        read(root, class_names=str(tmp_path / "names.txt"))


def test_what_is_left_out_is_said_and_shards_of_our_own_are_not_taken_for_it(tar, read):
    root = tar("x.tar", {"1.mp4": None, "1.cls": "0", "2.mp4": None, "3.cls": "1"})
    notes = read(root).notes
    assert any(note.startswith("left out 1 samples without cls, first 2 of") for note in notes)
    assert any(note.startswith("left out 1 samples without a video, first 3 of") for note in notes)
    (root / "x.csv").write_text("name,offset,size,sha256\n")
    assert "webdataset" not in [fit.name for fit in candidates(survey(str(root)))]


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if how == "cut" else b"\x1f\x8b" + data)


@pytest.mark.parametrize(
    ("members", "how", "message"),
    [
        (
            {"1.mp4": None, "1.cls": "0"},
            "cut",
            r"x.tar: .*; it is damaged, cut off or",
        ),
        (
            {"1.mp4": None, "1.cls": "0"},
            "head",
            r"x.tar: .*; it is damaged, cut off or",
        ),
        ({"1.mp4": None, "1.json": "{label"}, "", r"x.tar, 1.json: .*; this is not JSON"),
        ({"1.mp4": None, "1.cls": ""}, "", r"x.tar, 1: cls is empty; fill it in"),
        (
            {"1.mp4": None, "1.json": '{"label": ["run", "jump"]}'},
            "",
            r"x.tar, 1: no 'json.label' here, or it is neither",
        ),
        ({"1.mp4": None, "1.json": "{}"}, "", r"data: it holds no labels of videos"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(tar, read, members, how, message):
    root = tar("x.tar", members)
    if how:
        damage(root / "x.tar", how)
    with pytest.raises(ValueError, match=message):
        build_manifest(parse(DataSettings, {"name": "webdataset", "root": str(root)}), trust=())
