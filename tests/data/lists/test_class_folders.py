"""Folders as people have them: splits under many names, above the classes and below them."""

from pathlib import Path

import pytest

from videoai.data.lists.from_files import from_folder
from videoai.data.lists.manifest import Manifest


@pytest.fixture
def read(tmp_path: Path):
    """Four videos in each of these folders."""

    def manifest(*folders: str, **settings: object) -> Manifest:
        for folder in folders:
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for number in range(4):
                (tmp_path / folder / f"{number}.mp4").touch()
        return from_folder(tmp_path, **settings)

    return manifest


def sizes(manifest: Manifest) -> dict[str, int]:
    return {split: len(items) for split, items in manifest.splits.items() if len(items)}


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("Training", "Testing", "test"),
        ("train", "dev", "val"),
        ("train", "eval", "val"),
        ("train_256", "val_256", "val"),
        ("rawframes_train", "rawframes_test", "test"),
        ("TRAIN", "Validation", "val"),
    ],
)
def test_split_folders_are_known_by_the_names_that_people_give_them(read, train, other, split):
    manifest = read(f"{train}/run", f"{train}/jump", f"{other}/run", f"{other}/jump", val_fraction=0.0)
    assert manifest.classes == ("jump", "run")
    assert sizes(manifest) == {"train": 8, split: 8}


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "Testing"), ("train_v1", "test_v1")])
def test_splits_below_the_classes_are_splits(read, train, test):
    manifest = read(f"run/{train}", f"run/{test}", f"jump/{train}", f"jump/{test}", val_fraction=0.0)
    assert manifest.classes == ("jump", "run")
    assert sizes(manifest) == {"train": 8, "test": 8}


@pytest.mark.parametrize("above", [("Set1", "Set2"), ("day", "night", "dusk"), ("a_part", "b_part")])
def test_the_same_folders_everywhere_are_refused_with_both_ways_out(read, above):
    folders = [f"{one}/{name}" for one in above for name in ("run", "jump", "wave")]
    with pytest.raises(
        ValueError, match=r"hold the same folders, jump, run, wave.*train, val and test.*split_by=folder"
    ):
        read(*folders)


def test_the_same_folders_everywhere_are_people_where_that_is_said(read):
    folders = [f"{action}/{person}" for action in ("run", "jump") for person in ("anna", "ben", "carl", "dora")]
    manifest = read(*folders, split_by="folder")
    assert manifest.classes == ("jump", "run")
    assert from_folder(manifest.root, split_by="clip").classes == manifest.classes


def test_folders_of_frames_with_equal_names_are_clips(tmp_path: Path):
    for action in ("run", "jump"):
        for clip in ("0001", "0002", "0003", "0004"):
            (tmp_path / action / clip).mkdir(parents=True)
            (tmp_path / action / clip / "img_00001.jpg").touch()
    assert sizes(from_folder(tmp_path, test_fraction=0.0, val_fraction=0.25)) == {"train": 6, "val": 2}


def test_sub_folders_of_some_classes_are_named_with_the_setting(read):
    manifest = read("run/anna", "run/ben", "jump", "jump/carl", test_fraction=0.0)
    assert any("clips lie in sub-folders of their class (anna, ben, carl)" in note for note in manifest.notes)
    by_person = from_folder(manifest.root, split_by="folder", test_fraction=0.0)
    assert not any("sub-folders" in note for note in by_person.notes)


@pytest.mark.parametrize("pattern", ["v_Run_g{}_c{}.mp4", "run_G{}_C{}.avi", "x_g{}_c{}.mkv"])
def test_sources_in_names_are_noted(tmp_path: Path, pattern):
    for action in ("run", "jump"):
        (tmp_path / action).mkdir()
        for number in range(6):
            (tmp_path / action / pattern.format(f"{number // 2 + 1:02}", f"{number % 2 + 1:02}")).touch()
    manifest = from_folder(tmp_path, test_fraction=0.0)
    assert manifest.together and manifest.together[:2] == ("split_by", "source")
    assert any("g01_c01 tell from which source" in note.lower() for note in manifest.notes)
    kept = from_folder(tmp_path, test_fraction=0.0, split_by="source")
    assert kept.together is None
    homes = {(item.group, split) for split, items in kept.splits.items() for item in items}
    assert len(homes) == len({group for group, _ in homes}) > 1
