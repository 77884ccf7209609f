"""The films that the page of a data check shows, and what it says of the data."""

from pathlib import Path
from unittest.mock import Mock

import av
import numpy as np
import pytest

from videoai.data.check.examine import Examined
from videoai.data.lists.from_files import from_folder
from videoai.report.page.film import MAX_SIDE
from videoai.run.datasets import check
from videoai.run.datasets.check import NUM_FRAMES, checked_data, film_of
from videoai.settings.model import ClipSettings


def write_video(path: Path, height: int, width: int, num_frames: int = 20) -> str:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(num_frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 10 * number, np.uint8), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return str(path)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param((320, 180), (MAX_SIDE, 81), id="tall"),
        pytest.param((180, 320), (81, MAX_SIDE), id="wide"),
        pytest.param((16, 16), (MAX_SIDE, MAX_SIDE), id="tiny"),
    ],
)
def test_a_film_goes_from_the_beginning_to_the_end_in_the_proportions_of_its_video(tmp_path, size, shown):
    film = film_of(write_video(tmp_path / "a.mp4", *size), unless=())
    assert film is not None
    assert film.video.shape == (NUM_FRAMES, 3, *shown)
    grey = film.video.float().mean((1, 2, 3))
    assert abs(float(grey[0])) < 5  # grey levels: the first of 20 frames, each 10 brighter
    assert abs(float(grey[-1]) - 190) < 5


def test_a_video_of_one_frame_has_a_film(tmp_path):
    film = film_of(write_video(tmp_path / "a.mp4", 32, 32, num_frames=1), unless=())
    assert film is not None


def test_what_cannot_be_read_or_ended_its_reader_has_none(tmp_path):
    good = write_video(tmp_path / "a.mp4", 32, 32)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    assert film_of(str(tmp_path / "b.mp4"), unless=()) is None
    assert film_of(str(tmp_path / "gone.mp4"), unless=()) is None
    assert film_of(good, unless={good}) is None


def test_a_clip_is_chosen_apart_from_files_that_ended_their_reader(clip_folder, monkeypatch):
    items = from_folder(clip_folder).splits["train"]
    deadly, looked_at = items[0].path, Mock(return_value=[])
    monkeypatch.setattr(check, "look_at", looked_at)
    clip = check.clip_to_fill(ClipSettings(num_frames="auto", size=32, stride=3), items, 10.0, unless={deadly})
    assert (clip.num_frames, clip.stride) == (16, 3)
    sample, most, reading = looked_at.call_args.args
    assert [item.path for item in sample] == [item.path for item in items if item.path != deadly]
    assert most == len(sample) and reading == {"frame_fps": 10.0, "isolated": True}


def test_lengths_are_those_of_clips_that_can_be_read(clip_folder):
    manifest = from_folder(clip_folder)
    paths = [item.path for items in manifest.splits.values() for item in items]
    examined = [Examined(path, seconds=2.0) for path in paths[1:]] + [Examined(paths[0], reason="empty")]
    told = checked_data(manifest, examined)
    assert told.seconds == [2.0] * 23
    assert told.num_files == 24
    assert [sum(counts) for _, counts in told.counts] == [6] * 4
