"""Parquet files with videos, as Hugging Face's datasets write them."""

import json

import pytest

from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.media import BadVideo
from videoai.data.shards.shards import read_member

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

CLASSES = {"_type": "ClassLabel", "names": ["run", "walk"]}


@pytest.fixture
def parquet(tmp_path, short_video):
    """Writes a file below tmp_path/data, two videos a group, and returns the folder. None = a video."""

    def write(name="train-00000-of-00001.parquet", features=None, **columns):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"bytes": short_video, "path": "clip.mp4"}
        for key, held in columns.items():
            columns[key] = [whole if value is None else value for value in held] if isinstance(held, list) else held
        table = pa.table(columns)
        if features:
            said = json.dumps({"info": {"features": features}})
            table = table.replace_schema_metadata({"huggingface": said})
        pq.write_table(table, path, row_group_size=2)
        return tmp_path / "data"

    return write


def labels(manifest, split="train"):
    return [manifest.classes[item.label] for item in manifest.splits[split]]


@pytest.mark.parametrize(
    ("columns", "features"),
    [
        ({"video": [None] * 3, "label": [0, 1, 0]}, {"video": {"_type": "Video"}, "label": CLASSES}),
        ({"video": [None] * 3, "label": ["run", "walk", "run"], "fps": [15, 15, 15]}, None),
        ({"clip": [None] * 3, "thumb": [b"x"] * 3, "Action": ["run", "walk", "run"]},
         {"clip": {"_type": "Video"}, "thumb": {"_type": "Image"}}),
    ],
    ids=["classes in the schema", "plain columns", "other names"],
)  # fmt: skip
def test_rows_are_videos_with_labels(parquet, read, short_video, columns, features):
    manifest = read(parquet(features=features, **columns))
    assert labels(manifest) == ["run", "walk", "run"]
    assert all(read_member(item.path) == short_video for item in manifest.splits["train"])


def test_bytes_may_stand_alone_and_files_say_the_split(parquet, read, short_video):
    for name in ("train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "validation-00000-of-00001.parquet"):
        root = parquet(name, video=[short_video] * 3, label=["run", "walk", "run"])
    assert read(root).table() == [("run", 4, 2, 0), ("walk", 2, 1, 0)]
    assert len(read(root / "train-00001-of-00002.parquet").splits["train"]) == 3


def test_paths_without_bytes_are_files(parquet, trained_on, put):
    put({}, ["clips/a.mp4", "b.mp4"])
    held = [{"bytes": None, "path": "clips/a.mp4"}, {"bytes": None, "path": "b.mp4"}]
    schema = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    root = parquet(video=pa.array(held, schema), label=["run", "walk"])
    assert trained_on(root) == [("b.mp4", "walk", 0.0, None), ("a.mp4", "run", 0.0, None)]


def test_of_several_columns_one_is_chosen(parquet, read):
    root = parquet(video=[None] * 2, side=[None] * 2, label=["run", "walk"], action=["a", "b"])
    fit = candidates(survey(str(root)))[0]
    assert (fit.settings["video"], fit.settings["label"]) == ("video", "label")
    assert labels(read(root, label="action")) == ["a", "b"]
    with pytest.raises(
        ValueError, match=r"which column is the label\? Of .*, label, action could all be it: data.label=N"
    ):
        read(root, label=None)
    with pytest.raises(ValueError, match=r"data.label=lable, but the columns are .*Did you mean label\?"):
        read(root, label="lable")


def test_a_row_without_a_video_is_a_bad_video(parquet, read):
    items = read(parquet(video=[None, {"bytes": None, "path": "gone.mp4"}], label=["run", "walk"])).splits["train"]
    with pytest.raises(BadVideo, match=r"#00000001/video: missing while opening: the row holds no bytes of a video"):
        read_member(items[1].path)
    with pytest.raises(BadVideo, match=r"the file has 2 rows"):
        read_member(items[1].path.replace("#00000001", "#00000007"))


@pytest.mark.parametrize(
    ("columns", "features", "message"),
    [
        (
            {"video": [None], "label": [7]},
            {"label": CLASSES},
            r"parquet, row 0: label is 7; the schema names 2 classes",
        ),
        ({"video": [None], "label": [""]}, None, r"parquet, row 0: label is empty; fill it in"),
        (
            {"video": [None], "what": ["run"]},
            None,
            r"which column is the label\? Of video, what, none has a usual name",
        ),
    ],
)
def test_what_is_malformed_is_named_with_its_row(parquet, read, columns, features, message):
    with pytest.raises(ValueError, match=message):
        read(parquet(features=features, **columns))


def test_a_file_that_is_cut_off_is_said(parquet, read):
    root = parquet(video=[None], label=["run"])
    path = root / "train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(
        ValueError, match=r"train-00000-of-00001.parquet: .*; this is no Parquet file, or it is cut off"
    ):
        read(root)
