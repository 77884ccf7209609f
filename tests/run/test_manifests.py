import pytest

from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest, class_warnings
from videoai.settings.data import DataSettings, absolute_values


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
    found = class_warnings(Manifest(("a", "b"), splits, "here"))  # pyright: ignore[reportArgumentType]
    assert len(found) == len(said) and all(one.startswith(start) for one, start in zip(found, said, strict=True))
