import os

import pytest

from videoai.core.types import VideoItem
from videoai.data.check.examine import Examined
from videoai.data.check.faults import find_faults
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest

COPIES = ("duplicate", "conflict", "leak_content", "leak_path")


def named(folder, *places: str, linked: bool = False, labels: str = "000") -> list[tuple[str, str, str]]:
    """(kind, file, detail) of the faults of equal files at ``SPLIT/NAME``, copied or linked."""
    splits = {split: [] for split in ("train", "val", "test")}
    for place, label in zip(places, labels, strict=False):
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        os.symlink(folder / places[0], path) if linked and place != places[0] else path.write_bytes(b"video")
        splits[path.parent.name].append(VideoItem(str(path), int(label)))
    manifest = Manifest(("a", "b"), {split: Items.of(items) for split, items in splits.items()}, str(folder))
    examined = [Examined(item.path, sha256="one") for items in splits.values() for item in items]
    faults = [fault for fault in find_faults(manifest, examined) if fault.kind in COPIES]
    assert all(fault.twin and fault.twin != fault.path and fault.twin in fault.detail for fault in faults)
    return [
        (kind, path.removeprefix(f"{folder}/"), detail.replace(f"{folder}/", "")) for kind, path, detail, _ in faults
    ]


@pytest.mark.parametrize("copy", ["a (1).mp4", "a copy.mp4", "a-1.mp4", "a_2.mp4", "a.webm", "b.mp4"])
def test_of_two_copies_in_one_split_the_later_name_is_the_copy(tmp_path, copy):
    expected = [("duplicate", f"train/{copy}", "the same as train/a.mp4")]
    assert named(tmp_path, "train/a.mp4", f"train/{copy}") == expected
    assert named(tmp_path, f"train/{copy}", "train/a.mp4") == expected  # the order of the list is no matter


def test_a_link_is_the_copy_by_the_same_rule_and_each_is_named(tmp_path):
    assert named(tmp_path, "train/a.mp4", "train/b.mp4", "train/c.mp4", linked=True) == [
        ("duplicate", "train/b.mp4", "the same file as train/a.mp4"),
        ("duplicate", "train/c.mp4", "the same file as train/a.mp4"),
    ]


@pytest.mark.parametrize(
    ("given", "kept", "at_fault"),
    [
        (("train/a.mp4", "test/b.mp4"), "test/b.mp4", "train/a.mp4"),
        (("train/b.mp4", "val/a.mp4"), "val/a.mp4", "train/b.mp4"),
        (("val/a.mp4", "test/b.mp4"), "test/b.mp4", "val/a.mp4"),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_of_two_copies_in_two_splits_the_one_further_from_the_test_is_named(tmp_path, given, kept, at_fault, linked):
    ((kind, path, detail),) = named(tmp_path, *given, linked=linked)
    assert (kind, path) == ("leak_path" if linked else "leak_content", at_fault)
    assert kept in detail


def test_without_what_is_named_exactly_one_of_many_copies_is_left(tmp_path):
    given = ("train/a.mp4", "train/b.mp4", "test/c.mp4")
    assert {*given} - {path for _, path, _ in named(tmp_path, *given)} == {"test/c.mp4"}


def test_under_two_labels_the_copy_is_named_too(tmp_path):
    assert named(tmp_path, "train/a.mp4", "train/b.mp4", labels="01") == [
        ("conflict", "train/b.mp4", "a and b: the same as train/a.mp4 in train")
    ]


def test_a_group_in_two_splits_is_named_with_both(tmp_path):
    clips = {"train": ["g", "h", None], "val": ["h"], "test": ["g", None]}
    items = {
        split: Items.of([VideoItem(f"/{split}{number}.mp4", 0, group=group) for number, group in enumerate(groups)])
        for split, groups in clips.items()
    }
    examined = [Examined(item.path, sha256=item.path) for split in items.values() for item in split]
    faults = find_faults(Manifest(("a",), items, str(tmp_path)), examined)
    found = {fault.detail for fault in faults if fault.kind == "leak_group"}
    assert found == {"group g is in test and train", "group h is in train and val"}
