import pytest

from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.check.lenient import list_csv, list_folder, with_known_labels
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.manifest import Manifest


def touched(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def test_an_empty_class_is_listed_and_named(tmp_path):
    touched(tmp_path, "run/1.mp4", "walk/1.mp4", "jump/notes.txt")
    with pytest.raises(ValueError, match="this class has no videos"):
        from_folder(tmp_path)
    manifest, faults = list_folder(tmp_path)
    assert manifest.classes == ("jump", "run", "walk")
    assert [(fault.kind, fault.detail) for fault in faults] == [("empty_class", "class jump has no videos")]


def test_a_class_that_train_lacks_is_named_with_its_videos(tmp_path):
    touched(tmp_path, "train/run/1.mp4", "train/walk/1.mp4", "val/run/2.mp4", "val/Run/3.mp4")
    with pytest.raises(ValueError, match="val holds the class Run, which train lacks"):
        from_folder(tmp_path).check_learnable()
    _, (fault,) = list_folder(tmp_path)
    assert (fault.kind, fault.path) == ("label_without_class", str(tmp_path / "val/Run/3.mp4"))
    assert fault.detail == "labelled 'Run' in val, which train lacks"


def test_what_training_reads_is_listed_alike(tmp_path):
    touched(tmp_path, "train/run/1.mp4", "train/walk/sub/1.MOV", "train/walk/.hidden.mp4", "val/run/2.mp4")
    touched(tmp_path, "val/walk/9.mp4", "val/walk/10.mp4", "test/run/1.mp4", "test/walk/notes.txt", "test/walk/4.mkv")
    strict, (lenient, faults) = from_folder(tmp_path), list_folder(tmp_path)
    assert faults == []
    assert lenient.classes == strict.classes
    for split, items in strict.splits.items():
        assert sorted(items) == sorted(lenient.splits[split])


def test_a_link_to_nothing_is_listed_and_a_loop_of_folders_ends(tmp_path):
    touched(tmp_path, "run/1.mp4", "walk/1.mp4")
    (tmp_path / "run" / "2.mp4").symlink_to("nowhere")
    (tmp_path / "walk" / "again").symlink_to(tmp_path / "walk")
    manifest, faults = list_folder(tmp_path)
    assert faults == []
    assert [item.path for item in manifest.splits["train"]] == [
        str(tmp_path / name) for name in ("run/1.mp4", "run/2.mp4", "walk/1.mp4")
    ]


def test_lines_of_missing_files_and_lines_listed_twice_are_kept(tmp_path):
    table = tmp_path / "clips.csv"
    table.write_text("path,label,split\na.mp4,run,train\nb.mp4,walk,train\na.mp4,run,test\na.mp4,run,test\n")
    with pytest.raises(ValueError, match="listed twice"):
        from_csv(table)
    manifest, faults = list_csv(table)
    assert faults == []
    assert {split: len(items) for split, items in manifest.splits.items()} == {"train": 2, "val": 0, "test": 2}


def test_a_line_without_a_label_is_named(tmp_path):
    (tmp_path / "clips.csv").write_text("path;label\na.mp4;run\nb.mp4;walk\nc.mp4; \n;run\nd.mp4;run;more\n")
    manifest, (fault,) = list_csv(tmp_path / "clips.csv")
    assert (fault.kind, fault.path) == ("label_without_class", str(tmp_path / "c.mp4"))
    assert manifest.classes == ("run", "walk") and len(manifest.splits["train"]) == 3


def test_times_and_groups_are_read(tmp_path):
    (tmp_path / "t.csv").write_text("path,label,group,start_seconds,end_seconds\na.mp4,run,g1,1.5,4\nb.mp4,walk,,x,\n")
    manifest, _ = list_csv(tmp_path / "t.csv", root=tmp_path / "videos")
    assert list(manifest.splits["train"]) == [
        VideoItem(str(tmp_path / "videos/a.mp4"), 0, 1.5, 4.0, "g1"),
        VideoItem(str(tmp_path / "videos/b.mp4"), 1),
    ]


def test_a_label_that_is_the_number_of_no_class_is_named_and_left_out():
    items = [VideoItem("a.mp4", 0), VideoItem("b.mp4", 2), VideoItem("c.mp4", -1)]
    known, faults = with_known_labels(Manifest(("run", "walk"), {"train": items, "val": [], "test": []}, "here"))
    assert [item.path for item in known.splits["train"]] == ["a.mp4"]
    assert [(fault.path, fault.detail) for fault in faults] == [
        ("b.mp4", "label 2 in train; there are classes 0 .. 1"),
        ("c.mp4", "label -1 in train; there are classes 0 .. 1"),
    ]


def test_a_set_whose_labels_are_all_known_is_left_as_it_is():
    manifest = Manifest(("run", "walk"), {"train": [VideoItem("a.mp4", 1)], "val": [], "test": []}, "here")
    assert with_known_labels(manifest) == (manifest, [])


def test_several_labels_are_listed_and_a_line_without_any_is_no_fault(tmp_path):
    (tmp_path / "clips.csv").write_text("path,label,split\na.mp4,run|jump,train\nb.mp4,,train\nc.mp4,walk||run,val\n")
    manifest, (fault,) = list_csv(tmp_path / "clips.csv", multi_label=True)
    assert manifest.classes == ("jump", "run", "walk")
    assert [item.labels for item in manifest.splits["train"]] == [(0, 1), ()]
    assert (fault.kind, fault.detail) == ("label_without_class", "labelled 'walk' in val, which train lacks")


def test_of_several_labels_one_that_is_no_class_is_named():
    sets = [(LabelSpan(0), LabelSpan(1)), (LabelSpan(1), LabelSpan(2)), (LabelSpan(-1),), ()]
    items = [VideoItem(f"{i}.mp4", MULTI_LABEL, spans=spans) for i, spans in enumerate(sets)]
    known, faults = with_known_labels(Manifest(("run", "walk"), {"train": items, "val": [], "test": []}, "here"))
    assert [item.path for item in known.splits["train"]] == ["0.mp4", "3.mp4"]
    assert [fault.detail for fault in faults] == [
        "label 2 in train; there are classes 0 .. 1",
        "label -1 in train; there are classes 0 .. 1",
    ]
