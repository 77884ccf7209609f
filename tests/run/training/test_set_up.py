"""What ``train`` looks at, and says, before it builds anything."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from videoai.compose.settings import from_keywords
from videoai.run.manifests import build_manifest
from videoai.run.training.set_up import set_up
from videoai.settings.model import ClipSettings
from videoai.settings.training import TrainSettings

CLIP = {"num_frames": 4, "size": 32, "stride": 1}


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    """Of a data set whose videos are GIFs of one frame."""
    for name in ("a", "b"):
        (tmp_path / "stills" / name).mkdir(parents=True)
        for index in range(6):
            Image.new("RGB", (32, 32), (index, 0, 0)).save(tmp_path / "stills" / name / f"{index}.gif")
    data = {"name": "folder", "root": str(tmp_path / "stills")}
    return from_keywords(TrainSettings, {"data": data, "model": "frame_only", "clip": CLIP, "device": "cpu"}).settings()


def run_of(settings: TrainSettings, state: dict[str, Any] | None = None) -> Any:
    return SimpleNamespace(settings=settings, state=state, folder=SimpleNamespace(path=Path()))


@pytest.mark.parametrize("clip", [ClipSettings(**CLIP), ClipSettings(**{**CLIP, "size": "auto"})])
def test_videos_of_one_frame_are_said_once_whoever_looks(settings, clip, caplog):
    set_up(run_of(replace(settings, clip=clip)))
    assert caplog.text.count("videos looked at have a single frame") == 1


def test_a_run_that_goes_on_looks_no_more(settings, caplog):
    manifest = build_manifest(settings.data, trust=())
    set_up(run_of(settings, {"classes": ["a", "b"], "versions": {"data": manifest.fingerprint()}}))
    assert "single frame" not in caplog.text
