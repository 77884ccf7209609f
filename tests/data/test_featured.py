"""Videos and labels of a layout with the features of a table in the place of pixels."""

from pathlib import Path

import numpy as np
import pytest

from videoai.core.types import LabelSpan, VideoItem
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.data.featured import with_features
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest


def table(folder: Path, names: list[str], root: str = "/films") -> str:
    rows = [FeatureRow(name, at, at + 1.0, None, None, None, None) for name in names for at in (0.0, 1.0)]
    facts = {"window_seconds": 1.0, "stride_seconds": 1.0, "root": root, "checkpoint": "best.pt", "weights": "0a"}
    write_table(folder / "t.npz", iter([Block(rows, np.zeros((len(rows), 3), np.float32))]), 3, facts)
    return str(folder / "t.npz")


def manifest(**splits: list[str]) -> Manifest:
    spans = (LabelSpan(0, 0.2, 0.8),)
    items = {
        split: Items.of([VideoItem(path, -1, spans=spans) for path in splits.get(split, [])], "/films")
        for split in ("train", "val", "test")
    }
    return Manifest(("run",), items, "/films/segments.csv", (), "/films")


def test_videos_are_found_by_path_then_by_a_name_that_occurs_once(tmp_path: Path):
    path = table(tmp_path, ["a.mp4", "x/b.mp4", "y/b.mp4", "elsewhere/c.mp4"])
    made = with_features(manifest(train=["/films/a.mp4", "/films/y/b.mp4"], val=["/films/c.mkv"]), path)
    assert [item.path for item in made.splits["train"]] == [f"{path}#/a.mp4", f"{path}#/y/b.mp4"]
    assert [item.path for item in made.splits["val"]] == [f"{path}#/elsewhere/c.mp4"]
    assert "1 video of the table have no line" in made.notes[-1]


def test_a_table_of_absolute_paths_or_of_another_root_is_found(tmp_path: Path):
    made = with_features(manifest(train=["/films/a.mp4"]), table(tmp_path, ["/films/a.mp4"], root="/elsewhere"))
    assert len(made.splits["train"]) == 1
    (tmp_path / "other").mkdir()
    made = with_features(manifest(train=["/films/sub/a.mp4"]), table(tmp_path / "other", ["sub/a.mp4"], root="/old"))
    assert len(made.splits["train"]) == 1


def test_videos_without_features_leave_train_and_stay_in_test(tmp_path: Path):
    given = manifest(train=["/films/a.mp4", "/films/gone.mp4"], test=["/films/lost.mp4"])
    made = with_features(given, table(tmp_path, ["a.mp4"]))
    assert (len(made.splits["train"]), len(made.splits["test"])) == (1, 1)
    assert made.notes[-1].startswith("2 videos without features, left out of train and unreadable in val and test")


def test_a_table_of_other_videos_is_refused_with_names_of_both(tmp_path: Path):
    with pytest.raises(
        ValueError, match=r"none of the 1 video of .*segments\.csv is in it: /films/a\.mp4\. It has b\.mp4"
    ):
        with_features(manifest(train=["/films/a.mp4"]), table(tmp_path, ["b.mp4"]))


def test_the_list_of_videos_is_the_same_wherever_its_table_lies(tmp_path: Path):
    (tmp_path / "moved").mkdir()
    prints = [
        with_features(manifest(train=["/films/a.mp4"]), table(folder, ["a.mp4"])).fingerprint()
        for folder in (tmp_path, tmp_path / "moved")
    ]
    assert prints[0] == prints[1]
