import os

import numpy as np

from videoai.data.decode import index, open_video
from videoai.data.decode.ffmpeg import Packet
from videoai.data.decode.index import FrameIndex


def test_frames_are_numbered_in_the_order_they_are_shown():
    packets = [Packet(0, -2, True, False), Packet(3, -1, False, False), Packet(1, 0, False, False)]
    packets += [Packet(2, 1, False, False), Packet(6, 2, True, False), Packet(4, 3, False, False)]
    found = FrameIndex.of(packets)
    assert found is not None
    assert found.pts.tolist() == [0, 1, 2, 3, 4, 6]
    assert found.firsts.tolist() == [0, 5]  # frame 4 is shown before the second key frame, and needs the first
    assert [found.key_of(number) for number in (0, 4, 5)] == [(0, -2), (0, -2), (5, 2)]


def test_missing_or_doubled_times_give_no_index():
    assert FrameIndex.of([Packet(None, 0, True, False), Packet(1, 1, False, False)]) is None
    assert FrameIndex.of([Packet(0, 0, True, False), Packet(0, 1, False, False)]) is None


def test_a_long_file_is_listed_once_and_again_when_it_changes(make_video, monkeypatch, tmp_path, numbers_in):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 30)
    path = make_video("long.mp4", 40, options={"bf": "2", "g": "10"})
    make_video("short.mp4", 29)
    with open_video(path) as video:
        before = video.frames([3, 25])
    saved = list((tmp_path / "cache" / "frame_index").iterdir())
    with open_video(tmp_path / "short.mp4") as video:
        video.frames([0])
    assert [file.suffix for file in saved] == [".npy"]
    assert list((tmp_path / "cache" / "frame_index").iterdir()) == saved

    monkeypatch.setattr("videoai.data.decode.frame_stream.FrameStream.list_packets", None)  # must not be called
    with open_video(path) as video:
        assert (video.frames([3, 25]) == before).all()
        assert video.num_frames == 40
    monkeypatch.undo()

    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    os.replace(make_video("other.mp4", 12), path)
    with open_video(path) as video:
        assert video.num_frames == 12
        assert numbers_in(video.frames([11])) == [11]


def test_a_damaged_saved_index_is_built_anew(make_video, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 30)
    path = make_video("long.mp4", 40)
    with open_video(path) as video:
        times = video.timestamps
    (saved,) = (tmp_path / "cache" / "frame_index").iterdir()
    saved.write_bytes(saved.read_bytes()[:100])
    with open_video(path) as video:
        np.testing.assert_array_equal(video.timestamps, times)
