from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

import videoai
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.data.motion16.dataset import SIZES, VERSION, Size
from videoai.run.checkpoint_data import DataChange
from videoai.run.evaluate import evaluate, note_of_stills
from videoai.run.scored_split import answer_settings, choose_split, name_of, parse_views
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse
from videoai.settings.verbs import EvaluateSettings


def manifest(**splits: int) -> Manifest:
    return Manifest(("a", "b"), {name: [VideoItem("x.mp4", 0)] * count for name, count in splits.items()}, "here")


def test_views_are_clips_by_crops():
    assert parse_views("4x3") == (4, 3)


@pytest.mark.parametrize("views", ["4", "0x1", "4x2", "axb", "-1x1"])
def test_other_views_are_refused(views):
    with pytest.raises(ValueError, match="give CLIPSxCROPS"):
        parse_views(views)


def test_the_test_split_is_taken_and_val_only_with_a_warning(caplog):
    assert choose_split(manifest(train=1, val=1, test=1), "auto")[0] == "test"
    assert caplog.text == ""
    assert choose_split(manifest(train=1, val=1, test=0), "auto")[0] == "val"
    assert "the score flatters" in caplog.text


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match="split=test: no videos in it. here has train, val"):
        choose_split(manifest(train=1, val=1), "test")


def test_everything_is_scored_on_request_or_where_there_are_no_splits():
    assert len(choose_split(manifest(train=2, val=1, test=3), "all")[1]) == 6
    assert choose_split(manifest(train=2, val=0, test=0), "auto") == ("all", [VideoItem("x.mp4", 0)] * 2)


def test_a_stretch_of_a_file_is_named_as_a_media_fragment():
    assert name_of(VideoItem("/d/a.mp4", 0), "/d") == "a.mp4"
    assert name_of(VideoItem("/d/a.mp4", 0, 1.5, 4.0), "/d") == "a.mp4#t=1.5,4"
    assert name_of(VideoItem("/d/a.mp4", 0, 2.0), "/d") == "a.mp4#t=2"


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"precision": "fp32", "batch_size": 2, "num_workers": 0, "views": "4x3", "report": False}, {}),
        ({"threshold": 0.5}, {"threshold": 0.5}),
        ({"precision": "bf16", "faces": "off"}, {"precision": "bf16", "faces": "off"}),
        ({"classes": ("a", "b"), "events": True}, {"classes": ["a", "b"], "events": True}),
    ],
)
def test_settings_that_change_answers_are_told_from_those_that_do_not(given, changed):
    assert answer_settings(EvaluateSettings(checkpoint="best.pt", **given)) == changed


def test_one_process_looks_for_videos_of_one_frame_as_the_settings_say(monkeypatch):
    look = Mock(return_value="a note")
    monkeypatch.setattr("videoai.run.evaluate.still_note", look)
    split: Any = SimpleNamespace(items=[], frame_fps=10.0)
    settings = EvaluateSettings(checkpoint="best.pt", ablate=("shuffle",), isolated=True)
    assert note_of_stills(split, settings) == "a note"
    look.assert_called_once_with([], {"frame_fps": 10.0, "isolated": True})
    monkeypatch.setattr("videoai.core.process_group.rank", lambda: 1)
    assert note_of_stills(split, settings) is None and look.call_count == 1


@pytest.mark.slow
def test_the_test_split_of_another_rendering_seed_is_scored(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(SIZES, "tiny", Size(1, 1, 1, 32))
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    data = {"name": "motion16", "size": "tiny", "num_workers": 0}
    trainer = {"max_steps": 1, "batch_size": 4, "precision": "fp32", "tensorboard": False}
    best = videoai.train(data=data, model="frame_only", trainer=trainer, run_dir=str(tmp_path / "run")).checkpoint
    settings = EvaluateSettings(checkpoint=best, num_workers=0, device="cpu")
    caplog.set_level("INFO")
    own = evaluate(settings).results
    named = parse(DataSettings, {"name": "motion16", "size": "tiny", "seed": 1, "flip": 0.0})
    other = evaluate(settings, DataChange(named=named)).results
    assert f"motion16-tiny-default-s1-v{VERSION}: 16 videos of split test" in caplog.text
    assert other["fingerprint"] != own["fingerprint"]


def test_a_dict_without_a_name_changes_the_checkpoints_own_data(judge_run, clip_folder, tmp_path):
    checkpoint = str(judge_run / "checkpoints/best.pt")
    scored = videoai.evaluate(checkpoint, data={"root": str(clip_folder)}, run_dir=str(tmp_path), num_workers=0)
    assert scored.results["n_total"] > 0
    with pytest.raises(FileNotFoundError, match="no such folder of videos"):
        videoai.evaluate(checkpoint, data={"root": str(tmp_path / "nowhere")}, run_dir=str(tmp_path))
    assert not (tmp_path / "nowhere").exists()
