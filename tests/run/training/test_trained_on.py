"""Weights that have seen the clips they are scored on are named. Names alone count, so empty files stand for videos."""

import logging
from pathlib import Path
from typing import Any

import pytest

import videoai
from videoai.compose.settings import from_keywords
from videoai.core import checkpoint
from videoai.data.lists.from_files import from_folder
from videoai.data.lists.manifest import Manifest
from videoai.run.training.trained_on import KEY, videos_trained_on, warn_of_seen_videos
from videoai.settings.training import TrainSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("run", "walk"):
        (tmp_path / "clips" / name).mkdir(parents=True)
        for index in range(40):
            (tmp_path / "clips" / name / f"{index}.mp4").touch()
    return tmp_path / "clips"


def settings(weights: Path | str | None = None) -> TrainSettings:
    return from_keywords(TrainSettings, {"data": "motion16", "weights": str(weights) if weights else None}).settings()


def save_old(manifest: Manifest, path: Path, weights: Path | None = None, **other: Any) -> Path:
    seen = {KEY: videos_trained_on(manifest, settings(weights), None)}
    state = {"format": 1, "config": {}, "classes": [], "clip": {}, "model": {}, "step": 1}
    checkpoint.save(path, {**state, **seen, **other})
    return path


def test_other_splits_of_the_same_clips_are_named_with_the_count(folder, tmp_path, caplog):
    old = save_old(from_folder(folder), tmp_path / "old.pt")
    now = from_folder(folder, split_seed=1)
    warn_of_seen_videos(now, settings(old))
    trained = {item.path for item in from_folder(folder).splits["train"]}
    counts = [len(trained & {item.path for item in now.splits[split]}) for split in ("val", "test")]
    sizes = [len(now.splits[split]) for split in ("val", "test")]
    assert min(counts) > 0
    assert f"trained on {counts[0]} of the {sizes[0]} val and {counts[1]} of the {sizes[1]} test videos" in caplog.text


@pytest.mark.parametrize("change", ["nothing", "a clip more", "moved", "another share for val"])
def test_the_same_splits_of_a_set_that_grew_or_moved_hold_nothing_seen(folder, tmp_path, caplog, change):
    old = save_old(from_folder(folder), tmp_path / "old.pt")
    if change == "a clip more":
        (folder / "run" / "new.mp4").touch()
    if change == "moved":
        folder = folder.rename(tmp_path / "elsewhere")
    now = from_folder(folder, val_fraction=0.1 if change == "another share for val" else 0.15)
    warn_of_seen_videos(now, settings(old))
    assert "trained on" not in caplog.text


def test_a_folder_that_moved_is_known_by_the_paths_below_it(folder, tmp_path, caplog):
    old = save_old(from_folder(folder), tmp_path / "old.pt")
    warn_of_seen_videos(from_folder(folder.rename(tmp_path / "elsewhere"), split_seed=1), settings(old))
    assert "of the" in caplog.text


def test_what_the_weights_of_the_weights_have_seen_counts_too(folder, tmp_path, caplog):
    first = save_old(from_folder(folder), tmp_path / "first.pt")
    (tmp_path / "few").mkdir()
    for name in ("run", "walk"):
        (tmp_path / "few" / name).mkdir()
        for index in range(4):
            (tmp_path / "few" / name / f"other{index}.mp4").touch()
    old = save_old(from_folder(tmp_path / "few"), tmp_path / "old.pt", weights=first)
    warn_of_seen_videos(from_folder(folder, split_seed=1), settings(old))
    assert "of the" in caplog.text


@pytest.mark.parametrize("state", [{}, {KEY: None}, {KEY: "train"}])
def test_a_checkpoint_that_does_not_say_is_no_error_and_said(folder, tmp_path, caplog, state):
    old = save_old(from_folder(folder), tmp_path / "old.pt")
    held = {key: value for key, value in checkpoint.load(old).items() if key != KEY}
    checkpoint.save(old, held | state)
    with caplog.at_level(logging.INFO):
        warn_of_seen_videos(from_folder(folder), settings(old))
    assert "do not say which videos they were trained on" in caplog.text


@pytest.mark.parametrize("weights", [None, "torchvision/mc3_18", "nowhere.pt", "broken.pt"])
def test_other_weights_say_nothing(folder, tmp_path, caplog, weights):
    (tmp_path / "broken.pt").write_bytes(b"PK no checkpoint")
    path = tmp_path / weights if weights and weights.endswith(".pt") else weights
    warn_of_seen_videos(from_folder(folder), settings(path))
    assert not caplog.records


@pytest.mark.slow
def test_a_run_that_starts_from_another_warns_and_one_that_continues_does_not(clip_folder, tmp_path, caplog):
    given = {
        "data": {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0},
        "trainer": {"batch_size": 6, "precision": "fp32", "num_threads": 1, "tensorboard": False, "max_steps": 1},
        "model": "frame_only",
        "clip": {"num_frames": 2, "size": 16, "resize": 16},
        "run_dir": str(tmp_path / "old"),
    }
    old = videoai.train(given).checkpoint
    changed = {"data": {**given["data"], "split_seed": 1}, "weights": old, "run_dir": str(tmp_path / "new")}
    new = videoai.train(given | changed).checkpoint
    assert "test videos of this run (the same paths below the data's folder)" in caplog.text
    caplog.clear()
    videoai.train(given | changed | {"trainer": {**given["trainer"], "max_steps": 2}})
    assert "test videos of this run" not in caplog.text
    assert len(checkpoint.load(new)[KEY]) > len(checkpoint.load(old)[KEY])
