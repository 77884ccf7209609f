import os

import numpy as np
import pytest

from videoai.data.decode import index, open_video
from videoai.data.decode.ffmpeg import Packet
from videoai.data.decode.index import FrameIndex, KeyFrame


def test_frames_are_numbered_in_the_order_they_are_shown():
    packets = [Packet(0, -2, True, False), Packet(3, -1, False, False), Packet(1, 0, False, False)]
    packets += [Packet(2, 1, False, False), Packet(6, 2, True, False), Packet(4, 3, False, False)]
    index = FrameIndex.of(packets)
    assert index is not None
    assert index.pts.tolist() == [0, 1, 2, 3, 4, 6]
    assert index.firsts.tolist() == [0, 5]  # frame 4 is shown before the second key frame, and needs the first
    first, second = KeyFrame(0, pts=0, dts=-2, end=2), KeyFrame(5, pts=6, dts=2, end=13)
    assert [index.key_of(number) for number in (0, 4, 5)] == [first, first, second]
    assert second.end > index.pts[-1]  # nothing that a search for the last key frame could miss


def test_a_key_frame_that_an_edit_list_hides_is_still_where_decoding_starts():
    packets = [Packet(-2, -4, True, True), Packet(-1, -3, False, True), Packet(0, -2, False, False)]
    packets += [Packet(1, -1, False, False), Packet(2, 0, True, False)]
    index = FrameIndex.of(packets)
    assert index is not None
    assert index.pts.tolist() == [0, 1, 2]
    assert [index.key_of(number)[:3] for number in (0, 1, 2)] == [(0, -2, -4), (0, -2, -4), (2, 2, 0)]


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


def test_a_damaged_saved_index_is_built_again(make_video, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 30)
    path = make_video("long.mp4", 40)
    with open_video(path) as video:
        times = video.timestamps
    (saved,) = (tmp_path / "cache" / "frame_index").iterdir()
    saved.write_bytes(saved.read_bytes()[:100])
    with open_video(path) as video:
        np.testing.assert_array_equal(video.timestamps, times)


@pytest.mark.parametrize("changed", ["time", "size"])
def test_a_saved_index_is_of_a_file_of_this_size_and_time(make_video, monkeypatch, tmp_path, changed):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 30)
    path, other = make_video("long.mp4", 40), make_video("other.mp4", 31)
    size = max(path.stat().st_size, other.stat().st_size) + 100
    for file, end in ((path, size), (other, size + (changed == "size"))):
        padding = end - file.stat().st_size  # a box of this many bytes that players pass over (ISO/IEC 14496-12, 8.1.2)
        file.write_bytes(file.read_bytes() + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
        os.utime(file, ns=(0, 10**18 + (changed == "time" and file == other)))
    with open_video(path) as video:
        assert video.num_frames == 40
    os.replace(other, path)
    with open_video(path) as video:
        assert video.num_frames == 31


def test_an_index_that_an_earlier_version_saved_is_built_again(make_video, monkeypatch, tmp_path, numbers_in):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 30)
    path = make_video("long.mp4", 40, options={"bf": "2", "g": "10"})
    with open_video(path) as video:
        before = video._index
    assert before is not None
    (saved,) = (tmp_path / "cache" / "frame_index").iterdir()
    status = path.stat()
    head = [status.st_size, status.st_mtime_ns, 1]  # no format; one frame, and no time of presentation of key frames
    np.save(saved, np.array([*head, 0, *range(6)]))
    with open_video(path) as video:
        assert numbers_in(video.frames([33])) == [33]
        assert video._index is not None
        assert all(np.array_equal(ours, true) for ours, true in zip(video._index, before, strict=True))
    assert len(np.load(saved)) > 40  # and saved again
