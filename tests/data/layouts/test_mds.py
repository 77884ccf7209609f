"""MDS shards of MosaicML Streaming, read where they lie."""

import json

import pytest
import torch

from tests.data.layouts.mds_shards import write_shards
from videoai.data.decode import open_video
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.shards.shards import read_member

COLUMNS = {"video": "bytes", "label": "str"}


@pytest.fixture
def samples(short_video):
    """Seven samples of two classes."""
    names = ("run", "walk")
    return [{"video": short_video + bytes(number), "label": names[number % 2], "id": number} for number in range(7)]


def labels(manifest, split="train"):
    return [manifest.classes[item.label] for item in manifest.splits[split]]


@pytest.mark.parametrize(
    ("kinds", "values"),
    [
        ({"label": "str"}, ["run", "walk"]),
        ({"label": "int"}, [0, 1]),
        ({"label": "uint8", "id": "int32"}, [3, 200]),
        ({"Action": "json"}, ["run", "wälk"]),
        ({"class": "str_int", "note": "str"}, [0, 1]),
    ],
    ids=["texts", "numbers", "columns of one size before the video", "json", "a text behind a text"],
)
def test_samples_are_videos_with_labels(tmp_path, read, short_video, kinds, values):
    (label, *_), held = kinds, []
    for number in range(7):
        videos = {"video": short_video + bytes(number), "id": number, "note": "x" * number}
        held.append({**videos, label: values[number % 2]})
    manifest = read(write_shards(tmp_path / "data", {"video": "bytes", **kinds}, held))
    assert labels(manifest) == [str(values[number % 2]) for number in range(7)]
    assert [read_member(item.path) for item in manifest.splits["train"]] == [one["video"] for one in held]


def test_the_pictures_are_those_of_the_file(tmp_path, read, samples, short_video):
    item = read(write_shards(tmp_path / "data", COLUMNS, samples)).splits["train"][6]
    (tmp_path / "clip.mp4").write_bytes(short_video)
    with open_video(item.path) as member, open_video(tmp_path / "clip.mp4") as file:
        assert torch.equal(member.frames([0, 7, 29]), file.frames([0, 7, 29]))


def test_folders_say_the_split_and_numbers_get_names(tmp_path, read, samples):
    numbered = [{**one, "label": ("run", "walk").index(one["label"])} for one in samples]
    for split in ("train", "val", "test"):
        write_shards(tmp_path / "data" / split, {"video": "bytes", "label": "int"}, numbered)
    (tmp_path / "names.txt").write_text("run\nwalk\n")
    manifest = read(tmp_path / "data", class_names=str(tmp_path / "names.txt"))
    assert manifest.table() == [("run", 4, 4, 4), ("walk", 3, 3, 3)]


def test_of_several_columns_one_is_chosen_and_named(tmp_path, read, samples):
    kinds = {**COLUMNS, "depth": "bytes", "action": "str"}
    root = write_shards(tmp_path / "data", kinds, [{**one, "depth": b"", "action": "hop"} for one in samples])
    fit = candidates(survey(str(root)))[0]
    assert (fit.name, fit.settings["video"], fit.settings["label"]) == ("mds", "depth", "label")
    assert labels(read(root, video="video", label="label"))[:2] == ["run", "walk"]
    with pytest.raises(ValueError, match=r"which column is the video\? Of .*depth, video could all be it"):
        read(root, video=None)
    with pytest.raises(ValueError, match=r"data.video=vidoe, but the columns are .* Did you mean video\?"):
        read(root, video="vidoe")
    with pytest.raises(ValueError, match=r"data.video=label is of the encoding str; read: bytes"):
        read(root, video="label")


def in_index(**changes):
    def change(root):
        content = json.loads((root / "index.json").read_text())
        content["shards"][1] |= changes
        (root / "index.json").write_text(json.dumps(content))

    return change


def cut(root):
    path = root / "shard.00001.mds"
    path.write_bytes(path.read_bytes()[:-10])


def beheaded(root):
    (root / "shard.00000.mds").write_bytes(b"\x05\0\0\0\x01")


def compressed(root):
    in_index(zip_data={"basename": "shard.00001.mds.zstd"})(root)
    (root / "shard.00001.mds").unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (cut, r"shard.00001.mds: the file ends elsewhere than its samples do; it is cut off"),
        (beheaded, r"shard.00000.mds: the file ends too early"),
        (compressed, r"index.json, shard 1: no file .*shard.00001.mds; it is compressed: unpack it"),
        (in_index(samples=9), r"shard.00001.mds: it holds 2 samples, and .*index.json says 9"),
        (
            in_index(raw_data={"basename": "../../x.mds"}),
            r"shard 1: raw_data names the file",
        ),
        (
            in_index(column_sizes=[None]),
            r"shard 1: column_names, column_encodings and column_sizes are not three",
        ),
        (in_index(column_sizes=[3, None]), r"sample 0: its columns do not end where the next sample begins"),
        (in_index(format="json"), r"shard 1: its format is 'json'; mds alone is read"),
        (
            in_index(column_encodings=["pkl", "bytes"]),
            r"which column is the label\? Of .*, none can be it",
        ),
    ],
)
def test_what_is_damaged_is_named(tmp_path, read, samples, change, message):
    root = write_shards(tmp_path / "data", COLUMNS, samples)
    change(root)
    with pytest.raises(ValueError, match=message):
        read(root)


def test_labels_that_are_none_are_named_with_their_sample(tmp_path, read, samples):
    samples[6]["label"] = b"\xff"
    with pytest.raises(ValueError, match=r"shard.00001.mds, sample 1: label cannot be read as str"):
        read(write_shards(tmp_path / "data", COLUMNS, samples))
