"""Every layout: recognised, read as its publishers mean it, and exact about what is wrong."""

import json
import os
import re
from pathlib import Path

import pytest

from videoai.core.types import LabelSpan
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.lists.manifest import Manifest
from videoai.models.published import all_weights
from videoai.models.published.classes import class_names
from videoai.run.manifests import build_manifest as build_from_settings
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse


def build_manifest(node: dict[str, object], *, trust: tuple[str, ...]) -> Manifest:
    return build_from_settings(parse(DataSettings, node), trust=trust)


def read(root: Path, **more: object) -> Manifest:
    """As ``data inspect`` would: the first layout that fits."""
    fit = candidates(survey(str(root)))[0]
    return build_manifest({"name": fit.name, **fit.settings, **more}, trust=())


def names_in(manifest: Manifest, split: str) -> list[str]:
    return [os.path.relpath(item.path, manifest.root) for item in manifest.splits[split]]


@pytest.mark.parametrize(
    ("tree", "layout", "rows"),
    [
        ("kinetics", "kinetics", [("abseiling", 4, 2, 0), ("air drumming", 4, 2, 0)]),
        ("ucf101", "ucf101", [("ApplyEyeMakeup", 9, 1, 4), ("YoYo", 8, 2, 4)]),
        ("hmdb51", "hmdb51", [("brush_hair", 8, 2, 3), ("wave", 8, 2, 3)]),
        (
            "ssv2",
            "ssv2",
            [("Approaching something with your camera", 4, 2, 1), ("Pushing something from left to right", 4, 2, 1)],
        ),
        ("jester", "jester", [("Drumming Fingers", 4, 2, 0), ("Swiping Left", 4, 2, 0)]),
        ("diving48", "diving48", [("Back 15som 05Twis FREE", 5, 1, 2), ("Inward 15som NoTwis PIKE", 5, 1, 2)]),
        ("charades", "charades", [("Lying on a bed", 6, 2, 1), ("Sitting in a chair", 6, 2, 0)]),
        ("epic_kitchens", "epic_kitchens", [("put", 3, 1, 0), ("take", 3, 1, 0)]),
        ("activitynet", "activitynet", [("Archery", 4, 1, 0), ("Zumba", 4, 1, 0)]),
        ("cvat", "cvat", [("run", 4, 1, 1), ("walk", 3, 1, 2)]),
        ("elan", "elan", [("run", 4, 1, 1), ("walk", 3, 1, 2)]),
        ("via", "via", [("run", 3, 1, 2), ("walk", 3, 1, 2)]),
        ("open_sports", "open_sports", [("pass", 4, 1, 1), ("shot", 4, 1, 1)]),
        ("label_studio", "label_studio", [("run", 4, 1, 1), ("walk", 3, 1, 2)]),
        ("ravdess", "ravdess", [("fearful", 5, 1, 2), ("happy", 5, 1, 2)]),
        ("crema_d", "crema_d", [("anger", 4, 2, 2), ("happy", 4, 2, 2), ("neutral", 4, 2, 2)]),
        ("dfew", "dfew", [("angry", 4, 1, 2), ("happy", 4, 1, 2)]),
        ("ferv39k", "ferv39k", [("fear", 5, 1, 2), ("happy", 4, 2, 2)]),
        ("mafw", "mafw", [("anger", 3, 1, 2), ("contempt", 3, 1, 2)]),
        ("meld", "meld", [("anger", 4, 2, 2), ("joy", 4, 2, 2)]),
        ("video_emotion", "video_emotion", [("joy", 5, 1, 2), ("trust", 3, 3, 2)]),
        ("liris_accede", "liris_accede", [("clip", 6, 3, 3)]),
        ("aff_wild2", "aff_wild2", [("clip", 4, 2, 0)]),
        ("path_list", "list", [("abseiling", 4, 1, 0), ("air drumming", 4, 1, 0)]),
        ("rawframes", "list", [("0", 4, 1, 0), ("1", 4, 1, 0)]),
        ("json_lines", "json", [("c0", 3, 1, 2), ("c1", 4, 1, 1)]),
        ("hacs", "table", [("Archery", 4, 2, 0), ("Zumba", 4, 2, 0)]),
        ("folders", "folder", [("run", 2, 3, 3), ("walk", 5, 1, 2)]),
        ("folders_of_frames", "folder", [("run", 6, 1, 0), ("walk", 6, 1, 0)]),
        ("own_csv", "csv", [("c0", 4, 1, 1), ("c1", 3, 2, 1)]),
    ],
)
def test_a_published_tree_is_recognised_and_read(write_tree, short_video, tree, layout, rows):
    root = write_tree(tree, video=short_video)
    assert candidates(survey(str(root)))[0].name == layout
    manifest = read(root)
    assert manifest.table() == rows
    for items in manifest.splits.values():
        assert all(os.path.exists(item.path) for item in items)


@pytest.mark.parametrize("tree", ["ucf101", "hmdb51", "diving48", "ravdess", "crema_d", "charades"])
def test_groups_stay_together_in_the_splits_that_are_made(write_tree, tree):
    manifest = read(write_tree(tree))
    groups = [{item.group for item in items} for items in manifest.splits.values()]
    assert None not in set.union(*groups)
    assert not groups[0] & groups[1] and not groups[0] & groups[2]


def test_annotations_may_lie_apart_from_the_videos(write_tree, tmp_path):
    root = write_tree("ssv2")
    (root / "labels").rename(tmp_path / "elsewhere")
    manifest = build_manifest({"name": "ssv2", "root": str(root), "annotations": str(tmp_path / "elsewhere")}, trust=())
    assert len(manifest.splits["train"]) == 8


def test_an_official_split_is_chosen_by_its_fold(write_tree):
    root = write_tree("ucf101")
    (root / "ucfTrainTestlist" / "trainlist02.txt").write_text("YoYo/v_YoYo_g01_c01.avi 2\n" * 1)
    with pytest.raises(ValueError, match=r"no annotations of UCF101 with fold 2 here. .*testlist02.txt; found"):
        read(root, fold=2)


def test_segments_keep_their_times_and_may_overlap(write_tree):
    manifest = read(write_tree("charades"), val_fraction=0, multi_label=False)
    first = manifest.splits["train"][:2]
    assert {(item.start_seconds, item.end_seconds) for item in first} == {(0.2, 1.2), (0.0, 0.6)}
    assert "each annotated stretch is a clip with one label." in manifest.notes


def test_activitynet_may_come_as_one_file_a_split_without_a_database(put, read):
    def about(*numbers: int) -> dict[str, object]:
        parts = [{"segment": [0.0, 0.5], "label": "Zumba"}, {"segment": [0.5, 1.5], "label": "Archery"}]
        return {f"v_{number}": {"duration_second": 2.0, "annotations": parts} for number in numbers}

    lists = {"anet_anno_train.json": about(1, 2), "anet_anno_val.json": about(3)}
    assert read(put(lists, [f"v_{i}.mp4" for i in (1, 2, 3)])).table() == [("Archery", 2, 1, 0), ("Zumba", 2, 1, 0)]


def test_epic_targets_name_verbs_nouns_and_pairs(write_tree):
    root = write_tree("epic_kitchens")
    assert read(root, target="action").classes == ("put door", "take door")
    with pytest.raises(ValueError, match="the only class is 'door'"):
        read(root, target="noun").check_learnable()
    with pytest.raises(ValueError, match="target=verbs: Did you mean verb. Choose from verb, noun, action"):
        read(root, target="verbs")


def test_epic_has_verb_and_noun_at_once(write_tree):
    root = write_tree("epic_kitchens")
    manifest = read(root, columns={"verb": "class", "noun": "class"})
    assert [(column.name, column.classes) for column in manifest.columns] == [
        ("verb", ("put", "take")),
        ("noun", ("cup", "door")),
    ]
    named = {
        tuple(column.classes[int(value)] for column, value in zip(manifest.columns, item.values, strict=True))
        for item in manifest.splits["train"]
    }
    assert named == {("put", "door"), ("take", "door")}
    with pytest.raises(
        ValueError, match="data=epic_kitchens has no target 'narration'; of kind class it has verb, noun"
    ):
        read(root, columns={"narration": "class"})


def test_clips_of_classes_that_train_lacks_are_left_out_and_said(write_tree):
    notes = read(write_tree("epic_kitchens"), target="action").notes
    assert any(note.startswith("left out 1 val or test clip of classes that train lacks (put cup)") for note in notes)


def test_a_whole_video_of_kinetics_is_cut_by_its_times(write_tree):
    root = write_tree("kinetics")
    for path in (root / "videos").rglob("*_0000*.mp4"):
        path.rename(path.with_name(path.name[:-18] + ".mp4"))
    item = read(root, trimmed=False).splits["train"][0]
    assert (item.start_seconds, item.end_seconds) == (0, 10)


def test_the_silent_twin_of_a_recording_counts_once(write_tree):
    assert "left out 16 files 02-... whose pictures are those of 01-...." in read(write_tree("ravdess")).notes


def test_frames_do_not_stand_for_segments_because_they_have_no_times(write_tree):
    root = write_tree("hacs")
    for path in sorted((root / "videos").glob("*.mp4")):
        path.unlink()
        path.with_suffix("").mkdir()
        (path.with_suffix("") / "img_00001.jpg").touch()
    with pytest.raises(ValueError, match=r"its stretches lie in folders of images, which have no times"):
        read(root)


# ---- what is missing


def test_absent_files_are_counted_by_split_and_left_out(write_tree):
    root = write_tree("kinetics")
    next((root / "videos" / "train").rglob("*.mp4")).unlink()
    next((root / "videos" / "validate").rglob("*.mp4")).unlink()
    manifest = read(root)
    assert sum(map(len, manifest.splits.values())) == 10
    note = next(note for note in manifest.notes if "annotated videos" in note)
    assert re.match(r"2 of 12 annotated videos are not there and are left out \(train 1, val 1\), first ", note)


def test_too_many_absent_files_stop_unless_more_are_allowed(write_tree):
    root = write_tree("kinetics")
    for path in sorted((root / "videos" / "train").rglob("*.mp4"))[::2]:
        path.unlink()
    with pytest.raises(ValueError, match=r"4 of 12 annotated videos .* allow more than data.max_missing_fraction=0.25"):
        read(root)
    assert len(read(root, max_missing_fraction=0.5).splits["val"]) == 4


def test_no_file_at_all_says_where_was_looked(write_tree, tmp_path):
    root, empty = write_tree("ucf101"), tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(
        ValueError, match=r"28 of 28 annotated .* below \S+empty, .*videos there: 0, none. Set data.root"
    ):
        build_manifest({"name": "ucf101", "root": str(empty), "annotations": str(root)}, trust=())


def test_a_name_in_another_folder_is_another_video(write_tree):
    """The failing twin of finding files by their names alone."""
    root = write_tree("path_list")
    (root / "train.csv").write_text("a/1.mp4 0\nb/1.mp4 1\na/2.mp4 1\n")
    (root / "val.csv").write_text("a/3.mp4 0\n")
    for name in ("a/1.mp4", "a/2.mp4", "a/3.mp4"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    manifest = read(root)
    assert names_in(manifest, "train") == ["a/1.mp4", "a/2.mp4"]
    assert "first b/1.mp4" in " ".join(manifest.notes)


def test_a_name_that_fits_several_videos_is_said(write_tree):
    root = write_tree("dfew")
    for i in range(1, 15):
        (root / "Clip" / "other").mkdir(exist_ok=True)
        (root / "Clip" / "other" / f"{i}.mp4").touch()
    assert "14 names fit several videos, such as Clip/other/1.mp4 and Clip/original/part_1/1.mp4" in " ".join(
        read(root).notes
    )


# ---- what is listed twice


def test_a_clip_listed_twice_counts_once(write_tree):
    root = write_tree("path_list")
    with (root / "train.csv").open("a") as file:
        file.write("videos/k400 raw/00.mp4 0\n")
    manifest = read(root)
    assert len(manifest.splits["train"]) == 8
    assert "1 clip is listed twice; the first listing counts." in manifest.notes


@pytest.mark.parametrize(
    ("file", "label", "what"), [("val.csv", 0, "split"), ("train.csv", 1, "label"), ("val.csv", 1, "label")]
)
def test_a_clip_with_two_labels_or_splits_is_refused_in_lists_of_ones_own(write_tree, file, label, what):
    root = write_tree("path_list")
    with (root / file).open("a") as lines:
        lines.write(f"videos/k400 raw/00.mp4 {label}\n")
    message = rf"1 clip is listed with more than one {what}, first \S+/path_list/videos/k400 raw/00.mp4"
    with pytest.raises(ValueError, match=message):
        read(root)


def test_lists_of_one_fold_are_chosen_by_a_pattern(write_tree):
    root = write_tree("path_list")
    (root / "train.csv").rename(root / "k_train_split_1.txt")
    (root / "val.csv").rename(root / "k_val_split_1.txt")
    (root / "k_train_split_2.txt").write_text((root / "k_val_split_1.txt").read_text())
    with pytest.raises(ValueError, match="2 clips are listed with more than one split"):
        read(root)
    manifest = read(root, annotations=str(root / "*_split_1.txt"), class_names=str(root / "label_map.txt"))
    assert manifest.table() == [("abseiling", 4, 1, 0), ("air drumming", 4, 1, 0)]


def test_a_stretch_of_a_published_set_may_have_two_labels(write_tree):
    root = write_tree("charades")
    path = root / "Charades" / "Charades_v1_train.csv"
    path.write_text(path.read_text().replace("c147 0.00 0.60", "c147 0.20 1.20"))
    notes = read(root, multi_label=False).notes
    assert "8 stretches have several labels; each makes a clip of its own." in notes


def test_a_video_of_charades_has_all_its_actions_and_one_without_any_stays(write_tree):
    root = write_tree("charades")
    (root / "Charades_v1_480" / "YSKX4.mp4").touch()
    manifest = read(root, val_fraction=0)
    first = manifest.splits["train"][0]
    assert (first.start_seconds, first.end_seconds) == (0.0, None)
    assert first.spans == (LabelSpan(0, 0.2, 1.2), LabelSpan(1, 0.0, 0.6))
    assert [item.labels for item in manifest.splits["test"]] == [(0,), ()]
    assert "1 clip has no label: examples of none of the classes." in manifest.notes


def test_the_classes_of_charades_may_keep_their_codes_as_published_weights_do(write_tree):
    manifest = read(write_tree("charades"), codes=True)
    assert manifest.classes == ("c092", "c147")
    published = class_names(all_weights()["pytorchvideo/slow_r50_charades"])
    assert set(manifest.classes) < set(published) and published[92] == "c092"


def test_a_class_that_train_lacks_is_taken_from_the_labels_and_the_clip_stays(write_tree):
    root = write_tree("charades")
    path = root / "Charades" / "Charades_v1_train.csv"
    path.write_text(path.read_text().replace(";c147 0.00 0.60", ""))
    test = root / "Charades" / "Charades_v1_test.csv"
    test.write_text(test.read_text().replace("c092 0.10 0.90", "c092 0.10 0.90;c147 0.10 0.90"))
    manifest = read(root)
    assert manifest.classes == ("Lying on a bed",)
    assert [item.labels for item in manifest.splits["test"]] == [(0,)]
    assert "left out 1 class that train lacks (Sitting in a chair); their clips stay." in manifest.notes


def test_a_folder_of_frames_does_not_stand_for_a_video_whose_labels_have_times(write_tree):
    root = write_tree("charades")
    video = root / "Charades_v1_480" / "46GP0.mp4"
    video.unlink()
    video.with_suffix("").mkdir()
    (video.with_suffix("") / "00001.jpg").write_bytes(b"")
    notes = read(root).notes
    assert any(note.startswith("1 of 10 annotated videos are not there") for note in notes)
    assert "left out 1 labelled stretch of folders of images, which have no times." in notes


def test_stretches_of_folders_of_images_are_left_out_whatever_their_order(tmp_path):
    clips = [{"path": f"{i}.mp4", "label": "ab"[i % 2], "split": "train"} for i in range(4)]
    for clip in clips:
        (tmp_path / clip["path"]).touch()
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "00001.jpg").touch()
    whole = {"path": "frames", "label": "a", "split": "train"}
    for more in ([whole, whole | {"start_seconds": 1}], [whole | {"start_seconds": 1}, whole]):
        (tmp_path / "clips.json").write_text(json.dumps([*clips, *more]))
        manifest = build_manifest({"name": "json", "path": str(tmp_path / "clips.json"), "val_fraction": 0}, trust=())
        assert len(manifest.splits["train"]) == 5
        assert "left out 1 labelled stretch of folders of images, which have no times." in manifest.notes
    (tmp_path / "clips.json").write_text(json.dumps([whole | {"start_seconds": 1}]))
    with pytest.raises(ValueError, match="its stretches lie in folders of images, which have no times"):
        build_manifest({"name": "json", "path": str(tmp_path / "clips.json")}, trust=())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"path": "a.mp4", "label": "a"}]\n[{"path": "b.mp4", "label": "b"}]', "2: .* follows the end"),
        ('[{"path": "a.mp4", "label": "a"}] garbage', "1: 'garbage' follows the end"),
        ('[{"path": "a.mp4", "label": "a"},\n', "2: the list has no end"),
        ('{"path": "a.mp4", "label": "a"}\n]', "2: .* follows the end"),
        ('[{"path": "a.mp4", "label": ' + "1" * 5000 + "}]", "1, item 1: Exceeds the limit"),
        ('[{"path": "a.mp4", "label": ' + "[" * 100_000, "1, item 1: maximum recursion depth"),
    ],
)
def test_json_that_is_cut_off_or_goes_on_is_refused(tmp_path, text, problem):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "clips.json").write_text(text)
    with pytest.raises(ValueError, match=f"clips.json:{problem}"):
        build_manifest({"name": "json", "path": str(tmp_path / "clips.json")}, trust=())


def test_labels_in_a_list_need_to_be_asked_for_and_inspect_asks(tmp_path):
    lines = [{"path": f"{i}.mp4", "label": [["run"], ["run", "jump"], []][i % 3], "split": "train"} for i in range(6)]
    for line in lines:
        (tmp_path / line["path"]).touch()
    path = tmp_path / "clips.json"
    path.write_text(json.dumps(lines))
    assert candidates(survey(str(path)))[0].settings == {"path": str(path), "multi_label": True}
    manifest = build_manifest({"name": "json", "path": str(path), "multi_label": True, "val_fraction": 0}, trust=())
    assert manifest.classes == ("jump", "run")
    assert [item.labels for item in manifest.splits["train"]] == [(1,), (0, 1), ()] * 2
    with pytest.raises(ValueError, match=r"clips.json:1, item 1: label is a list; data.multi_label=true reads several"):
        build_manifest({"name": "json", "path": str(path)}, trust=())
    path.write_text(json.dumps([{"path": "0.mp4", "label": "run"}]))
    with pytest.raises(ValueError, match=r"label is 'run'; with data.multi_label=true a list of names is needed"):
        build_manifest({"name": "json", "path": str(path), "multi_label": True}, trust=())
    path.write_text(json.dumps([{"path": "0.mp4", "label": ["run", None]}]))
    with pytest.raises(ValueError, match=r"label is \['run', None\]; with data.multi_label=true a list of names"):
        build_manifest({"name": "json", "path": str(path), "multi_label": True}, trust=())
    twice = [{"path": "0.mp4", "label": labels} for labels in (["run", "jump"], ["jump", "run"])]
    path.write_text(json.dumps([*twice, {"path": "1.mp4", "label": ["jump"]}, {"path": "2.mp4", "label": ["run"]}]))
    manifest = build_manifest({"name": "json", "path": str(path), "multi_label": True, "val_fraction": 0}, trust=())
    assert "1 clip is listed twice; the first listing counts." in manifest.notes


@pytest.mark.parametrize(
    ("seconds", "spans"),
    [
        (None, [(0.0, None), (0.0, None)]),
        ([[0.5, 2], [3, None]], [(3.0, None), (0.5, 2.0)]),  # jump comes before run
        ([None, [0, 1]], [(0.0, 1.0), (0.0, None)]),
        ([[0.5, 2]], r"label_seconds is \[\[0.5, 2\]\]; a list with one .* for each of 2 labels"),
        ([[2, 2], None], r"label_seconds holds \[2, 2\]; \[start, end\] in seconds, the end later"),
        ([[-1, 2], None], r"label_seconds holds \[-1, 2\]"),
        ([["0", 2], None], r"label_seconds holds \['0', 2\]"),
        ([[True, 2], None], r"label_seconds holds \[True, 2\]"),
        ([[None, 2], None], r"label_seconds holds \[None, 2\]"),
        ([[0, True], None], r"label_seconds holds \[0, True\]"),
        ([[0, float("inf")], None], r"label_seconds holds \[0, inf\]"),
        ([[10**400, None], None], r"label_seconds holds \[10+, None\]"),
        ("0-1|2-", r"label_seconds is '0-1\|2-'; a list"),
    ],
)
def test_a_json_says_when_each_label_holds(tmp_path, seconds, spans):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    timed = {"path": "a.mp4", "label": ["run", "jump"], "label_seconds": seconds, "split": "train"}
    path = tmp_path / "clips.json"
    path.write_text(json.dumps([timed, {"path": "b.mp4", "label": [], "split": "train"}]))
    node = {"name": "json", "path": str(path), "multi_label": True, "val_fraction": 0}
    if isinstance(spans, str):
        with pytest.raises(ValueError, match=f"clips.json:1, item 1: {spans}"):
            build_manifest(node, trust=())
        return
    item = build_manifest(node, trust=()).splits["train"][0]
    assert item.spans is not None
    assert sorted(item.spans) == [LabelSpan(label, *times) for label, times in enumerate(spans)]


def test_labels_with_a_bar_in_a_table_are_noticed_by_inspect(tmp_path):
    path = tmp_path / "clips.csv"
    path.write_text('path,label\na.mp4,run\nb.mp4,"run|jump"\n')
    fit = candidates(survey(str(path)))[0]
    assert fit.settings == {"path": str(path), "multi_label": True}
    assert "labels such as run|jump are read as several, data.multi_label=false keeps them whole" in fit.why


def test_the_columns_of_a_table_can_be_named(write_tree):
    root = write_tree("hacs")
    path = root / "HACS_clips.csv"
    path.write_text(path.read_text().replace("classname,youtube_id", "what,where_from"))
    columns = {"video": "where_from", "label": "what"}
    assert build_manifest({"name": "table", "root": str(root), **columns}, trust=()).classes == ("Archery", "Zumba")
    with pytest.raises(
        ValueError, match=r"no annotations of a table here. Looked for a csv with the columns wehre_from"
    ):
        build_manifest({"name": "table", "root": str(root), **columns, "video": "wehre_from"}, trust=())
    with pytest.raises(ValueError, match=r"csv:1: data.group=ende, but the columns are .* Did you mean end\?"):
        build_manifest({"name": "table", "root": str(root), **columns, "group": "ende"}, trust=())


# ---- what is malformed


@pytest.mark.parametrize(
    ("tree", "file", "old", "new", "message"),
    [
        ("kinetics", "annotations/train.csv", ",0,10,", ",soon,10,", r"train.csv:2: time_start is 'soon'; seconds"),
        ("kinetics", "annotations/train.csv", ",train", ",trian", r"train.csv:2: split is 'trian'; allowed: train"),
        ("ucf101", "ucfTrainTestlist/trainlist01.txt", "ApplyEyeMakeup/v_", "v_", r"trainlist01.txt:1: .*is needed"),
        (
            "hmdb51",
            "testTrainMulti_7030_splits/wave_test_split1.txt",
            " 2 ",
            " 3 ",
            r"wave_test_split1.txt:2: .*0 \(unus",
        ),
        (
            "ssv2",
            "labels/train.json",
            "Pushing",
            "Pulling",
            r"train.json:10, item 2: the template 'Pulling some.* labels.json",
        ),
        (
            "ssv2",
            "labels/train.json",
            '"id": "78689"',
            '"id": ',
            r"train.json:19: Expecting value at character 9 of the line; this is not JSON",
        ),
        ("jester", "jester-v1-train.csv", "34871;", "34871 ", r"jester-v1-train.csv:2: .*ID;LABEL is needed"),
        (
            "diving48",
            "Diving48_V2_train.json",
            '"label": 1',
            '"label": 48',
            r"train.json:1, item 2: label is 48; .*names 2 dives",
        ),
        (
            "charades",
            "Charades/Charades_v1_train.csv",
            "c092 0.20 1.20",
            "c092 0.20",
            r"train.csv:2: actions hold 'c092 0",
        ),
        ("charades", "Charades/Charades_v1_train.csv", "c092", "c999", r"train.csv:2: actions hold the class 'c999'"),
        (
            "epic_kitchens",
            "annotations/EPIC_100_train.csv",
            "00:00:00.10",
            "0:x",
            r"train.csv:3: start_timestamp is '0:x'",
        ),
        (
            "activitynet",
            "activity_net.v1-3.min.json",
            "[0.0, 0.5]",
            "[0.0]",
            r"database 'sJFgo9H60', annotation 0: no 'end'",
        ),
        (
            "dfew",
            "EmoLabel_DataSplit/train(single-labeled)/set_1.csv",
            "2,1",
            "2,8",
            r"set_1.csv:3: label is 8; allowed: 1",
        ),
        ("path_list", "train.csv", "01.mp4 1", "01.mp4 walk", r"train.csv:2: .*the label a number"),
        ("path_list", "train.csv", "01.mp4 1", "01.mp4 1 0", r"train.csv:2: .*gives a video two labels"),
        ("path_list", "train.csv", "01.mp4 1", "01.mp4 2", r"train.csv:2: label is 2; the file of class names holds 2"),
        ("json_lines", "clips.jsonl", '"label": "c1"', '"label": null', r"clips.jsonl:2: no 'label' here, or it is"),
        ("json_lines", "clips.jsonl", '"fps": 15', '"split": "x"', r"clips.jsonl:1: split is 'x'; allowed"),
        ("hacs", "HACS_clips.csv", ",1.0,1.5,", ",1.0,0.5,", r"HACS_clips.csv:3: end 0.5 must lie after start 1"),
    ],
)
def test_a_mistake_is_reported_with_its_place(write_tree, tree, file, old, new, message):
    path = write_tree(tree) / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 2 if tree == "epic_kitchens" else 1))
    with pytest.raises(ValueError, match=message):
        read(path.parents[len(Path(file).parts) - 1])


def test_bytes_that_are_not_utf8_are_reported_with_their_line(write_tree):
    root = write_tree("jester")
    with (root / "jester-v1-train.csv").open("ab") as file:
        file.write(b"34999;caf\xe9\n")
    with pytest.raises(ValueError, match=r"jester-v1-train.csv:9: byte 0xe9 is not UTF-8"):
        read(root)


# ---- looking


def test_every_layout_that_fits_is_listed_the_particular_one_first(write_tree):
    root = write_tree("own_csv")
    for name in ("run/a.mp4", "walk/a.mp4"):
        (root / name).parent.mkdir()
        (root / name).touch()
    assert [fit.name for fit in candidates(survey(str(root)))] == ["csv", "folder"]
    os.mkfifo(root / "a.csv")  # not waited for
    assert "a.csv" not in survey(str(root)).annotations
    with pytest.raises(FileNotFoundError, match=r"a\.csv: no such file or folder"):
        survey(str(root / "a.csv"))


def test_lists_that_another_layout_knows_better_are_not_offered_twice(write_tree):
    assert [fit.name for fit in candidates(survey(str(write_tree("ucf101"))))] == ["ucf101"]


def test_one_file_of_annotations_stands_for_itself(write_tree):
    root = write_tree("own_csv")
    assert candidates(survey(str(root / "clips.csv")))[0].settings == {"path": str(root / "clips.csv")}


def test_looking_is_bounded(write_tree, monkeypatch):
    monkeypatch.setattr("videoai.data.layouts.survey.MAX_FOLDERS", 2)
    seen = survey(str(write_tree("folders")))
    assert not seen.is_whole
    assert seen.num_folders == 2
    monkeypatch.undo()
    assert survey(seen.root).is_whole


def test_a_link_to_a_folder_above_ends(write_tree):
    root = write_tree("folders")
    (root / "run" / "loop").symlink_to(root, target_is_directory=True)
    assert survey(str(root)).num_folders == 3
