"""Do the rules give a set of videos a model and a clip that fit it?"""

import csv
from pathlib import Path

import pytest
import torch

from videoai.compose.settings import from_keywords
from videoai.core.checkpoint import save
from videoai.core.types import ClipSpec
from videoai.models.published.download import cache_path
from videoai.run.manifests import build_manifest
from videoai.run.training.choose_model import (
    NUM_LOOKED_AT,
    clip_from_scratch,
    clip_of,
    model_at_hand,
    model_of_weights,
    with_model_and_clip,
)
from videoai.run.video_facts import VideoFacts, look_at
from videoai.settings.parse import to_dict
from videoai.settings.training import TrainSettings

CPU = torch.device("cpu")


def facts(seconds: float, *, fps: float = 30.0, side: int = 240, labels: int = 2) -> list[VideoFacts]:
    return [VideoFacts(index % labels, seconds * fps, fps, side, side * 4 // 3) for index in range(60)]


@pytest.mark.parametrize(
    ("those", "wanted"),
    [
        (facts(2.0), {"sampling": "uniform", "size": 48, "resize": 54}),  # short: all of it
        (facts(9.9, fps=60), {"sampling": "uniform", "stride": 1}),
        (facts(60.0), {"sampling": "dense", "stride": 4}),  # two seconds of a long one
        (facts(60.0, fps=60), {"sampling": "dense", "stride": 8}),
        (facts(2.0, side=32), {"size": 32, "resize": 32}),  # no picture larger than the file's
        ([], {"sampling": "uniform", "size": 48}),  # nothing could be read: the loader says so
    ],
)
def test_the_clip_fits_length_rate_and_size_of_the_videos(those, wanted):
    clip = clip_from_scratch(those, CPU)
    assert {key: clip[key] for key in wanted} == wanted


def test_lengths_that_give_the_class_away_are_hidden_and_said(caplog):
    cut = [VideoFacts(label, 30 * seconds, 30.0, 240, 320) for label, seconds in [(0, 2.0), (1, 5.0)] * 30]
    assert clip_from_scratch(cut, CPU)["sampling"] == "dense"
    assert "says much about its class" in caplog.text


def settings_of(data: dict[str, object], **more: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"data": data, **more}).settings()


def test_data_without_a_model_get_one_and_the_built_in_set_keeps_its_own(clip_folder):
    assert settings_of({"name": "folder", "root": str(clip_folder)}).model == {"name": "auto"}
    assert settings_of({"name": "motion16"}).model["name"] == "tiny_r3d"
    named = settings_of({"name": "folder", "root": str(clip_folder)}, model="small_r3d")
    assert (named.model["name"], named.clip.size) == ("small_r3d", 64)


def test_what_the_user_says_of_the_clip_stays(clip_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    settings = settings_of({"name": "folder", "root": str(clip_folder)}, clip={"size": 24, "num_frames": 8})
    items = build_manifest(settings.data, trust=()).splits["train"]
    chosen = with_model_and_clip(settings, items, CPU)
    assert (chosen.clip.size, chosen.clip.num_frames, chosen.clip.sampling) == (24, 8, "uniform")
    assert chosen.model["name"] == "tiny_r3d"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"stride": 4}, ("dense", 4)),
        ({"stride": 4, "sampling": "uniform"}, ("uniform", 4)),
        ({"stride": 1}, ("dense", 1)),
        ({"num_frames": 8}, ("uniform", 1)),
    ],
)
def test_a_stride_without_a_sampling_is_one_of_dense_frames(said, wanted):
    given = settings_of({"name": "folder", "root": "clips"}, clip=said).clip
    clip = clip_of(given, facts(2.0), CPU)
    assert (clip.sampling, clip.stride) == wanted


@pytest.mark.parametrize(
    "settings", [{}, {"clip": {"num_frames": 8}}, {"clip": {"stride": 3}}, {"clip": {"size": 24, "resize": 32}}]
)
def test_a_check_or_a_benchmark_of_clips_takes_those_of_train(settings, clip_folder):
    given = settings_of({"name": "folder", "root": str(clip_folder)}, **settings)
    items = build_manifest(given.data, trust=()).splits["train"]
    trained = with_model_and_clip(given, items, CPU).clip
    assert clip_of(given.clip, look_at(items, NUM_LOOKED_AT), CPU) == ClipSpec(**to_dict(trained))


def test_weights_in_the_cache_are_taken_and_their_licence_is_said(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    caplog.set_level("INFO")
    assert model_at_hand(CPU)["name"] == "tiny_r3d"
    assert "not in the cache" in caplog.text and "Apache-2.0" in caplog.text
    from videoai.models.published import find

    place = cache_path("pyslowfast/X3D_XS", find("pyslowfast/X3D_XS").url)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")
    assert model_at_hand(CPU) == {"name": "x3d_xs", "pretrained": True}


def test_weights_of_a_run_bring_their_model(tmp_path):
    path = Path(tmp_path) / "last.pt"
    node = {"name": "small_r3d", "width": 8, "dropout": 0.1, "temporal_difference": "only"}
    save(path, {"format": 1, "config": {"model": node}, "clip": {}, "model": {}})
    assert model_of_weights(str(path)) == node
    assert model_of_weights("torchvision/mc3_18") == {"name": "mc3_18"}
    torch.save({"weight": torch.zeros(1)}, tmp_path / "plain.pt")
    with pytest.raises(ValueError, match="name it with model=NAME"):
        model_of_weights(str(tmp_path / "plain.pt"))


@pytest.mark.slow
def test_a_set_whose_motion_says_more_than_its_pictures_is_seen_through_differences(tmp_path, monkeypatch):
    """The same moving square everywhere; one class moves fast, the other stays: single pictures are alike."""
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    from videoai.data.encode import write_clip

    rng = torch.Generator().manual_seed(0)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "split"])
        for index in range(60):
            moves, start = index % 2, int(torch.randint(48, (), generator=rng))
            frames = torch.zeros(16, 64, 64, 3, dtype=torch.uint8)
            for time in range(16):
                left = (start + 3 * time * moves) % 52
                frames[time, 26:38, left : left + 12] = 255
            write_clip(tmp_path / f"{index}.mp4", frames.numpy())
            table.writerow([f"{index}.mp4", ["stay", "move"][moves], "train" if index < 56 else "val"])
    settings = settings_of({"name": "csv", "path": str(tmp_path / "clips.csv")})
    items = build_manifest(settings.data, trust=()).splits["train"]
    assert with_model_and_clip(settings, items, CPU).model["temporal_difference"] == "only"
