"""What ``train`` looks at, and says of its data, before it builds anything."""

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from videoai.compose.settings import from_keywords
from videoai.core.types import ClipSpec, VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest
from videoai.run.training.set_up import check_size, note_classes, set_up
from videoai.settings.data import DataSettings
from videoai.settings.loading import LoadingSettings
from videoai.settings.model import ClipSettings
from videoai.settings.parse import parse
from videoai.settings.trainer import TrainerSettings
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import PredictSettings
from videoai.tasks import build_task

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


OWN: Any = SimpleNamespace()  # a task of the user's own need not be derived from anything


@pytest.mark.parametrize(
    ("task", "is_said"),
    [*((build_task(name), name != "gan") for name in ("classify", "multi_label", "gan")), (OWN, False)],
)
def test_few_clips_of_a_class_are_said_where_classes_are_learned(task, is_said, caplog):
    caplog.set_level(logging.INFO)
    splits = {"train": [VideoItem(f"/{k}.mp4", k) for k in (0, 1)], "val": [VideoItem("/val.mp4", 0)]}
    manifest = Manifest(("0.12", "0.7"), splits, "here")  # pyright: ignore[reportArgumentType]
    note_classes(task, manifest, DataSettings(source={"name": "folder"}))
    assert ("note: fewer than 10 train clips of 0.12, 0.7" in caplog.text) == is_said
    assert ("accuracy is uncertain" in caplog.text) == is_said


@pytest.mark.parametrize("size", [1, 4, 7])
def test_pictures_that_crash_torch_are_refused_and_features_of_one_pixel_are_not(size):
    with pytest.raises(ValueError, match=f"clip.size={size}: pictures have 8 px at least"):
        check_size(ClipSpec(num_frames=4, size=size))
    check_size(ClipSpec(num_frames=4, size=8))
    check_size(ClipSpec(num_frames=4, size=size, features=64))


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        (ClipSettings, "num_frames", 10**9),
        (ClipSettings, "size", 10**5),
        (ClipSettings, "stride", 10**6),
        (LoadingSettings, "num_workers", 100_000),
        (TrainerSettings, "num_threads", 100_000),
        (PredictSettings, "window_seconds", 1e-9),
    ],
)
def test_what_a_machine_cannot_bear_is_refused_by_its_declared_range(kind, key, value):
    given = {"num_frames": 8, "size": 32} if kind is ClipSettings else {}
    given |= {"checkpoint": "a.pt", "input": "b.mp4"} if kind is PredictSettings else {}
    with pytest.raises(ValueError, match=f"{key}=.*: give a"):
        parse(kind, {**given, key: value})
