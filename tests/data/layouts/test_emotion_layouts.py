"""Sets of emotions: targets beside the label, votes, and groups that are actors, dialogues or films."""

import os
from pathlib import Path

import numpy as np
import pytest

from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse

DFEW_VOTES = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")
CREMA_VOTES = ("anger", "disgust", "fear", "happy", "neutral", "sad")


def read(name: str, root: Path, **more: object) -> Manifest:
    return build_manifest(parse(DataSettings, {"name": name, "root": str(root), **more}), trust=())


def actors(manifest: Manifest) -> dict[str, set[str | None]]:
    return {split: {item.group for item in items} for split, items in manifest.splits.items()}


@pytest.fixture
def acted(tmp_path: Path) -> Path:
    """Both acted sets, eight actors each, two of them of one number."""
    for a in range(1, 9):
        for e, i in ((1, 1), (3, 1), (3, 2), (5, 1), (5, 2)):
            path = tmp_path / "ravdess" / f"Actor_{a:02d}" / f"01-01-0{e}-0{i}-01-01-{a:02d}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        for emotion, level in (("ANG", "LO"), ("ANG", "HI"), ("HAP", "MD"), ("NEU", "XX")):
            path = tmp_path / "crema_d" / f"{1000 + a}_IEO_{emotion}_{level}.flv"
            path.parent.mkdir(exist_ok=True)
            path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "known"),
    [
        ("ravdess", "class", {"normal", "strong"}),
        ("ravdess", "value", {1.0, 2.0}),
        ("crema_d", "class", {"low", "medium", "high", None}),
        ("crema_d", "value", {1.0, 2.0, 3.0, None}),
    ],
)
def test_intensity_is_a_target_beside_the_emotion(acted, name, kind, known):
    manifest = read(name, acted / name, columns={"emotion": "class", "intensity": kind})
    column = manifest.columns[1]
    values = np.concatenate([manifest.target_values(split, "intensity") for split in manifest.splits])
    told = [column.classes[int(one)] if kind == "class" else one for one in values[~np.isnan(values)]]
    assert {*told, *([None] if np.isnan(values).any() else [])} == known
    assert [column.name for column in manifest.columns] == ["emotion", "intensity"]


@pytest.mark.parametrize(
    ("name", "levels"), [("ravdess", ("normal", "strong")), ("crema_d", ("high", "low", "medium"))]
)
def test_intensity_may_be_the_label(acted, name, levels):
    manifest = read(name, acted / name, target="intensity")
    assert manifest.classes == levels
    if name == "crema_d":
        assert "left out 8 clips of unspecified level (XX)." in manifest.notes


@pytest.mark.parametrize("name", ["ravdess", "crema_d"])
@pytest.mark.parametrize("more", [{}, {"folds": 4, "test_fold": 0}, {"folds": 4, "test_fold": 3}, {"split_seed": 5}])
def test_actors_never_cross_a_made_split_or_a_fold(acted, name, more):
    groups = actors(read(name, acted / name, **more))
    assert None not in set.union(*groups.values())
    assert not groups["train"] & groups["test"] and not groups["val"] & groups["test"]
    assert not groups["train"] & groups["val"]


@pytest.mark.parametrize("name", ["ravdess", "crema_d"])
def test_clips_are_split_one_by_one_where_that_is_asked_for_and_it_is_said(acted, name):
    manifest = read(name, acted / name, split_by="clip")
    assert actors(manifest)["train"] == {None}
    assert any("an actor may be in several splits" in note for note in manifest.notes)


@pytest.mark.parametrize(
    ("name", "columns", "said"),
    [
        ("ravdess", {"valence": "value"}, "data=ravdess has no target 'valence' of kind value; it has emotion"),
        ("crema_d", {"emotions": "class"}, "has no target 'emotions' of kind class.* Did you mean emotion"),
        ("ravdess", {"emotion": "value"}, "no target 'emotion' of kind value; it has emotion .class."),
    ],
)
def test_a_target_that_a_set_has_not_is_refused_with_those_it_has(acted, name, columns, said):
    with pytest.raises(ValueError, match=said):
        read(name, acted / name, columns=columns)


def test_dfew_learns_the_votes_of_its_annotators(write_tree):
    root = write_tree("dfew")
    votes = dict.fromkeys(DFEW_VOTES, "votes")
    with pytest.raises(ValueError, match="no annotations of DFEW's votes here. .*1happy, 2sad"):
        read("dfew", root, columns=votes)
    head = ",".join(f"{i}{name}" for i, name in enumerate(DFEW_VOTES, start=1)) + ",order,label"
    # clips are 1 = happy or 4 = angry by turns
    lines = [f"{7 if i % 2 == 0 else 1},0,0,{7 if i % 2 else 2},0,0,1,{i},{1 + i % 2 * 3}" for i in range(1, 15)]
    (root / "Annotation").mkdir()
    (root / "Annotation/annotation.csv").write_text("\n".join([head, *lines]))
    manifest = read("dfew", root, columns=votes)
    assert manifest.classes == ("angry", "happy")
    first = next(item for item in manifest.splits["test"] if os.path.basename(item.path) == "12.mp4")
    assert manifest.classes[first.label] == "happy" and first.values == pytest.approx((0.7, 0, 0, 0.2, 0, 0, 0.1))
    (root / "Annotation/annotation.csv").write_text("\n".join([head, *lines[:5]]))
    with pytest.raises(ValueError, match="set_1.csv:7: video 6 has no line in the table of votes"):
        read("dfew", root, columns=votes)


def test_crema_d_learns_the_votes_of_those_who_saw_the_picture_alone(acted):
    table = acted / "crema_d/processedResults/tabulatedVotes.csv"
    table.parent.mkdir()
    lines = ['"","A","D","F","H","N","S","fileName"']
    names = sorted(path.stem for path in (acted / "crema_d").glob("*.flv"))
    for kind, (anger, happy) in ((1, (0, 9)), (2, (6, 2)), (3, (9, 0))):  # voice, face, both
        lines += [f'"{kind * 100000 + i}",{anger},0,0,{happy},2,0,"{name}"' for i, name in enumerate(names)]
    table.write_text("\n".join(lines))
    manifest = read("crema_d", acted / "crema_d", columns=dict.fromkeys(CREMA_VOTES, "votes"))
    assert manifest.splits["train"][0].values == pytest.approx((0.6, 0, 0, 0.2, 0.2, 0))


def test_meld_looks_for_an_utterance_in_the_folder_of_its_split_and_groups_dialogues(write_tree):
    root = write_tree("meld")
    manifest = read("meld", root)
    for split, folder in (
        ("train", "train_splits"),
        ("val", "dev_splits_complete"),
        ("test", "output_repeated_splits_test"),
    ):
        assert {os.path.relpath(os.path.dirname(item.path), root) for item in manifest.splits[split]} == {folder}
    assert len(set.union(*actors(manifest).values())) == 8
    (root / "dev_splits_complete/dia0_utt0.mp4").unlink()
    assert len(read("meld", root).splits["val"]) == 3  # not the file of that name in train_splits
    assert read("meld", root, target="sentiment").classes == ("negative", "positive")
    both = read("meld", root, columns={"emotion": "class", "sentiment": "class"})
    assert [column.classes for column in both.columns] == [("anger", "joy"), ("negative", "positive")]


def test_mafw_reads_compounds_as_they_are_written(write_tree):
    assert read("mafw", write_tree("mafw"), labels="compound").classes == ("anger_disgust", "fear_surprise")


def test_liris_accede_has_numbers_in_the_official_sets_by_film(write_tree):
    manifest = read("liris_accede", write_tree("liris_accede"))
    assert [column.name for column in manifest.columns] == ["valence", "arousal"]
    assert manifest.target_values("test", "valence").tolist() == pytest.approx([2.4, 2.5, 2.6])
    assert actors(manifest)["train"] == {"Film 0", "Film 1"}


def test_aff_wild2_has_the_mean_of_the_annotated_frames_of_each_window(write_tree, short_video):
    root = write_tree("aff_wild2", video=short_video)
    manifest = read("aff_wild2", root, window_seconds=1.0)
    assert {split: len(items) for split, items in manifest.splits.items()} == {"train": 7, "val": 4, "test": 0}
    train = manifest.splits["train"]
    spans = [(item.start_seconds, item.end_seconds) for item in train]
    assert spans.count((1.0, 2.0)) == 4 and spans.count((0.0, 1.0)) == 3  # 8 of 15 frames of one are not annotated
    means = {(Path(item.path).name[0], item.start_seconds): item.values for item in train}
    assert means["0", 0.0] == pytest.approx((0.07, -0.5))  # frames 0 to 14
    assert means["1", 0.0] == pytest.approx((0.10, -0.5))  # frames 4 to 14
    assert means["2", 1.0] == pytest.approx((0.24, -0.5))  # frames 15 to 29
    groups = [{item.group for item in items} for items in manifest.splits.values()]
    assert not groups[0] & groups[1] and len(groups[0]) == 4
    said = " ".join(manifest.notes)
    assert "left out 1 window: less than half annotated" in said and "left out 1 list of one of two people" in said
    arousal = read("aff_wild2", root, columns={"arousal": "value"})
    assert arousal.target_values("val", "arousal").tolist() == [-0.5, -0.5]


@pytest.mark.parametrize(
    ("tree", "file", "old", "new", "message"),
    [
        ("ferv39k", "4_setups/All_scenes/train_All.csv", "0001 Happy", "0001 Glad", "train_All.csv:2: .*one of happy"),
        (
            "mafw",
            "Train & Test Set/single/no_caption/set_1/test.txt",
            "00009.mp4 anger",
            "00009.mp4 rage",
            "test.txt:1",
        ),
        ("meld", "dev_sent_emo.csv", "positive,0,0", "positive,x,0", "dev_sent_emo.csv:2: Dialogue_ID is 'x'"),
        ("video_emotion", "annotations/testlist01.txt", "Joy/HelloJoy 6", "Glee/HelloJoy 6", "testlist01.txt:1"),
        ("liris_accede", "annotations/ACCEDEsets.txt", ".mp4\t2", ".mp4\t3", "ACCEDEsets.txt:8: set is 3; allowed"),
        (
            "aff_wild2",
            "annotations/VA_Estimation_Challenge/Train_Set/0-30-64x64.txt",
            "0.02,-0.50",
            "2.00,-0.50",
            "0-30-64x64.txt:4: valence is 2.00; a number of -1 to 1 is allowed, or -5",
        ),
        ("liris_accede", "annotations/ACCEDEranking.txt", "1.50", "high", "ACCEDEranking.txt:2: valence is 'high'"),
    ],
)
def test_a_mistake_is_reported_with_its_place(write_tree, tree, file, old, new, message):
    path = write_tree(tree) / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read(tree, path.parents[len(Path(file).parts) - 1])
