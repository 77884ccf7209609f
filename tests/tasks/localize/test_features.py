"""What a localiser makes of the settings of a run on features."""

import logging
from pathlib import Path

import numpy as np
import pytest

from videoai.compose.settings import from_keywords
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.settings.training import TrainSettings
from videoai.tasks.localize.task import Localize


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Two videos of 6 and 10 windows."""
    times = [("a.mp4", float(at)) for at in range(6)] + [("b.mp4", float(at)) for at in range(10)]
    rows = [FeatureRow(name, at, at + 1.0, None, None, None, None) for name, at in times]
    facts = {"window_seconds": 1.0, "stride_seconds": 1.0, "checkpoint": "encoder.pt"}
    write_table(tmp_path / "t.npz", iter([Block(rows, np.zeros((len(rows), 3), np.float32))]), 3, facts)
    return str(tmp_path / "t.npz")


def resolved(table: str, **given: object) -> TrainSettings:
    """The settings that a run begins with."""
    keywords = {"task": "localize", "data": {"name": "motion16", "features": table}, **given}
    task = Localize()
    return task.resolve(task.prefer(from_keywords(TrainSettings, keywords).settings()))


def test_a_clip_is_a_window_of_vectors_as_long_as_the_typical_video(table: str):
    settings = resolved(table)
    assert settings.model["body"] == {"name": "features", "num_features": 3}
    clip = settings.clip
    assert (clip.num_frames, clip.size, clip.features, clip.fps) == (8, 1, 3, None)
    assert resolved(table, clip={"num_frames": 4}).clip.num_frames == 4


def test_augmentation_of_pixels_is_left_out_and_said(table: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        settings = resolved(table, augment={"color_jitter": 0.2, "speed": 2.0})
    assert settings.augment.color_jitter == 0.0
    assert settings.augment.speed == 2.0
    assert "augment.color_jitter: not for features" in caplog.text.replace("augment.shift, ", "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": "small_r3d"}, r"model=small_r3d: data\.features are those of encoder\.pt"),
        ({"clip": {"size": 64}}, r"clip\.size=64: means nothing to features"),
        ({"finetune": {"freeze": True}}, r"finetune\.freeze=True: means nothing to features"),
        ({"weights": "torchvision/r3d_18"}, r"weights=torchvision/r3d_18: of a network"),
    ],
)
def test_settings_of_pixels_are_refused(table: str, given: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        resolved(table, **given)
