"""Whether an export is as good as its original is decided on the same clips of real videos."""

import json

import pytest
import torch

from videoai.inference.load import from_state, open_checkpoint
from videoai.run.checkpoint_data import DataChange
from videoai.run.export import export as module
from videoai.run.export.export import export, refused
from videoai.run.export.judge import calibration_clips, judge, open_judging
from videoai.settings.export import ExportSettings
from videoai.settings.parse import parse
from videoai.tasks.answering import answering_task


@pytest.fixture(scope="module")
def opened(judge_run):
    """Settings, state, task, split and network of a run that learned to tell four motions apart."""
    source = str(judge_run / "checkpoints" / "best.pt")
    settings = parse(ExportSettings, {"checkpoint": source, "format": "safetensors", "num_workers": 0})
    state = open_checkpoint(source)
    task = answering_task(state, source)
    return settings, state, task, open_judging(settings, DataChange(), state, task), from_state(state)


def test_the_original_loses_nothing_to_itself(opened):
    settings, state, task, split, model = opened
    told = judge(settings, split, state, task, model, model.model)
    assert told.loss == 0 and told.max_difference == 0 and not told.differing and not told.is_refused
    assert told.num_videos == len(split.items) and told.p_value == 1


class Constant(torch.nn.Module):
    def forward(self, video):
        return torch.eye(4)[:1].expand(len(video), 4)


def test_a_worse_network_is_refused_and_the_videos_are_listed(opened, tmp_path):
    settings, state, task, split, model = opened
    told = judge(settings, split, state, task, model, Constant())
    assert told.exported == pytest.approx(0.25) and told.original > 0.5  # one class of four; the run has learned
    assert told.is_refused and told.loss == pytest.approx(told.original - told.exported)
    assert {one["path"] for one in told.differing} <= {f"{n}/{n}_{i}.mp4" for n in model.classes for i in range(6)}
    error = refused(tmp_path / "out", told)
    assert "max_loss=0.005" in str(error) and told.differing[0]["path"] in str(error)
    assert json.loads((tmp_path / "out-refused.json").read_text())["differing"] == told.differing


def test_a_refused_export_leaves_no_folder(opened, tmp_path, monkeypatch):
    settings, *_ = opened
    monkeypatch.setattr(module, "verify", lambda *_, **__: {"max_difference": 0.0, "limit": 1.0})
    monkeypatch.setattr(module, "opened", lambda *_: Constant())
    asked = ExportSettings(
        checkpoint=settings.checkpoint, format="safetensors", out=str(tmp_path / "out"), num_workers=0
    )
    with pytest.raises(ValueError, match="so it was not written"):
        export(asked)
    assert [one.name for one in tmp_path.iterdir()] == ["out-refused.json"]


def test_what_differs_on_the_rendered_clip_is_refused_before_any_video(opened, tmp_path, monkeypatch):
    settings, *_ = opened
    monkeypatch.setattr(module, "opened", lambda *_: Constant())
    asked = ExportSettings(
        checkpoint=settings.checkpoint, format="safetensors", out=str(tmp_path / "out"), num_workers=0
    )
    with pytest.raises(ValueError, match="differ from the original's by"):
        export(asked)
    assert not list(tmp_path.iterdir())


def test_calibration_clips_come_from_training_videos_alone(opened):
    settings, state, _, split, model = opened
    clips = calibration_clips(settings, split, state, model)
    assert len(clips) == len(split.manifest.splits["train"])
    assert all(list(clip.shape) == [1, 3, 8, 32, 32] for clip in clips)
