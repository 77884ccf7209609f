"""Videofolders of Hugging Face: a list of file names and labels beside the videos of each split, or above all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from videoai.data.layouts import table
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings

Clips = Mapping[str, Sequence[tuple[str, str]]]  # folder of a list -> file names and labels

SAME_NAMES: Clips = {
    split: [(f"{index:04}.mp4", ("run", "walk")[index % 2]) for index in range(count)]
    for split, count in (("train", 6), ("validation", 2), ("test", 4))
}


def write(root: Path, lists: Clips, name: str = "metadata.csv", keys: tuple[str, str] = ("file_name", "label")) -> Path:
    for folder, clips in lists.items():
        for file, _ in clips:
            (root / folder / file).parent.mkdir(parents=True, exist_ok=True)
            (root / folder / file).touch()
        lines = [",".join(keys), *(",".join(clip) for clip in clips)]
        if name.endswith(".jsonl"):
            lines = [json.dumps(dict(zip(keys, clip, strict=True))) for clip in clips]
        (root / folder / name).write_text("\n".join(lines) + "\n")
    return root


def read(root: Path) -> tuple[str, Manifest]:
    fit = candidates(survey(str(root)))[0]
    data = DataSettings(source={"name": fit.name, **fit.settings})
    return fit.name, build_manifest(data, trust=())


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("metadata.csv", ("file_name", "label")),
        ("metadata.jsonl", ("file_name", "label")),
        ("metadata.csv", ("path", "label")),
        ("clips.jsonl", ("path", "label")),
    ],
)
def test_the_split_is_the_folder_of_the_list_and_equal_names_are_its_own_files(tmp_path, name, keys):
    layout, manifest = read(write(tmp_path, SAME_NAMES, name, keys))
    assert layout == "table"
    assert manifest.table() == [("run", 3, 1, 2), ("walk", 3, 1, 2)]
    for split, folder in (("train", "train"), ("val", "validation"), ("test", "test")):
        assert {Path(item.path).parent.name for item in manifest.splits[split]} == {folder}


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_a_list_above_the_folders_takes_the_split_from_the_file_names(tmp_path, name):
    clips = [(f"{split}/{file}", label) for split, some in SAME_NAMES.items() for file, label in some]
    layout, manifest = read(write(tmp_path, {"": clips}, name))
    assert (layout, manifest.table()) == ("table", [("run", 3, 1, 2), ("walk", 3, 1, 2)])


def test_without_folders_of_splits_they_are_made(tmp_path):
    clips = [(f"videos/{index}.mp4", ("run", "walk")[index % 2]) for index in range(20)]
    _, manifest = read(write(tmp_path, {"": clips}))
    assert any(note.startswith("made val and test") for note in manifest.notes)


def test_a_file_that_lies_elsewhere_is_still_found(tmp_path):
    write(tmp_path, SAME_NAMES)
    (tmp_path / "train" / "0000.mp4").rename(tmp_path / "only.mp4")
    table = tmp_path / "train" / "metadata.csv"
    table.write_text(table.read_text().replace("0000.mp4", "only.mp4"))
    assert str(tmp_path / "only.mp4") in {item.path for item in read(tmp_path)[1].splits["train"]}


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_the_layout_of_class_folders_names_the_one_that_reads_it(tmp_path, name):
    write(tmp_path, SAME_NAMES, name)
    with pytest.raises(ValueError, match=r"test/metadata.* videoai train data=table data.root="):
        from_folder(tmp_path)


def test_the_csv_layout_names_the_one_that_reads_it(tmp_path):
    write(tmp_path, {"": SAME_NAMES["train"]})
    with pytest.raises(
        ValueError, match="metadata.csv:1: path and label are called file_name and label here; the layout"
    ):
        from_csv(tmp_path / "metadata.csv")


@pytest.mark.parametrize(
    ("folder", "keys", "message"),
    [
        (
            "train",
            ("file_nam", "label"),
            r"train/metadata.csv:1: no column names the video; .* Rename file_nam to file_name",
        ),
        ("test", ("file_name", "lable"), r"test/metadata.csv:1: no column names the label; .* Rename lable to label"),
        (
            "train",
            ("filname", "class"),
            r"train/metadata.csv:1: no column names the video; .* Rename filname to filename",
        ),
    ],
)
def test_a_misspelt_column_is_named_in_the_list_that_has_it(tmp_path, folder, keys, message):
    root = write(tmp_path, {split: clips for split, clips in SAME_NAMES.items() if split != folder})
    write(root, {folder: SAME_NAMES[folder]}, keys=keys)
    with pytest.raises(ValueError, match=message):
        read(root)


def test_a_misspelt_column_of_the_only_list_is_named_too(tmp_path):
    with pytest.raises(ValueError, match=r"metadata.csv:1: no column names the video; columns here: file_nam, label"):
        read(write(tmp_path, {"": SAME_NAMES["train"]}, keys=("file_nam", "label")))


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("classes.csv", "class,idx"),  # as near to id as a misspelt label to label, but too short to be one
        ("stats.csv", "class,videos"),
        ("stats.csv", "class,clips"),
        ("numbers.csv", "class,vidoe"),
        ("train/stats.csv", "class,vidoe"),
    ],
)
@pytest.mark.parametrize("folder", ["", "train"])
def test_another_table_beside_a_list_is_passed_over(tmp_path, folder, name, header):
    root = write(tmp_path, {folder: SAME_NAMES["train"]})
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(f"{header}\nrun,3\nwalk,3\n")
    layout, manifest = read(root)
    assert (layout, sum(map(len, manifest.splits.values()))) == ("table", 6)


@pytest.mark.parametrize("header", ["class,idx", "class,videos", "class,clips", "class,vidoe"])
def test_a_table_of_classes_does_not_hide_class_folders(tmp_path, header):
    for label in ("run", "walk"):
        (tmp_path / label).mkdir()
        for index in range(3):
            (tmp_path / label / f"{index}.mp4").touch()
    (tmp_path / "classes.csv").write_text(f"{header}\nrun,3\nwalk,3\n")
    assert table.detect(survey(str(tmp_path))) is None
    layout, manifest = read(tmp_path)
    assert (layout, manifest.classes) == ("folder", ("run", "walk"))


@pytest.mark.parametrize("header", ["class,idx", "class,videos", "labels,clip"])
def test_short_names_and_plurals_are_no_misspelt_columns(tmp_path, header):
    (tmp_path / "classes.csv").write_text(f"{header}\nrun,3\n")
    assert candidates(survey(str(tmp_path))) == []
