"""Where the answers come from, and what is written; stand-ins answer, so nothing is trained."""

import csv
import json
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

import videoai.run.study.label_noise as study
from videoai.compose.settings import from_keywords
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.run.scored_split import name_of
from videoai.run.study import held_out
from videoai.run.study.held_out import key_of, read_probabilities
from videoai.settings.parse import to_dict
from videoai.settings.study import LabelNoiseSettings
from videoai.settings.training import TrainSettings

CLASSES = ("down", "left", "right", "up")
STRETCHES = 4  # a clip; the answers for the second and fourth are unsure
PLANTED = range(0, 96, 12)  # wrong labels, all on stretches whose answers are sure


def table(clip_folder: Path, folder: Path) -> dict[str, object]:
    """The settings of a table of 96 stretches of 24 clips, 8 of them with another label."""
    paths = [path for path in sorted(clip_folder.glob("*/*.mp4")) for _ in range(STRETCHES)]
    lines = ["path,label,split,start_seconds,end_seconds"]
    for number, path in enumerate(paths):
        label = CLASSES.index(path.parent.name) + (number in PLANTED)
        start = 0.3 * (number % STRETCHES)
        lines.append(f"{path},{CLASSES[label % 4]},train,{start:g},{start + 0.3:g}")
    (folder / "clips.csv").write_text("\n".join(lines))
    return {"name": "csv", "path": str(folder / "clips.csv"), "val_fraction": 0.0, "test_fraction": 0.0}


def answers_of(items: Items) -> np.ndarray:
    """Probabilities of a classifier that knows the folder of a clip, its true class: sure of each second stretch,
    unsure of the others, and right."""
    answers = np.empty((len(items), 4))
    for row, item in enumerate(items):
        sure = 0.97 if round(item.start_seconds / 0.3) % 2 == 0 else 0.55
        answers[row] = (1 - sure) / 3
        answers[row, CLASSES.index(Path(item.path).parent.name)] = sure
    return answers


def classify(learned: Items, asked: Items, seed: int, home: Path) -> np.ndarray:
    assert not {item.path for item in learned} & {item.path for item in asked}
    return answers_of(asked)


def training(source: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"data": source, "model": "tiny_r3d"}).settings()


def test_planted_labels_are_listed_with_their_true_class_and_shown(clip_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "classifier_of", lambda *arguments: classify)
    settings = LabelNoiseSettings(folds=3, run_dir=str(tmp_path / "study"))
    results = study.study_label_noise(settings, training(table(clip_folder, tmp_path)))
    with (tmp_path / "study/suspects.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["label_wrong"]) > 0.5]
    assert len(rows) == results["probable"] == len(results["suspects"]) == len(PLANTED)
    assert all(row["suggested"] == Path(row["path"]).parent.name != row["label"] for row in rows)
    assert json.loads((tmp_path / "study/results.json").read_text())["noise"]["is_seen"]
    made = (tmp_path / "study/report.html").read_text()
    assert made.count('data-frames="16"') == len(PLANTED) and "8 of 96 labels are probably wrong." in made


def test_frozen_features_and_films_take_folders_of_images_at_the_given_rate(tmp_path, monkeypatch):
    for name in ("a", "b"):
        for clip in range(2):
            (folder := tmp_path / "images" / name / str(clip)).mkdir(parents=True)
            for number in range(31):
                Image.new("RGB", (16, 16), (number, number, number)).save(folder / f"{number:05}.png")
    encoder = Mock(clip=ClipSpec(num_frames=4, size=16, stride=1, fps=10.0))
    encoder.to.return_value = encoder
    seen = []

    def extract_batches(batches, corruption):
        seen.extend(clips.video[0, :, 0, 0, 0].diff().tolist() for clips in batches)
        raise InterruptedError

    encoder.extract_batches = extract_batches
    monkeypatch.setattr(held_out, "load_encoder", lambda _: encoder)
    source = {"name": "folder", "root": str(tmp_path / "images"), "val_fraction": 0.0, "test_fraction": 0.0}
    given = from_keywords(TrainSettings, {"data": source, "model": "tiny_r3d", "loading": {"frame_fps": 10}}).settings()
    settings = LabelNoiseSettings(
        folds=2, checkpoint="x.pt", batch_size=1, num_workers=0, device="cpu", run_dir=str(tmp_path / "study")
    )
    with pytest.raises(InterruptedError):
        study.study_label_noise(settings, given)
    assert seen == [[1, 1, 1]] * 4  # each frame; each third one at the 30 of a folder whose rate is not given
    monkeypatch.setattr(study, "classifier_of", lambda *_: lambda learned, asked, *_: np.full((len(asked), 2), 0.5))
    films = Mock(return_value={})
    monkeypatch.setattr(study, "eval_films", films)
    study.study_label_noise(settings, given)
    assert films.call_args.args[0].reading == {"frame_fps": 10}


def test_a_class_with_fewer_groups_than_folds_is_refused_with_the_number(clip_folder, tmp_path):
    settings = LabelNoiseSettings(folds=9, run_dir=str(tmp_path / "study"))
    with pytest.raises(ValueError, match=r"the class '\w+' has [6-8] training videos, .* Set folds to [6-8] or less"):
        study.study_label_noise(settings, training(table(clip_folder, tmp_path)))


def finished_fold(source: dict[str, object], fold: int, home: Path) -> None:
    """What ``train data.folds=3`` leaves of a fold, as far as the study reads it."""
    settings = training({**source, "folds": 3, "test_fold": fold})
    manifest = study.build_manifest(settings.data, trust=())
    test = manifest.splits["test"]
    lines = ["path,label,predicted,correct,probability,top2,top2_probability,error"]
    for item, row in zip(test, answers_of(test), strict=True):
        best, then = row.argsort()[::-1][:2]
        words = f"{CLASSES[item.label]},{CLASSES[best]},0,{row[best]},{CLASSES[then]},{row[then]},"
        lines.append(f'"{name_of(item, manifest.root)}",{words}')
    (home / "test").mkdir(parents=True)
    (home / "config.yaml").write_text(json.dumps(to_dict(settings)))
    (home / "test/predictions.csv").write_text("\n".join(lines))


def test_the_answers_of_a_cross_validation_are_read_for_all_of_its_clips(clip_folder, tmp_path):
    source = table(clip_folder, tmp_path)
    for fold in range(3):
        finished_fold(source, fold, tmp_path / f"run/fold{fold}")
        (tmp_path / f"run/fold{fold}.csv").touch()  # tables, as the study itself leaves them beside its folds
    settings = LabelNoiseSettings(runs=str(tmp_path / "run"), run_dir=str(tmp_path / "study"))
    results = study.study_label_noise(settings, training("motion16"))
    assert results["clips"] == 96 and results["probable"] == len(PLANTED)
    (tmp_path / "run/fold1/test/predictions.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"no finished cross-validation .* videoai train data.folds=5"):
        study.study_label_noise(settings, training("motion16"))


@pytest.mark.parametrize("then", [3, 30, 201])
def test_a_training_of_another_length_in_the_folder_does_not_answer(then, clip_folder, tmp_path):
    settings = LabelNoiseSettings(folds=2, run_dir=str(tmp_path / "study"))
    (tmp_path / "study/fold0").mkdir(parents=True)
    (tmp_path / "study/fold0/config.yaml").write_text(f"trainer: {{max_steps: {then}}}")
    with pytest.raises(ValueError, match=rf"fold0 holds a classifier of steps={then}, now it is 200. Choose another"):
        study.study_label_noise(settings, training(table(clip_folder, tmp_path)))


def test_what_predictions_leave_out_is_spread_and_an_unreadable_clip_has_none(tmp_path):
    classes = tuple("abcdefgh")
    items = [VideoItem("/data/1.mp4", 0), VideoItem("/data/2.mp4", 1)]
    manifest = Manifest(classes, {"test": items}, "here", root="/data")  # pyright: ignore[reportArgumentType]
    tops = ",".join(f"top{k},top{k}_probability" for k in range(2, 6))
    (tmp_path / "predictions.csv").write_text(
        f"path,label,predicted,correct,probability,{tops},error\n"
        "1.mp4,a,b,0,0.5,c,0.2,d,0.1,e,0.05,f,0.03,\n2.mp4,b,,0,,,,,,,,,,broken\n"
    )
    found = read_probabilities(tmp_path, manifest, "test")
    assert found[key_of(items[0])].tolist() == pytest.approx([0.04, 0.5, 0.2, 0.1, 0.05, 0.03, 0.04, 0.04])
    assert np.isnan(found[key_of(items[1])]).all()
    (tmp_path / "predictions.csv").write_text("path,label,predicted,correct,probability,error\n3.mp4,a,b,0,0.5,\n")
    with pytest.raises(ValueError, match="3.mp4 of class a is no clip of here now"):
        read_probabilities(tmp_path, manifest, "test")
