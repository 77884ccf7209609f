import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.media import BadVideo
from videoai.inference.annotate import annotate_video, even, widened
from videoai.inference.panel import Caption

GREY = 120
ALWAYS = [Caption(0.0, math.inf, "waving a hand  87%")]
# An eight-bit step for each of two conversions between RGB and YCbCr, and one for x264 at crf 20 on flat pictures.
COLOUR_TOLERANCE = 3


def write_video(
    path: Path, *, size: tuple[int, int] = (96, 160), ticks: Sequence[int] = range(6), time_base: Fraction | None = None
) -> Path:
    """An H.264 video of flat grey; (height, width), one frame per tick."""
    height, width = size
    odd = height % 2 or width % 2
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p" if odd else "yuv420p"
        stream.codec_context.time_base = time_base or Fraction(1, 25)
        for tick in ticks:
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), GREY, np.uint8), format="rgb24")
            frame.pts, frame.time_base = tick, stream.codec_context.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def frames_of(path: Path) -> torch.Tensor:
    with open_video(path) as video:
        return video.frames(range(video.num_frames))


def times_of(path: Path) -> list[float]:
    with open_video(path) as video:
        return video.timestamps.tolist()


@pytest.mark.parametrize(
    ("ticks", "time_base"),
    [
        pytest.param(range(12), Fraction(1, 25), id="25 fps"),
        pytest.param(range(12), Fraction(1001, 30_000), id="NTSC"),
        pytest.param([0, 1, 2, 40, 41, 300, 301, 302], Fraction(1, 1000), id="variable rate"),
        pytest.param([500, 540, 580], Fraction(1, 1000), id="late start"),
    ],
)
def test_every_frame_keeps_its_time(tmp_path, ticks, time_base):
    source = write_video(tmp_path / "source.mp4", ticks=ticks, time_base=time_base)
    annotate_video(source, tmp_path / "copy.mp4", ALWAYS)
    times = times_of(tmp_path / "copy.mp4")
    assert times == pytest.approx([float((tick - ticks[0]) * time_base) for tick in ticks], abs=1e-6)  # one tick


def test_the_last_frame_stays_as_long_as_the_others(tmp_path):
    source = write_video(tmp_path / "source.mp4", ticks=range(12))
    annotate_video(source, tmp_path / "copy.mp4", ALWAYS)
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        stream = copy.streams.video[0]
        assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(12 / 25, abs=1e-6)  # one tick


@pytest.mark.parametrize(
    ("size", "shown_as"),
    [
        pytest.param((200, 320), (200, 320), id="wide enough"),
        pytest.param((120, 160), (240, 320), id="tiny: each pixel twice"),
        pytest.param((160, 90), (640, 360), id="tall: four times"),
        pytest.param((480, 270), (960, 540), id="a phone"),
    ],
)
def test_the_panel_lies_below_the_picture_which_stays_as_it_is(tmp_path, size, shown_as):
    source = write_video(tmp_path / "source.mp4", size=size)
    annotate_video(source, tmp_path / "copy.mp4", ALWAYS)
    after = frames_of(tmp_path / "copy.mp4").int()
    height, width = shown_as
    assert after.shape[-1] == width
    picture, panel = after[:, :, : height - 8], after[:, :, height + 8 :]  # x264's 8 x 8 blocks blur their edge
    assert (picture - GREY).abs().max() <= COLOUR_TOLERANCE
    assert 40 < panel.shape[-2] < 100
    assert panel.float().mean() < GREY / 2  # dark
    assert panel.max() > 200  # white letters


def test_what_is_far_too_narrow_gets_black_at_its_sides():
    drawn = widened(even(torch.full((3, 300, 2), GREY, dtype=torch.uint8)))
    assert drawn.shape == (1200, 320, 3)
    assert (drawn[:, 156:164] == GREY).all()
    assert drawn[:, :156].max() == drawn[:, 164:].max() == 0


def test_colours_survive_the_copy(tmp_path):
    with av.open(str(tmp_path / "source.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        picture = np.full((64, 64, 3), (200, 60, 30), np.uint8)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    annotate_video(tmp_path / "source.mp4", tmp_path / "copy.mp4", [])
    before, after = frames_of(tmp_path / "source.mp4").int(), frames_of(tmp_path / "copy.mp4").int()
    assert (before - after).abs().max() <= COLOUR_TOLERANCE


def test_captions_appear_when_they_should(tmp_path):
    source = write_video(tmp_path / "source.mp4", ticks=range(10))
    annotate_video(source, tmp_path / "copy.mp4", [Caption(0.28, 0.4, "second"), Caption(0.0, 0.16, "first")])
    answers = frames_of(tmp_path / "copy.mp4")[:, :, 200:232]  # above the timeline, whose mark is always there
    assert (answers.amax(dim=(1, 2, 3)) > 200).tolist() == [True] * 4 + [False] * 3 + [True] * 3


@pytest.mark.parametrize("size", [(95, 161), (96, 161), (95, 160)])
def test_odd_sizes_are_padded_to_even_ones(tmp_path, size):
    source = write_video(tmp_path / "source.mp4", size=size)
    annotate_video(source, tmp_path / "copy.mp4", [])
    after = frames_of(tmp_path / "copy.mp4")
    assert tuple(after.shape[-2:]) == (96, 160 + 2 * (size[1] % 2))
    assert (after.int() - GREY).abs().max() <= COLOUR_TOLERANCE  # no black edge


def test_a_turned_video_comes_out_upright(tmp_path):
    source = write_video(tmp_path / "source.mp4", size=(64, 96))
    data = bytearray(source.read_bytes())
    matrix_at = data.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12, 8.3.2: version 0
    struct.pack_into(">9i", data, matrix_at, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # a quarter turn
    source.write_bytes(data)
    annotate_video(source, tmp_path / "copy.mp4", ALWAYS)
    after = frames_of(tmp_path / "copy.mp4")
    assert after.shape[-1] == 320
    assert after[:, :, 400:].float().mean() < GREY / 2  # the panel is below, where down is for the viewer
    assert (after[:, :, :376, 40:280].int() - GREY).abs().max() <= COLOUR_TOLERANCE


def test_audio_is_dropped(tmp_path):
    with av.open(str(tmp_path / "source.mp4"), "w") as output:
        video, audio = output.add_stream("libx264", rate=25), output.add_stream("aac", rate=16_000, layout="mono")
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        output.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        samples.rate = 16_000
        output.mux(audio.encode(samples))
        output.mux(video.encode(None) + audio.encode(None))
    annotate_video(tmp_path / "source.mp4", tmp_path / "copy.mp4", ALWAYS)
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert [(stream.type, stream.codec_context.name) for stream in copy.streams] == [("video", "h264")]


def test_a_header_that_announces_too_many_frames_is_not_an_error(tmp_path):
    with av.open(str(tmp_path / "source.webm"), "w") as output:
        stream = output.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        packets = []
        for tick in range(8):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * tick, np.uint8), format="rgb24")
            frame.pts = tick
            packets += stream.encode(frame)
        for at, packet in enumerate(packets + stream.encode(None)):
            data = bytearray(bytes(packet))
            data[0] &= 0xFF if at < 6 else ~0x10 & 0xFF  # VP8's show_frame bit (RFC 6386, 9.1)
            copy = av.Packet(bytes(data))
            copy.stream, copy.pts, copy.dts = stream, packet.pts, packet.pts
            copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
            output.mux(copy)
    assert len(times_of(tmp_path / "source.webm")) == 8
    annotate_video(tmp_path / "source.webm", tmp_path / "copy.mp4", ALWAYS)
    assert len(frames_of(tmp_path / "copy.mp4")) == 6


def test_an_unreadable_source_leaves_no_file(tmp_path):
    (tmp_path / "source.mp4").write_text("not a video")
    with pytest.raises(BadVideo, match="unknown_format while opening"):
        annotate_video(tmp_path / "source.mp4", tmp_path / "copy.mp4", ALWAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["source.mp4"]


def test_a_source_that_breaks_off_leaves_the_old_target_and_no_partial_file(tmp_path):
    source = write_video(tmp_path / "source.mp4", ticks=range(200))  # x264 writes nothing before its 50th frame or so
    data = bytearray(source.read_bytes())
    end = data.index(b"moov") - 4
    data[end - 500 : end] = bytes(500)
    source.write_bytes(data)
    (tmp_path / "copy.mp4").write_bytes(b"old")
    with pytest.raises(BadVideo, match="corrupt while decoding"):
        annotate_video(source, tmp_path / "copy.mp4", ALWAYS)
    assert (tmp_path / "copy.mp4").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4", "source.mp4"]


def test_a_target_that_cannot_be_is_refused(tmp_path):
    source = write_video(tmp_path / "source.mp4")
    with pytest.raises(ValueError, match=r"written as MP4. Give a name that ends in .mp4"):
        annotate_video(source, tmp_path / "copy.avi", ALWAYS)
    with pytest.raises(ValueError, match="the copy would replace its source"):
        annotate_video(source, source, ALWAYS)
    with pytest.raises(ValueError, match=r"captions\[1\] 'b': 2.0 .. 1.0 s, but it must end after it starts"):
        annotate_video(source, tmp_path / "copy.mp4", [Caption(0.0, 1.0, "a"), Caption(2.0, 1.0, "b")])
    assert [path.name for path in tmp_path.iterdir()] == ["source.mp4"]
