"""Tables as people have them: other names for our columns, and columns that nobody asked for."""

import csv
import json
import re
from pathlib import Path

import pytest

from videoai.data.layouts.json_clips import from_json
from videoai.data.lists.from_files import from_csv
from videoai.data.lists.manifest import Manifest


@pytest.fixture
def read(tmp_path: Path):
    """Three videos of two classes, with these columns beside path and label."""

    def manifest(names: str, *values: str, first: str = "path,label", **settings: object) -> Manifest:
        for name in "abc":
            (tmp_path / f"{name}.mp4").touch()
        rows = [f"{name}.mp4,{label},{value}" for name, label, value in zip("abc", "xyx", values, strict=True)]
        path = tmp_path / "clips.csv"
        path.write_text("\n".join([f"{first},{names}", *rows]) + "\n")
        return from_csv(path, **{"test_fraction": 0.0, **settings})

    return manifest


@pytest.mark.parametrize(
    "names", ["start,end", "start_time,end_time", "Start Time,End Time", "time_start,time_end", "BEGIN,STOP"]
)
def test_times_by_other_names_are_read_and_that_is_said(read, names):
    manifest = read(names, "1,2", "3,4.5", ",")
    spans = {
        item.path[-5]: (item.start_seconds, item.end_seconds) for part in manifest.splits.values() for item in part
    }
    assert (spans["a"], spans["b"], spans["c"][0]) == ((1, 2), (3, 4.5), 0)
    assert any(f"{names.split(',')[0]} as start_seconds" in note for note in manifest.notes)


@pytest.mark.parametrize("first", ["Path,Label", "PATH,label", " path , Label "])
def test_paths_and_labels_are_read_however_they_are_written(read, first):
    assert read("Split", "train", "train", "val", first=first).classes == ("x", "y")


@pytest.mark.parametrize("name", ["Split", "SPLIT", " split "])
def test_a_given_split_counts_however_it_is_written(read, name):
    manifest = read(name, "train", "val", "test")
    assert {split: len(part) for split, part in manifest.splits.items()} == {"train": 1, "val": 1, "test": 1}


@pytest.mark.parametrize("names", ["start_frame,end_frame", "Frame Start,Frame End", "first_frame,last_frame"])
def test_numbers_of_frames_are_refused_with_the_way_out(read, names):
    with pytest.raises(ValueError, match=r"clips.csv:1: .* counts frames.*start_seconds"):
        read(names, "0,30", "0,30", "0,30")


def test_numbers_of_frames_beside_times_are_left_alone(read):
    assert read("start,end,start_frame", "0,1,0", "0,1,0", "0,1,0").classes == ("x", "y")


def test_a_wrong_time_is_named_as_in_the_file(read):
    with pytest.raises(ValueError, match=r"clips.csv:3: Start is '0:01'; a number of seconds"):
        read("Start,end", "0,1", "0:01,2", "0,1")


def test_two_columns_for_one_name_are_refused(read):
    with pytest.raises(ValueError, match=r"the columns start and start_time could both be start_seconds"):
        read("start,start_time", "0,0", "0,0", "0,0")


@pytest.mark.parametrize("name", ["subject", "Person", "actor_id", "subjects"])
def test_a_column_that_looks_like_a_group_is_named_with_the_setting(read, name):
    values, wanted = ("one", "one", "two"), f"data.split_by={name}"
    assert any(wanted in note and "2 groups" in note for note in read(name, *values).notes)
    assert not any(wanted in note for note in read(name, *values, split_by=name).notes)
    assert not any(wanted in note for note in read(name, "one", "two", "three").notes)  # each clip by itself


@pytest.mark.parametrize("name", ["subset", "Partition", "data_split"])
def test_a_column_that_looks_like_a_split_is_named_with_the_setting(read, name):
    notes = read(name, "training", "training", "testing").notes
    assert any(
        re.search(rf"column {name} \(training, testing\).*data.test_where=\{{{name}: VALUE\}}", one) for one in notes
    )


def test_settings_name_a_column_as_it_is_called_in_the_file(read):
    manifest = read("start,Split", "0,train", "0,val", "0,test", first="path,Label", where={"Label": ["x"]})
    assert manifest.classes == ("x",)


@pytest.mark.parametrize("keys", [("start", "end"), ("startTime", "endTime"), ("Begin", "Stop")])
def test_json_reads_times_by_other_names(tmp_path, keys):
    (tmp_path / "a.mp4").touch()
    clip = {"path": "a.mp4", "label": "x", keys[0]: 1.5, keys[1]: 2, "split": "train"}
    (tmp_path / "clips.json").write_text(json.dumps([clip]))
    (item,) = from_json(str(tmp_path / "clips.json")).splits["train"]
    assert (item.start_seconds, item.end_seconds) == (1.5, 2)


def test_json_refuses_numbers_of_frames(tmp_path):
    (tmp_path / "clips.json").write_text(json.dumps([{"path": "a.mp4", "label": "x", "start_frame": 1}]))
    with pytest.raises(ValueError, match=r"clips.json:1, item 1: .* counts frames"):
        from_json(str(tmp_path / "clips.json"))


@pytest.mark.parametrize(
    ("one", "both"),
    [("run", "run;jump"), ("run", "run, jump"), ("['run']", "['run', 'jump']"), ('["run"]', '["run","jump"]')],
)
def test_several_labels_in_other_words_are_cut_and_that_is_said(tmp_path, one, both):
    rows = [("a.mp4", one, "train"), ("b.mp4", both, "train"), ("c.mp4", one, "val")]
    manifest = from_csv(table_of(tmp_path, rows), multi_label=True)
    assert set(manifest.classes) == {"run", "jump"}
    assert any("are written as" in note for note in manifest.notes)


def test_a_comma_in_a_name_stays(tmp_path):
    rows = [("a.mp4", "run, fast", "train"), ("b.mp4", "jump", "train"), ("c.mp4", "jump", "val")]
    assert set(from_csv(table_of(tmp_path, rows), multi_label=True).classes) == {"run, fast", "jump"}


def test_lines_with_one_path_are_one_clip_with_several_labels(tmp_path):
    rows = [("a.mp4", "run", "train"), ("b.mp4", "jump", "val"), ("a.mp4", "jump", "train")]
    with_nothing = from_csv(table_of(tmp_path, [*rows, ("b.mp4", "", "val")]), multi_label=True)
    assert len(with_nothing.splits["val"][0].labels) == 1
    manifest = from_csv(table_of(tmp_path, rows), multi_label=True)
    (item,) = manifest.splits["train"]
    assert {manifest.classes[label] for label in item.labels} == {"run", "jump"}
    assert any("3 lines are 2 clips" in note for note in manifest.notes)
    with pytest.raises(ValueError, match=r"clips.csv:4: a.mp4 is in split 'val' here and in 'train' on line 2"):
        from_csv(table_of(tmp_path, [*rows[:2], ("a.mp4", "jump", "val")]), multi_label=True)


def table_of(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    """A table of these lines, and the files that it names."""
    for name, *_ in rows:
        (folder / name).touch()
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])
    return folder / "clips.csv"
