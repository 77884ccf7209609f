"""Frames in several sizes from one pass are those that each reader would get alone."""

import numpy as np
import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.decode.pyav import PyAVVideo
from videoai.data.decode.sizes import frames_at_sizes
from videoai.data.encode import write_clip

REQUESTS = [([0, 3, 3, 9], 24), (torch.arange(2, 12), 16), ([11, 1], None)]


@pytest.fixture
def clip(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)
    write_clip(tmp_path / "a.mp4", frames, 10.0)
    return tmp_path / "a.mp4"


def folder_of(clip):
    from PIL import Image

    folder = clip.parent / "frames"
    folder.mkdir()
    with open_video(clip) as video:
        for number, frame in enumerate(video.frames(range(12)).permute(0, 2, 3, 1).numpy()):
            Image.fromarray(frame).save(folder / f"{number:03d}.png")
    return folder


@pytest.mark.parametrize("kind", ["file", "counted", "folder"])
def test_each_request_gets_the_frames_that_it_would_get_alone(kind, clip, monkeypatch):
    path = folder_of(clip) if kind == "folder" else clip
    if kind == "counted":
        monkeypatch.setattr("videoai.data.decode.pyav.FrameIndex.of", lambda packets: None)
        monkeypatch.setattr("videoai.data.decode.pyav.is_rising", lambda times: False)
    with open_video(path) as together, open_video(path) as alone:
        read = frames_at_sizes(together, REQUESTS)
        for frames, (indices, size) in zip(read, REQUESTS, strict=True):
            assert torch.equal(frames, alone.frames(indices, size))


def test_reads_that_follow_each_other_decode_a_file_once(clip, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        PyAVVideo,
        "_picture",
        lambda self, i, f, s, old=PyAVVideo._picture: (decoded.append((i, s)), old(self, i, f, s))[1],
    )
    with open_video(clip) as video:
        for first in (0, 4, 8):
            frames_at_sizes(video, [(range(first, first + 4), 16), (range(first, first + 4), 24)])
    assert sorted(decoded) == sorted((number, size) for number in range(12) for size in (16, 24))


def test_a_frame_that_there_is_not_and_a_closed_video_are_refused(clip):
    video = open_video(clip)
    with pytest.raises(ValueError, match=r"frames 0 .. 12 requested, but the video has frames 0 .. 11"):
        frames_at_sizes(video, [([0], 16), ([12], 16)])
    video.close()
    with pytest.raises(ValueError, match="the video is closed"):
        frames_at_sizes(video, [([0], 16)])
