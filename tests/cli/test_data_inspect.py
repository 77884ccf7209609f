"""``videoai data inspect`` as a person runs it."""

import json

import pytest


def test_class_folders_are_described_with_the_command_to_paste(clip_folder, videoai_command):
    done = videoai_command("data", "inspect", clip_folder.name, "look=6", cwd=clip_folder.parent)
    assert done.returncode == 0, done.stderr
    for text in (
        "folder        videos in folders such as down and left",
        "folder: 4 classes, 24 clips: train 16, val 4, test 4",
        "seconds  2.133 .. 2.133 .. 2.133",
        "sizes    32x32 (6)",
        "codecs   h264 (6)",
        "warning: classes have a side (left, right): data.flip=0",
        f"videoai train data=folder data.root={clip_folder.name} data.flip=0",
    ):
        assert text in done.stdout


@pytest.mark.slow
def test_json_says_the_same_and_a_longer_clip_is_changed_to_fit(clip_folder, videoai_command):
    arguments = ("data", "inspect", str(clip_folder), "json=true", "look=2", "model=tiny_r3d", "clip=16x4x112")
    done = videoai_command(*arguments, cwd=clip_folder.parent)
    report = json.loads(done.stdout)
    assert report["splits"] == {"train": 16, "val": 4, "test": 4}
    assert report["classes"]["left"] == {"train": 4, "val": 1, "test": 1}
    assert report["clip"]["change"] == {"clip.stride": 2}
    assert report["command"].endswith("data.flip=0 clip.stride=2 model=tiny_r3d clip=16x4x112")
    assert report["videos"]["frames"]["median"] == 32


@pytest.mark.slow
def test_a_montage_is_written_where_it_is_asked_for_and_named(clip_folder, videoai_command, tmp_path):
    done = videoai_command("data", "inspect", str(clip_folder), "look=2", "out=new/montage.png", cwd=tmp_path)
    assert "picture: new/montage.png" in done.stdout, done.stderr
    assert (tmp_path / "new" / "montage.png").stat().st_size > 1000
    done = videoai_command("data", "inspect", str(clip_folder), "out=montage.jpg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "videoai: out=montage.jpg: the picture is a PNG. Give a name that ends in .png\n",
    )
