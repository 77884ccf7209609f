"""The manifest looks at names only, so empty files stand for videos here."""

import os
import re
from pathlib import Path

import pytest

from videoai.core.types import LabelSpan, VideoItem
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def class_folders(root: Path, num_clips: int = 20, prefix: str = "") -> Path:
    return touch(root, *(f"{prefix}{name}/{i}.mp4" for name in ("jump", "run", "walk") for i in range(num_clips)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return class_folders(tmp_path / "data")


@pytest.fixture
def write_csv(tmp_path: Path):
    """Writes clips.csv and, unless told otherwise, the files it names."""

    def write(*lines: str, header: str = "path,label", files: bool = True, encoding: str = "utf-8") -> Path:
        path = tmp_path / "clips.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
        if files:
            separator = max(",;\t", key=header.count)
            touch(tmp_path, *(name for line in lines if (name := line.split(separator)[0].strip())))
        return path

    return write


def rows(num_clips: int = 20, extra=lambda i: "") -> list[str]:
    return [f"{name}/{i}.mp4,{name}{extra(i)}" for name in ("jump", "run") for i in range(num_clips)]


def names_in(manifest: Manifest, split: str) -> set[str]:
    return {os.path.relpath(item.path, manifest.root) for item in manifest.splits[split]}


# ---- tables


def test_a_column_may_be_called_by_a_number_and_a_blank_line_stand_first(write_csv):
    lines = [f"{i}.mp4;{'ab'[i % 2]};{i // 8}" for i in range(16)]
    path = write_csv(*lines, header="\npath;label;2020")
    manifest = from_csv(path, where={2020: 1}, val_fraction=0, test_fraction=0)  # pyright: ignore[reportArgumentType]
    assert len(manifest.splits["train"]) == 8


def test_every_way_to_write_a_path_is_the_same_file(write_csv, tmp_path):
    for other in ("./a.mp4", "x/../a.mp4", f"{tmp_path}/a.mp4", f"/{tmp_path}/a.mp4", f"//{tmp_path}//a.mp4"):
        path = write_csv("a.mp4,run", f"{other},jump", files=False)
        touch(tmp_path, "a.mp4", "x/b.mp4")
        with pytest.raises(ValueError, match=r"clips.csv:3: .*a.mp4 is listed twice"):
            from_csv(path)


def test_a_null_byte_in_a_path_is_a_missing_file(write_csv):
    with pytest.raises(ValueError, match="clips.csv:2: 1 of 1 files are missing"):
        from_csv(write_csv("a\0b/c.mp4,run", files=False))


# ---- folders


def test_class_folders_become_classes_and_splits(folder):
    manifest = from_folder(folder)
    assert manifest.classes == ("jump", "run", "walk")
    assert manifest.table() == [("jump", 12, 4, 4), ("run", 12, 5, 3), ("walk", 16, 2, 2)]
    first = manifest.splits["train"][0]
    assert os.path.isfile(first.path)
    assert os.path.isabs(first.path)
    assert manifest.classes[first.label] == Path(first.path).parent.name
    assert "made val and test out of train with split_seed 0: train 40, val 11, test 9." in manifest.notes


@pytest.mark.parametrize("val", ["val", "valid", "validation", "Val"])
def test_split_folders_are_kept_as_they_are(tmp_path, val):
    for prefix, num_clips in (("train/", 4), (f"{val}/", 2), ("test/", 1)):
        class_folders(tmp_path, num_clips, prefix)
    manifest = from_folder(tmp_path)
    assert manifest.table() == [(name, 4, 2, 1) for name in ("jump", "run", "walk")]
    assert not any("made" in note for note in manifest.notes)


def test_an_absent_val_folder_is_made_but_a_test_folder_never(tmp_path):
    class_folders(class_folders(tmp_path / "a", 20, "train/"), 3, "test/")
    assert from_folder(tmp_path / "a").table() == [("jump", 15, 5, 3), ("run", 18, 2, 3), ("walk", 17, 3, 3)]
    class_folders(class_folders(tmp_path / "b", 20, "train/"), 3, "val/")
    manifest = from_folder(tmp_path / "b")
    assert manifest.splits["test"] == []
    assert "there is no test split: evaluate will use val." in manifest.notes


def test_val_and_test_are_made_out_of_a_train_folder_that_stands_alone(tmp_path):
    manifest = from_folder(class_folders(tmp_path, 20, "train/"))
    assert manifest.table() == [("jump", 10, 5, 5), ("run", 15, 3, 2), ("walk", 16, 1, 3)]
    manifest.check_learnable()


def test_a_test_folder_that_stands_alone_is_read_and_is_nothing_to_learn_from(tmp_path):
    manifest = from_folder(class_folders(tmp_path, 2, "test/"))
    assert manifest.table() == [(name, 0, 0, 2) for name in ("jump", "run", "walk")]
    with pytest.raises(ValueError, match="test holds the class jump, run, walk, which train lacks; train holds no cl"):
        manifest.check_learnable()


def test_a_single_folder_named_like_a_split_is_a_class(tmp_path):
    touch(tmp_path / "a", *(f"{name}/{i}.mp4" for name in ("bus", "train") for i in range(10)))
    assert from_folder(tmp_path / "a").classes == ("bus", "train")
    touch(tmp_path / "b", *(f"train/{i}.mp4" for i in range(10)))
    assert from_folder(tmp_path / "b").classes == ("train",)


def test_hidden_names_are_ignored_and_other_files_are_counted(folder):
    touch(folder, "run/.hidden.mp4", ".git/x.mp4", "run/a.txt", "run/sub/b.txt", "clips.csv", "loose.mp4")
    manifest = from_folder(folder)
    assert sum(map(len, manifest.splits.values())) == 60
    expected = "skipped 4 files that are not videos: .txt 2, .csv 1, .mp4 outside a class folder 1."
    assert expected in manifest.notes


def test_sub_folders_links_and_upper_case_extensions_are_read(folder):
    touch(folder, "run/deep/er/A.MP4")
    (folder / "skip").symlink_to(folder / "walk", target_is_directory=True)
    (folder / "run" / "loop").symlink_to(folder / "run", target_is_directory=True)
    manifest = from_folder(folder)
    assert "skip" in manifest.classes
    assert sum(map(len, manifest.splits.values())) == 81
    assert "skipped 1 file that is not a video: link to a folder above 1." in manifest.notes


def test_extensions_can_be_chosen(folder):
    touch(folder, "jump/a.Dat", "run/a.dat", "walk/a.dat")
    manifest = from_folder(folder, extensions=["dat"], val_fraction=0, test_fraction=0)
    assert manifest.table() == [("jump", 1, 0, 0), ("run", 1, 0, 0), ("walk", 1, 0, 0)]


def test_split_by_folder_keeps_people_together_across_classes(tmp_path):
    people = [f"person{i}" for i in range(12)]
    touch(tmp_path, *(f"{c}/{person}/{i}.mp4" for c in ("run", "walk") for person in people for i in range(3)))
    manifest = from_folder(tmp_path, split_by="folder")
    homes = {(item.group, split) for split, items in manifest.splits.items() for item in items}
    assert len(homes) == 12
    assert "clips with the same folder stay together, 12 in number." in manifest.notes
    assert len(manifest.splits["val"]) == pytest.approx(0.15 * 72, abs=6)


def test_classes_are_sorted_by_the_numbers_in_their_names(tmp_path):
    touch(tmp_path, *(f"{name}/{i}.mp4" for name in ("c10", "c2", "c1") for i in range(5)))
    assert from_folder(tmp_path).classes == ("c1", "c2", "c10")


def test_a_missing_folder_names_its_neighbours(folder):
    with pytest.raises(FileNotFoundError, match=r"dat: no such folder of videos. Did you mean data\?"):
        from_folder(folder.parent / "dat")


def test_an_empty_class_is_named(folder):
    touch(folder, "sit/notes.txt")
    with pytest.raises(ValueError, match=r"sit: this class has no videos ending in .*; add some, remove the folder"):
        from_folder(folder)


def test_no_videos_at_all_says_what_was_looked_for(tmp_path):
    touch(tmp_path, "a.mp4")
    with pytest.raises(ValueError, match=r"no videos. Looked for <class>/\*\*/\* .*\.mp4 outside a class folder 1"):
        from_folder(tmp_path)


def test_one_class_is_nothing_to_learn(tmp_path):
    manifest = from_folder(touch(tmp_path, "run/a.mp4", "run/b.mp4"))
    with pytest.raises(ValueError, match="the only class is 'run', so there is nothing to learn"):
        manifest.check_learnable()


def test_a_class_that_train_lacks_is_refused(tmp_path):
    class_folders(class_folders(tmp_path, 3, "train/"), 1, "val/")
    touch(tmp_path, "val/fly/a.mp4")
    manifest = from_folder(tmp_path)
    with pytest.raises(ValueError, match="val holds the class fly, which train lacks; train holds jump, run, walk"):
        manifest.check_learnable()


def test_unclear_split_folders_are_refused(tmp_path):
    class_folders(class_folders(class_folders(tmp_path, 1, "train/"), 1, "val/"), 1, "valid/")
    with pytest.raises(ValueError, match=r"train, val, valid look like splits, but there may be one each of train"):
        from_folder(tmp_path)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_one_split_folder_beside_a_class_folder_is_refused(split, tmp_path):
    class_folders(tmp_path, 1, f"{split}/")
    touch(tmp_path, "fly/a.mp4")
    with pytest.raises(ValueError, match=f"{split}/ holds folders, as a split does, and beside it is .*but fly. Move"):
        from_folder(tmp_path)


def test_a_class_that_is_called_as_a_split_is_a_class(tmp_path):
    touch(tmp_path, "train/a.mp4")
    touch(tmp_path, "car/a.mp4")
    assert from_folder(tmp_path, val_fraction=0, test_fraction=0).classes == ("car", "train")


def test_a_split_that_there_is_not_is_refused_by_name():
    with pytest.raises(ValueError, match="no split is called 'training'. There are train, val, test"):
        Manifest(("a",), {"training": Items.of([])}, source="mine")


def test_a_split_that_is_left_out_is_empty():
    manifest = Manifest(("a", "b"), {"train": [VideoItem("x.mp4", 1)]}, source="mine")
    assert (len(manifest.splits["val"]), manifest.table()) == (0, [("a", 0, 0, 0), ("b", 1, 0, 0)])


@pytest.mark.parametrize(
    ("classes", "items", "message"),
    [
        (("a", "a"), [], "mine: the class 'a': class names are text, and each is there once"),
        ((1, 2), [], "mine: the class 1: class names are text"),
        (("a", "b"), [VideoItem("x.mp4", "b")], "the label 'b' is no number of a class"),
        (("a", "b"), [("x.mp4", 1)], "('x.mp4', 1) is a tuple"),
        (("a", "b"), [VideoItem("x.mp4", 2)], "a clip of train has the label 2, and there are 2 classes: a, b"),
        (("a", "b"), [VideoItem("x.mp4", -1)], "a clip of train has the label -1"),
        (("a", "b"), [], "mine: there are no clips in it"),
    ],
)
def test_a_manifest_of_ones_own_that_cannot_be_used_is_refused(classes, items, message):
    def check():
        manifest = Manifest(classes, {"train": items}, source="mine")
        manifest.check_labels()
        manifest.check_learnable()

    with pytest.raises(ValueError, match=re.escape(message)):
        check()


def test_a_file_is_no_folder_of_classes_and_a_folder_no_table(folder):
    with pytest.raises(ValueError, match=r"0.mp4: a file, but data=folder .* A table: data=csv data.path=FILE"):
        from_folder(next(folder.rglob("*.mp4")).with_name("0.mp4"))
    with pytest.raises(ValueError, match=r"data: a folder, but data=csv .* Class folders: data=folder data.root=PATH"):
        from_csv(folder)


def test_an_unknown_grouping_and_impossible_fractions_are_refused(folder):
    with pytest.raises(ValueError, match="by clip, by folder or by source"):
        from_folder(folder, split_by="person")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"val_fraction 0.6 and test_fraction 0.4: .* stay below 1"):
        from_folder(folder, val_fraction=0.6, test_fraction=0.4)


# ---- the fingerprint


@pytest.mark.parametrize(
    ("num_people", "said"),
    [(2, "val got 50% of the clips and not 15%: of few groups"), (4, "val got 28% of the clips"), (6, None)],
)
def test_a_share_that_few_people_cannot_meet_is_said(write_csv, num_people, said):
    lines = [f"{k}/{p}.mp4,c{k},{'abcdefghi'[p % num_people]}" for k in range(2) for p in range(18)]
    notes = from_csv(write_csv(*lines, header="path,label,group"), test_fraction=0).notes
    assert any(note.startswith(said or " ") for note in notes) == bool(said)


def test_the_fingerprint_does_not_depend_on_where_the_folder_lies(folder, tmp_path):
    before = from_folder(folder)
    folder.rename(tmp_path / "moved")
    after = from_folder(tmp_path / "moved")
    assert after.fingerprint() == before.fingerprint()
    assert after.notes == before.notes
    assert len(before.fingerprint()) == 16


def test_the_fingerprint_changes_with_files_labels_and_splits(folder):
    prints = [from_folder(folder).fingerprint(), from_folder(folder, split_seed=1).fingerprint()]
    touch(folder, "run/new.mp4")
    prints.append(from_folder(folder).fingerprint())
    (folder / "walk").rename(folder / "stroll")
    prints.append(from_folder(folder).fingerprint())
    assert len(set(prints)) == 4


@pytest.mark.parametrize(
    ("options", "fingerprint"),
    [
        ({}, "ecdbb6787f3bac39"),
        ({"split_by": "clip", "split_seed": 3}, "8799987533ff922d"),
        ({"split_by": "person", "val_fraction": 0.3}, "019de4beee9f7754"),
        ({"where": {"fold": [0, 1, 2]}, "val_where": {"fold": 2}}, "f181a460e815a5f4"),
    ],
)
def test_splits_are_fixed_for_ever(write_csv, options, fingerprint):
    """Other splits would hand the test clips of every checkpoint to training, so `evaluate` would refuse them all."""
    lines = [
        f"{'ab'[i // 2 % 2]}/{i // 2}\u00e9.mp4,c{i % 7},{i / 4},{i / 4 + 1 if i % 3 else ''},"
        f"{i % 5},{i // 9},{i // 2 * 7 % 24}"
        for i in range(300)
    ]
    path = write_csv(*lines, header="path,label,start_seconds,end_seconds,fold,group,person")
    assert from_csv(path, **options).fingerprint() == fingerprint


# ---- CSV


def test_a_table_of_clips_is_read_and_split(write_csv, tmp_path):
    manifest = from_csv(write_csv(*rows()))
    assert manifest.classes == ("jump", "run")
    assert manifest.table() == [("jump", 12, 4, 4), ("run", 12, 5, 3)]
    assert all(item.path.startswith(str(tmp_path)) and os.path.isfile(item.path) for item in manifest.splits["val"])


def test_the_order_of_the_lines_changes_nothing(write_csv):
    one = from_csv(write_csv(*rows()))
    other = from_csv(write_csv(*reversed(rows())))
    assert one.splits == other.splits


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_byte_order_marks_quotes_and_blank_lines_are_understood(write_csv, tmp_path, separator):
    lines = [separator.join([f"{i}.mp4", f"c{i % 2}", f'"a, b; {i}"']) for i in range(12)]
    path = write_csv("", *lines, "", header=separator.join(["path", "label", "remark"]), encoding="utf-8-sig")
    assert sum(map(len, from_csv(path).splits.values())) == 12


def test_times_and_paths_elsewhere_are_kept(write_csv, tmp_path):
    elsewhere = touch(tmp_path / "other", "far.mp4") / "far.mp4"
    lines = ["a.mp4,x,0.5,2", "a.mp4,y,2,", f"{elsewhere},x,,", "./sub/../b.mp4,y,,3.25"]
    path = write_csv(*lines, header="path,label,start_seconds,end_seconds")
    manifest = from_csv(path, val_fraction=0, test_fraction=0)
    actual = {(Path(i.path).name, i.label, i.start_seconds, i.end_seconds) for i in manifest.splits["train"]}
    assert actual == {("a.mp4", 0, 0.5, 2.0), ("a.mp4", 1, 2.0, None), ("far.mp4", 0, 0.0, None), ("b.mp4", 1, 0, 3.25)}


def test_paths_can_start_from_another_root(write_csv, tmp_path):
    touch(tmp_path / "videos", *(line.split(",")[0] for line in rows()))
    manifest = from_csv(write_csv(*rows(), files=False), root=tmp_path / "videos")
    assert manifest.root == str(tmp_path / "videos")
    assert from_csv(write_csv(*rows())).fingerprint() == manifest.fingerprint()


def test_number_labels_are_sorted_as_numbers(write_csv):
    assert from_csv(write_csv(*(f"{i}.mp4,{label}" for i, label in enumerate([10, 9, -1] * 6)))).classes == (
        "-1",
        "9",
        "10",
    )


def test_the_split_column_wins_and_names_only_what_it_names(write_csv):
    split = {0: ",validation", 1: ",Test"}
    manifest = from_csv(write_csv(*rows(5, lambda i: split.get(i, ",train")), header="path,label,split"))
    assert names_in(manifest, "val") == {"jump/0.mp4", "run/0.mp4"}
    assert names_in(manifest, "test") == {"jump/1.mp4", "run/1.mp4"}
    manifest = from_csv(write_csv(*rows(20, lambda i: ",train"), header="path,label,split"))
    assert manifest.splits["test"] == []
    assert len(manifest.splits["val"]) == 7


def test_columns_can_choose_rows_and_splits(write_csv):
    path = write_csv(*rows(20, lambda i: f",{i % 5},{int(i != 3)}"), header="path,label,fold,clean")
    manifest = from_csv(path, where={"clean": 1}, val_where={"fold": [2, 3]}, test_where={"fold": 4})
    assert names_in(manifest, "test") == {f"{c}/{i}.mp4" for c in ("jump", "run") for i in (4, 9, 14, 19)}
    assert len(manifest.splits["val"]) == 14
    assert "kept 38 of 40 lines where clean = 1." in manifest.notes
    held_out = from_csv(path, test_where={"fold": 4})
    assert len(held_out.splits["test"]) == 8
    assert len(held_out.splits["val"]) == pytest.approx(0.15 * 32, abs=1.5)


def test_the_group_column_keeps_clips_together_unless_told_otherwise(write_csv):
    path = write_csv(*rows(30, lambda i: f",g{i % 10},p{i % 6}"), header="path,label,group,person")

    def num_crossing(manifest: Manifest, groups_of_clip) -> int:
        homes = {(groups_of_clip(item), name) for name, items in manifest.splits.items() for item in items}
        return len(homes) - len({group for group, _ in homes})

    def number(item) -> int:
        return int(Path(item.path).stem)

    assert num_crossing(from_csv(path), lambda item: number(item) % 10) == 0
    assert num_crossing(from_csv(path, split_by="person"), lambda item: number(item) % 6) == 0
    assert num_crossing(from_csv(path, split_by="clip"), lambda item: number(item) % 10) > 0


def test_clips_without_a_group_stand_for_themselves_and_are_counted(write_csv):
    manifest = from_csv(write_csv(*rows(20, lambda i: ",g" if i < 5 else ","), header="path,label,group"))
    expected = "clips with the same group stay together, 1 in number; 30 clips without one, each for itself."
    assert expected in manifest.notes


def test_given_splits_that_share_groups_are_noted(write_csv):
    split = ["train", "train", "val", "test"]
    path = write_csv(*rows(8, lambda i: f",{split[i % 4]},g{i // 4}"), header="path,label,split,group")
    notes = from_csv(path).notes
    assert "2 groups appear in both train and test: the score will flatter." in notes


def test_given_splits_that_share_a_video_are_noted(write_csv):
    lines = ["a.mp4,left,train,0,1", "a.mp4,left,test,2,3", "b.mp4,right,train,0,1", "c.mp4,left,val,0,1"]
    notes = from_csv(write_csv(*lines, header="path,label,split,start_seconds,end_seconds")).notes
    assert "1 video appears in both train and test: the score will flatter." in notes


def test_a_class_too_small_for_val_is_noted(write_csv):
    manifest = from_csv(write_csv(*rows(20), "rare.mp4,rare"))
    assert any(note.startswith("val has no clip of rare") for note in manifest.notes)
    assert manifest.table()[1] == ("rare", 1, 0, 0)


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        (
            "file,label",
            ["a,b"],
            r"clips.csv:1: path and label are called file and label here",
        ),
        ("path,labels", ["a,b"], r"clips.csv:1: .*'label'; columns here: path, labels. Did you mean labels\?"),
        ("path,label,path", ["a,b,c"], r"clips.csv:1: the header names path twice"),
        ("path,label", [], r"clips.csv:2: there is no clip below the header"),
        ("path,label", ["a,x", ",y"], r"clips.csv:3: the path is empty"),
        ("path,label", ["a,x", "b, "], r"clips.csv:3: the label is empty"),
        ("path,label", ["a,x", "b,y,z"], r"clips.csv:3: 3 fields, but the header names 2"),
        ("path,label", ["a,x", '"b,y'], r"clips.csv:3: .*check the quotes"),
        ("path,label,start_seconds", ["a,x,1", "b,y,soon"], r"clips.csv:3: start_seconds is 'soon'; a number"),
        ("path,label,start_seconds", ["a,x,nan"], r"clips.csv:2: start_seconds is 'nan'"),
        ("path,label,start_seconds", ["a,x,-1"], r"clips.csv:2: start_seconds is '-1'; a number of seconds, 0 or more"),
        ("path,label,start_seconds,end_seconds", ["a,x,2,2"], r"clips.csv:2: end_seconds 2 must lie after .* 2"),
        (
            "path,label,split",
            ["a,x,trian"],
            r"clips.csv:2: split is 'trian'; allowed: train, .*Did you mean train",
        ),
        ("path,label", ["a,x", "b,y", "a,x"], r"clips.csv:4: a is listed twice, here and on line 2"),
        ("path,label", ["a,x", "b,y", "./a,y"], r"clips.csv:4: .* twice, as 'y' here and as 'x' on line 2"),
    ],
)
def test_a_mistake_in_the_file_is_reported_with_its_line(write_csv, header, lines, message):
    with pytest.raises(ValueError, match=message):
        from_csv(write_csv(*lines, header=header))


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        ("path,label", ["a,x", "b,x"], r"clips.csv: the only class is 'x'"),
        ("path,label,split", ["a,x,train", "b,x,train", "c,y,test"], r"test holds the class y, which train lacks"),
        ("path,label,split", ["a,x,test", "b,y,test"], r"test holds the class x, y, .* train holds no clips"),
    ],
)
def test_a_table_may_hold_what_cannot_be_learnt_but_says_so_on_request(write_csv, header, lines, message):
    manifest = from_csv(write_csv(*lines, header=header))
    with pytest.raises(ValueError, match=message):
        manifest.check_learnable()


@pytest.mark.parametrize("setting", ["where", "val_where", "test_where"])
def test_a_condition_names_columns(write_csv, setting):
    with pytest.raises(
        ValueError, match=rf"data.{setting}=left: give columns and their values, such as data.{setting}"
    ):
        from_csv(write_csv(*rows()), **{setting: "left"})  # pyright: ignore[reportArgumentType]


def test_missing_files_are_counted_and_the_first_three_named(write_csv):
    path = write_csv("here.mp4,x")
    path = write_csv("here.mp4,x", *(f"gone{i}.mp4,y" for i in range(5)), files=False)
    with pytest.raises(
        ValueError, match=r"clips.csv:3: 5 of 6 files are missing, first gone0.mp4, gone1.mp4, gone2.mp4\."
    ):
        from_csv(path)


def test_bytes_that_are_not_utf8_are_reported_with_their_line(write_csv):
    with pytest.raises(ValueError, match=r"clips.csv:3: byte 0xe9 is not UTF-8; save the file as UTF-8"):
        from_csv(write_csv("a,x", "caf\u00e9,y", encoding="latin-1"))


@pytest.mark.parametrize(("name", "container"), [("a.mp4", "mov"), ("a.mkv", "matroska"), ("a.avi", "avi")])
def test_a_video_in_the_place_of_a_table_is_called_one(name, container, tmp_path, make_video):
    with pytest.raises(ValueError, match=rf"{name}: this is a video \({container}\), not a table of videos. Give the"):
        from_csv(str(make_video(tmp_path / name)))


def test_an_empty_or_missing_file_is_reported(tmp_path):
    with pytest.raises(ValueError, match=r"empty.csv:1: the file is empty; the first line must be a header"):
        from_csv(touch(tmp_path, "empty.csv") / "empty.csv")
    with pytest.raises(FileNotFoundError, match=r"emty.csv: no such CSV file. Did you mean empty.csv\?"):
        from_csv(tmp_path / "emty.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"where": {"flod": 1}}, r"where needs the column 'flod'; .*Did you mean fold\?"),
        ({"test_where": {"fold": 9}}, r"test_where wants fold = 9, but the lines left hold 0, 1, 2, 3, 4"),
        ({"split_by": "person"}, r"split_by needs the column 'person'; columns here: path, label, fold"),
        (
            {"val_where": {"fold": 1}, "test_where": {"fold": [1, 2]}},
            r"clips.csv:3: val_where and test_where both match",
        ),
    ],
)
def test_a_mistake_in_the_options_is_reported(write_csv, options, message):
    with pytest.raises(ValueError, match=message):
        from_csv(write_csv(*rows(20, lambda i: f",{i % 5}"), header="path,label,fold"), **options)


def several(num_clips: int = 40) -> list[str]:
    labels = ("run|jump", "run", "", "walk|jump|run", "walk")
    return [f"{i}.mp4,{labels[i % 5]}" for i in range(num_clips)]


def test_a_table_may_give_a_clip_several_labels_or_none(write_csv):
    manifest = from_csv(write_csv(*several()), multi_label=True)
    assert manifest.is_multi_label
    assert manifest.classes == ("jump", "run", "walk")
    assert [sum(counts) for _, *counts in manifest.table()] == [16, 24, 16]
    labels = {os.path.basename(item.path): item.labels for items in manifest.splits.values() for item in items}
    assert [labels[f"{i}.mp4"] for i in range(5)] == [(0, 1), (1,), (), (0, 1, 2), (2,)]
    assert "multi-label: 1.4 labels a clip, 3 at most." in manifest.notes
    assert "8 clips have no label: examples of none of the classes." in manifest.notes


def test_splits_that_are_made_hold_every_label_in_proportion(write_csv):
    table = from_csv(write_csv(*several(200)), multi_label=True).table()
    for _, *counts in table:
        shares = [count / sum(counts) for count in counts]
        assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.08)  # three standard deviations


def test_a_bar_in_a_label_is_cut_only_when_asked_and_otherwise_noted(write_csv):
    manifest = from_csv(write_csv(*(f"{i}.mp4,{'run|jump' if i % 2 else 'run'}" for i in range(20))))
    assert manifest.classes == ("run", "run|jump") and not manifest.is_multi_label
    assert "labels with a | (run|jump) are one class each; data.multi_label=true cuts them there." in manifest.notes


def test_labels_of_a_table_may_hold_for_a_while(write_csv):
    lines = ["a.mp4,run|jump,0-1.5|2-,train", "b.mp4,jump,,train"]
    manifest = from_csv(write_csv(*lines, header="path,label,label_seconds,split"), multi_label=True, val_fraction=0)
    first, second = manifest.splits["train"]
    assert first.spans == (LabelSpan(1, 0.0, 1.5), LabelSpan(0, 2.0))
    assert second.spans == (LabelSpan(0),)


def test_a_mistake_in_several_labels_is_reported_with_its_line(write_csv):
    with pytest.raises(ValueError, match=r"clips.csv:3: label is 'run\|': a name between \| is empty"):
        from_csv(write_csv("a.mp4,run|jump", "b.mp4,run|"), multi_label=True)
    with pytest.raises(ValueError, match=r"clips.csv:3: label_seconds holds '5-2'"):
        from_csv(write_csv("a.mp4,run,", "b.mp4,run,5-2", header="path,label,label_seconds"), multi_label=True)


def test_the_fingerprint_knows_labels_and_their_times(write_csv):
    header = "path,label,label_seconds,split"
    lines = ["a.mp4,run|jump,0-1.5|2-,train", "b.mp4,jump,,train"]
    changed = [lines[0].replace("1.5", "1.6"), lines[0].replace("run|", "walk|")]
    tables = [[first, lines[1]] for first in (lines[0], *changed)]
    prints = {from_csv(write_csv(*table, header=header), multi_label=True).fingerprint() for table in tables}
    assert len(prints) == 3


def test_only_some_classes_are_taken_in_the_order_they_have(folder):
    whole = from_folder(folder)
    chosen = whole.only(["walk", "jump"])
    assert chosen.classes == ("jump", "walk")
    for split, items in chosen.splits.items():
        expected = [
            i._replace(label=("jump", "walk").index(whole.classes[i.label]))
            for i in whole.splits[split]
            if whole.classes[i.label] != "run"
        ]
        assert list(items) == expected
    assert "only 2 of 3 classes." in chosen.notes
    assert (
        chosen.fingerprint() != whole.fingerprint() and whole.only(whole.classes).fingerprint() == whole.fingerprint()
    )


def test_a_class_that_there_is_not_cannot_be_chosen(folder):
    with pytest.raises(ValueError, match="data.only: .*has no class 'jmp'. Did you mean jump.*It has: jump, run, walk"):
        from_folder(folder).only(["jmp", "run"])
