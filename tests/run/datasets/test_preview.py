"""The preview shows the very frames that training and evaluation read."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from videoai.compose.settings import from_arguments
from videoai.data.dataset import EvalClips
from videoai.data.decode import open_video
from videoai.run.datasets.preview import Looker, Previewed, preview
from videoai.run.training.clips_alone import clips_setup
from videoai.run.training.stream import new_stream
from videoai.settings.datasets import PreviewSettings
from videoai.settings.training import TrainSettings

CLIP = ("clip=16x2x32", "clip.num_frames=8", "clip.size=24", "clip.resize=28", "model=tiny_r3d")


def training(root: Path, *words: str) -> TrainSettings:
    given = ["data=folder", f"data.root={root}", *CLIP, "loading.decoder=pyav", "augment=none", *words]
    return from_arguments(TrainSettings, given).settings()


def previewed(root: Path, out: Path, *words: str, **settings: Any) -> tuple[Previewed, list[dict[str, Any]]]:
    done = preview(PreviewSettings(out=str(out), **settings), training(root, *words))
    return done, json.loads(done.record.read_text())["clips"]


def test_the_record_names_the_frames_that_are_shown(clip_folder, tmp_path):
    done, clips = previewed(clip_folder, tmp_path / "shown", classes=2, draws=1)
    assert [clip["how"] for clip in clips] == ["training", "evaluation"] * 2
    settings = training(clip_folder)
    setup = clips_setup(settings)
    looker = Looker(setup, PreviewSettings(draws=1))
    index = next(at for at, item in enumerate(setup.train_items) if item.path == clips[0]["path"])
    for record, seen in zip(clips[:2], looker.clips(index), strict=True):
        with open_video(record["path"]) as video:
            frames = video.frames(record["frames"], size=28)[..., 2:26, 2:26]
            assert record["seconds"] == [pytest.approx(video.timestamps[at], abs=1e-4) for at in record["frames"]]
        is_mirrored = record["how"] == "training" and not torch.equal(frames, seen.frames.video)
        assert torch.equal(frames.flip(-1) if is_mirrored else frames, seen.frames.video)
    with Image.open(done.picture) as image:
        assert image.height > 4 * 72  # a row a clip


def test_the_clips_of_training_are_those_of_its_first_epochs(clip_folder):
    setup = clips_setup(training(clip_folder, "augment=strong", "augment.color_jitter=0.4", "seed=5"))
    looker = Looker(setup, PreviewSettings(draws=3))
    dataset = new_stream(setup, None).dataset
    shown = [seen for seen in looker.clips(2) if seen.how == "training"]
    assert len(shown) == 3
    for epoch, seen in enumerate(shown):
        (clip,) = dataset[epoch, 2]
        assert torch.equal(seen.frames.video, looker.as_computed(clip))
        assert not clip.ops or not torch.equal(seen.frames.video, clip.video)  # colours are those after the device


def test_a_clip_played_backwards_has_falling_times(clip_folder):
    setup = clips_setup(training(clip_folder, "data.reverse=1", "data.directional=false"))
    seen = next(Looker(setup, PreviewSettings(draws=1)).clips(0))
    assert list(seen.frames.seconds) == sorted(seen.frames.seconds, reverse=True)
    assert list(seen.frames.numbers) == sorted(seen.frames.numbers, reverse=True)


def test_without_augmentation_only_the_time_differs_from_evaluation(clip_folder, tmp_path):
    _, clips = previewed(clip_folder, tmp_path / "a", "augment=strong", augmented=False, classes=1, draws=4)
    assert len({tuple(clip["frames"]) for clip in clips}) > 1
    plain = clips_setup(training(clip_folder, "data.flip=0"))
    looker = Looker(plain, PreviewSettings(draws=1))
    (view,) = EvalClips(plain.train_items, plain.clip).read(0)
    drawn = next(looker.clips(0))
    common = set(view.numbers) & set(drawn.frames.numbers)
    for number in common:
        ours, theirs = drawn.frames.numbers.index(number), view.numbers.index(number)
        assert torch.equal(drawn.frames.video[ours], view.video[theirs, :, 2:26, 2:26])


@pytest.mark.parametrize("split", ["val", "test"])
def test_other_splits_are_never_augmented(clip_folder, tmp_path, split):
    done, clips = previewed(clip_folder, tmp_path / "b", split=split, classes=3)
    assert {clip["how"] for clip in clips} == {"evaluation"}
    assert done.num_videos == len(clips) <= 3


def test_a_clip_that_is_auto_is_chosen_as_train_does(clip_folder, tmp_path):
    words = ["data=folder", f"data.root={clip_folder}", "loading.decoder=pyav", "clip.num_frames=4"]
    done = preview(PreviewSettings(out=str(tmp_path / "c"), classes=1), from_arguments(TrainSettings, words).settings())
    assert (done.clip.num_frames, done.clip.sampling, done.clip.size) == (4, "uniform", 32)  # videos of 32 px, 1 s


def test_a_video_that_cannot_be_read_is_named_and_the_others_are_shown(clip_folder, tmp_path):
    root = tmp_path / "clips"
    shutil.copytree(clip_folder, root)
    for file in (root / "left").iterdir():
        file.write_bytes(b"")
    done, clips = previewed(root, tmp_path / "d.png", classes=9)
    bad = [clip for clip in clips if "error" in clip]
    assert [clip["label"] for clip in bad] == ["left"]
    assert "0 bytes" in bad[0]["error"]
    assert {clip["label"] for clip in clips} == {"down", "left", "right", "up"}
    assert done.picture == tmp_path / "d.png"


def test_names_in_any_script_and_of_any_length_are_written(clip_folder, tmp_path):
    root = tmp_path / "clips"
    for source, name in zip(("left", "right", "up"), ("跳跃", "x" * 200, "<b>caf\udce9"), strict=True):
        shutil.copytree(clip_folder / source, root / name)
    done, clips = previewed(root, tmp_path / "e")
    assert len({clip["label"] for clip in clips}) == 3
    with Image.open(done.picture) as image:
        assert image.mode == "RGB"
