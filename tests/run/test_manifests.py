from dataclasses import replace

import pytest

from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest, class_warnings
from videoai.settings.data import DataSettings, absolute_values

DATA = DataSettings(source={"name": "folder"})


def test_paths_are_kept_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute_values({"root": "clips", "path": None, "flip": 0.5}) == {
        "root": f"{tmp_path}/clips",
        "path": None,
        "flip": 0.5,
    }


def test_an_unknown_data_set_offers_the_nearest():
    with pytest.raises(ValueError, match="data: unknown name 'folders'. Did you mean folder"):
        build_manifest(DataSettings(source={"name": "folders"}), trust=())


def test_a_layout_without_columns_says_where_to_write_them():
    data = DataSettings(source={"name": "folder", "root": "clips"}, columns={"speed": "value", "side": "class"})
    with pytest.raises(
        ValueError, match="data=folder has no columns, and the task wants speed, side. Write a table, path,speed,side:"
    ):
        build_manifest(data, trust=())


def test_a_url_is_no_path_to_be_made_absolute():
    for url in ("https://host/set", "simplecache::s3://bucket/set"):
        assert absolute_values({"path": url}) == {"path": url}


@pytest.mark.parametrize(
    ("train", "val", "said"),
    [
        ((20, 20), (10, 10), []),
        ((200, 20), (10, 10), ["imbalance: 200 train clips of a, 20 of b."]),
        ((20, 9), (10, 10), ["fewer than 10 train clips of b:"]),
        ((20, 20), (4, 5), ["9 validation clips for 2 classes: accuracy is uncertain by up to 33 %"]),
        ((20, 20), (0, 0), []),  # the study of a set without val has a word of its own
    ],
)
def test_few_clips_and_unequal_classes_are_said(train, val, said):
    splits = {
        split: [VideoItem(f"/{split}{k}_{n}.mp4", k) for k in (0, 1) for n in range(counts[k])]
        for split, counts in (("train", train), ("val", val))
    }
    manifest = Manifest(("a", "b"), splits, "here")  # pyright: ignore[reportArgumentType]
    found = class_warnings(manifest, DATA)
    assert len(found) == len(said) and all(one.startswith(start) for one, start in zip(found, said, strict=True))


def test_folds_are_not_advised_where_they_are_set():
    train = [VideoItem(f"/{k}{n}.mp4", k) for k in (0, 1) for n in range(20)]
    splits = {"train": train, "val": [VideoItem("/val.mp4", 0)]}
    manifest = Manifest(("a", "b"), splits, "here")  # pyright: ignore[reportArgumentType]
    (without,), (dealt,) = class_warnings(manifest, DATA), class_warnings(manifest, replace(DATA, folds=5, test_fold=0))
    assert without == f"{dealt} data.folds=5 tests every clip once."


def test_a_set_without_any_class_has_nothing_to_be_said_of():
    splits = {"train": [VideoItem("/a.mp4", 0)], "val": []}
    assert class_warnings(Manifest((), splits, "here"), DATA) == []  # pyright: ignore[reportArgumentType]
