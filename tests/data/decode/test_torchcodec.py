"""Whatever torchcodec does, a video opened with it holds the frames of PyAV, or is refused as PyAV refuses it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.data.decode.test_odd_files import ODDITIES, turned
from videoai.core.types import ClipSpec
from videoai.data.decode import open_video
from videoai.data.decode.choose import choose_decoder, missing_torchcodec
from videoai.data.media import BadVideo

if why := missing_torchcodec():
    pytest.skip(f"torchcodec is not usable here ({why}): pip install 'videoai[torchcodec]'", allow_module_level=True)

MakeVideo = Callable[..., Path]
CLIP = ClipSpec(num_frames=4, size=32, stride=2)


def frames_of(path: Path, decoder, indices=range(6)):
    """(the frames or (reason, stage), whether torchcodec read them)"""
    try:
        with open_video(path, decoder=decoder) as video:
            last = video.num_frames - 1
            frames = video.frames([min(index, last) for index in indices])
            return (frames, video.height, video.width), not getattr(video, "left_to_pyav", "PyAV")
    except BadVideo as bad:
        return (bad.reason, bad.stage), False


def test_torchcodec_reads_ordinary_files_bit_for_bit_like_pyav(make_video, numbers_in):
    path = make_video(num_frames=40, size=(48, 80))
    with open_video(path, decoder="torchcodec") as video, open_video(path) as reference:
        order = [39, 3, 3, 17, 0]
        frames = video.frames(order)
        assert numbers_in(frames) == order and not video.left_to_pyav
        assert torch.equal(frames, reference.frames(order))
        assert (video.num_frames, video.fps, video.height, video.width) == (40, 25.0, 48, 80)


def test_scaled_frames_are_close_to_those_of_pyav(make_video):
    path = make_video(num_frames=8, size=(120, 160))
    with open_video(path, decoder="torchcodec") as video, open_video(path) as reference:
        ours, theirs = video.frames([0, 5], size=64), reference.frames([0, 5], size=64)
        assert not video.left_to_pyav
    assert ours.shape == theirs.shape == (2, 3, 64, 85)
    assert (ours.int() - theirs.int()).abs().float().mean() < 6.0  # blocks of 40 and 210: every blurred edge counts


def test_a_read_that_nothing_could_stop_is_left_to_pyav_and_the_next_is_not(make_video, monkeypatch):
    path = make_video(num_frames=40, size=(48, 80), options={"g": "40", "sc_threshold": "0"})
    monkeypatch.setattr("videoai.data.decode.torchcodec.MAX_PIXELS_A_READ", 10 * 48 * 80)
    with open_video(path, decoder="torchcodec") as video, open_video(path) as reference:
        assert torch.equal(video.frames([20], size=32), reference.frames([20], size=32))  # 21 frames to decode
        assert not torch.equal(video.frames([4], size=32), reference.frames([4], size=32))  # 5, scaled otherwise
        assert not video.left_to_pyav


@pytest.mark.parametrize(
    ("flags", "is_read"),
    [(("-display_rotation", "90"), True), (("-display_hflip",), False), (("-display_vflip",), False)],
)
def test_turned_files_are_turned_and_mirrored_ones_left_to_pyav(make_video, flags, is_read):
    path = turned(*flags)(make_video)
    (frames, *_), by_torchcodec = frames_of(path, "torchcodec")
    (expected, *_), _ = frames_of(path, "pyav")
    assert torch.equal(frames, expected) and by_torchcodec == is_read


def test_ten_bits_are_left_to_pyav_and_said_once(make_video, caplog):
    path = make_video(pix_fmt="yuv420p10le", num_frames=6)
    with caplog.at_level("DEBUG"), open_video(path, decoder="torchcodec") as video:
        assert torch.equal(video.frames([1]), open_video(path).frames([1]))
        video.frames([2])
    assert [r.message for r in caplog.records if "not by torchcodec" in r.message] == [
        f"{path}: read by PyAV and not by torchcodec: more than 8 bits a colour, which are rounded in several ways"
    ]


def test_a_head_that_could_be_read_as_a_manifest_never_reaches_torchcodec(make_video, caplog):
    path = make_video("clip.avi", codec="mpeg4", num_frames=6)
    with path.open("r+b") as file:
        file.seek(4)
        file.write(b"<MPD")  # where AVI keeps a length that no reader heeds
    with caplog.at_level("DEBUG"), open_video(path, decoder="torchcodec") as video:
        video.frames([0])
    assert "its head could be read as text" in caplog.text


def test_a_name_that_is_a_protocol_or_a_pattern_opens_nothing_else(make_video, numbers_in, tmp_path, monkeypatch):
    make_video("a.mp4", num_frames=6).rename(tmp_path / "concat:%03d.png")
    monkeypatch.chdir(tmp_path)
    with open_video("concat:%03d.png", decoder="torchcodec") as video:
        assert numbers_in(video.frames([4])) == [4] and not video.left_to_pyav


@pytest.mark.parametrize(
    "content", [b"", b"ffconcat version 1.0\nfile a.mp4\n", b"#EXTM3U\n", b"\0\0\0\x18ftypisom" * 9]
)
def test_what_pyav_refuses_is_refused_alike(tmp_path, content):
    (tmp_path / "bad.mp4").write_bytes(content)
    refused = frames_of(tmp_path / "bad.mp4", "torchcodec")
    assert refused == frames_of(tmp_path / "bad.mp4", "pyav") and isinstance(refused[0][0], str)


@pytest.mark.slow
@pytest.mark.skipif(not ODDITIES.is_dir(), reason="the odd files are kept outside the project and not here")
def test_every_odd_file_ends_as_with_pyav():
    num_read = 0
    for path in sorted(p for p in ODDITIES.rglob("*") if p.is_file() and p.suffix not in (".csv", ".md")):
        (ours, by_torchcodec), (theirs, _) = frames_of(path, "torchcodec"), frames_of(path, "pyav")
        num_read += by_torchcodec
        assert ours[1:] == theirs[1:], path
        if isinstance(theirs[0], str):
            assert ours[0] == theirs[0], path
        else:  # two DivX files in AVI differ by up to 2 levels in a few pixels after a seek
            assert (ours[0].int() - theirs[0].int()).abs().float().mean() < 1e-4, path
    assert num_read >= 50


def test_auto_prints_what_it_measured_and_what_it_chose(make_video, tmp_path):
    lines: list[str] = []
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    chosen = choose_decoder("auto", [str(make_video()), str(tmp_path / "bad.mp4")], CLIP, lines.append)
    assert lines[0] == "decoder: measured one clip of 1 videos, in processor time on one thread"
    assert [line.split()[0] for line in lines[1:]] == ["pyav", "torchcodec"]
    (row,) = [line for line in lines if line.endswith("<- chosen")]
    assert row.split()[0] == chosen


@pytest.mark.gpu
def test_frames_decoded_on_a_gpu_stay_there_and_are_close(make_video):
    path = make_video(num_frames=20, size=(240, 320))  # NVDEC refuses small pictures
    with open_video(path, decoder="torchcodec", device="cuda") as video, open_video(path) as reference:
        ours, theirs = video.frames([0, 11]), reference.frames([0, 11])
        assert ours.device.type == "cuda" and not video.left_to_pyav
        assert (ours.cpu().int() - theirs.int()).abs().float().mean() < 3.0
