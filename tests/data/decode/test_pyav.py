import csv
import itertools
import os
import random
import struct
import time
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
import torch

from videoai.data.decode import ffmpeg, frame_stream, open_video, pyav
from videoai.data.decode.ffmpeg import as_bad_video
from videoai.data.media import BadVideo

ODDITIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "oddities"

X265 = {"x265-params": "log-level=none:bframes=3:keyint=12"}
KINDS = {
    "h264 with B-frames": {"options": {"bf": "3", "g": "12"}},
    "h264, only key frames": {"options": {"g": "1"}},
    "h264, one key frame": {"num_frames": 300, "options": {"g": "300", "preset": "ultrafast"}},
    "h264, open groups": {"options": {"bf": "3", "g": "10", "x264-params": "open-gop=1"}},
    "h264, intra refresh": {"name": "a.ts", "options": {"x264-params": "intra-refresh=1:keyint=10:bframes=0"}},
    "h264, fragments": {"container_options": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "10"}},
    "h264 10 bit": {"pix_fmt": "yuv420p10le"},
    "h264 4:4:4": {"pix_fmt": "yuv444p"},
    "h264 mkv": {"name": "a.mkv", "options": {"bf": "2", "g": "10"}},
    "h264 ts": {"name": "a.ts", "options": {"bf": "2", "g": "10"}},
    "h264 flv": {"name": "a.flv", "options": {"g": "10"}},
    "h264 avi with B-frames": {"name": "a.avi", "options": {"bf": "2", "g": "10"}},
    "h264 bare": {"name": "a.h264", "container": "h264", "options": {"bf": "2", "g": "10"}},
    "hevc": {"codec": "libx265", "options": X265},
    "hevc 10 bit": {"codec": "libx265", "options": X265, "pix_fmt": "yuv420p10le"},
    "hevc bare": {"name": "a.hevc", "container": "hevc", "codec": "libx265", "options": X265},
    "mpeg4 avi": {"name": "a.avi", "codec": "mpeg4"},
    "mpeg4 avi with B-frames": {"name": "a.avi", "codec": "mpeg4", "options": {"bf": "2"}},
    "mpeg4 mp4 with B-frames": {"codec": "mpeg4", "options": {"bf": "2"}},
    "vp9 webm": {"name": "a.webm", "codec": "libvpx-vp9", "options": {"g": "10", "deadline": "realtime"}},
    "vp8 webm": {"name": "a.webm", "codec": "libvpx", "options": {"g": "10", "deadline": "realtime"}},
    "av1": {"codec": "libsvtav1", "options": {"preset": "12", "g": "10", "svtav1-params": "lp=1"}, "num_frames": 20},
    "vp9 ivf": {"name": "a.ivf", "codec": "libvpx-vp9", "options": {"g": "10", "deadline": "realtime"}},
    "mpeg2 program stream": {"name": "a.mpg", "codec": "mpeg2video", "options": {"bf": "2"}},
    "mpeg2 bare": {"name": "a.m2v", "container": "mpeg2video", "codec": "mpeg2video"},
    "wmv": {"name": "a.wmv", "codec": "wmv2"},
    "ffv1": {"name": "a.mkv", "codec": "ffv1"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_frame_i_is_frame_i_in_any_order(make_video, numbers_in, kind):
    path = make_video(**KINDS[kind])
    num_frames = KINDS[kind].get("num_frames", 40)
    with open_video(path) as video:
        assert video.num_frames == num_frames
        everything = video.frames(range(num_frames))
        assert numbers_in(everything) == list(range(num_frames))
        order = random.Random(0).sample(range(num_frames), 12)
        one_by_one = torch.cat([video.frames([index]) for index in order])
        assert torch.equal(one_by_one, everything[order])
    with open_video(path) as video:
        assert torch.equal(video.frames(order), everything[order])
    with open_video(path) as video:  # forward jumps across key frames, from a cold start
        assert torch.equal(video.frames(range(5, num_frames, 7)), everything[5::7])


# Not where frames are counted from the start, nor where pictures recover bit by bit without key frames.
SEEKABLE = [kind for kind in KINDS if not any(word in kind for word in ("bare", "avi", "program", "refresh"))]


@pytest.mark.parametrize("kind", SEEKABLE)
def test_no_seek_ends_behind_the_frame_and_starts_the_file_over(make_video, monkeypatch, kind):
    """Where seeks land exactly: test_frame_stream.py."""
    opened = []

    def counted(path, *rest, **settings):
        opened.append(path)
        return ffmpeg.open_stream(path, *rest, **settings)

    monkeypatch.setattr(frame_stream, "open_stream", counted)
    with open_video(make_video(**KINDS[kind])) as video:
        for index in [3, 3, *random.Random(1).sample(range(video.num_frames), 15)]:
            video.frames([index], size=16)
    assert len(opened) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_times_and_rate_are_those_of_the_stream(make_video, kind):
    num_frames = KINDS[kind].get("num_frames", 40)
    with open_video(make_video(**KINDS[kind])) as video:
        # Containers round times: to milliseconds (Matroska, FLV) or less.
        np.testing.assert_allclose(video.timestamps, np.arange(num_frames) / 25, atol=0.0011)
        assert video.timestamps.dtype == np.float64
        assert video.timestamps[0] == 0
        assert video.fps == pytest.approx(25, rel=0.001)
        assert video.duration_seconds == pytest.approx(num_frames / 25, abs=0.002)


def test_pixels_equal_a_plain_sequential_decode(make_video):
    path = make_video(options={"bf": "3", "g": "12"}, size=(70, 90))
    with av.open(str(path)) as container:
        plain = [frame.to_ndarray(format="rgb24", interpolation="BILINEAR") for frame in container.decode(video=0)]
    with open_video(path) as video:
        assert np.array_equal(video.frames(range(40)).permute(0, 2, 3, 1).numpy(), np.stack(plain))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_uneven_frame_times_are_kept(make_video, numbers_in, name):
    ticks = list(itertools.accumulate([40, 40, 200, 10, 500, 40, 40, 1000, 40], initial=0))
    with open_video(make_video(name, len(ticks), ticks=ticks, options={"bf": "2"})) as video:
        np.testing.assert_allclose(video.timestamps, np.array(ticks) / 1000, atol=1e-3)
        assert numbers_in(video.frames([7, 2, 9])) == [7, 2, 9]
        assert video.fps == pytest.approx(9 / 1.91, rel=0.06)


def test_a_stream_that_starts_late_starts_at_zero(make_video):
    with open_video(make_video("a.mkv", 10, ticks=range(700, 1100, 40))) as video:
        np.testing.assert_allclose(video.timestamps, np.arange(10) / 25, atol=1e-6)


def test_a_rounded_clock_does_not_blur_the_rate(make_video):
    with open_video(make_video("a.webm", 5, fps=30, codec="libvpx", options={"deadline": "realtime"})) as video:
        assert video.timestamps.tolist() == pytest.approx([0, 0.033, 0.067, 0.1, 0.133])
        assert video.fps == 30


def test_dropped_frames_of_avi_leave_a_gap_in_time(make_video, numbers_in):
    ticks = [0, 40, 80, 280, 320, 800]
    with open_video(make_video("a.avi", len(ticks), codec="mpeg4", ticks=ticks)) as video:
        np.testing.assert_allclose(video.timestamps, np.array(ticks) / 1000, atol=1e-6)
        assert numbers_in(video.frames([5, 3, 0])) == [5, 3, 0]


def test_a_stream_joined_in_the_middle_starts_at_its_first_key_frame(make_video, numbers_in):
    # This decoder would paint the differences on grey.
    path = make_video("a.ts", codec="mpeg4", options={"g": "10"}, container_options={"pat_period": "0.05"})
    path.write_bytes(path.read_bytes()[packet_position(path, 5) :])
    with open_video(path) as video:
        assert numbers_in(video.frames(range(video.num_frames))) == list(range(10, 40))


def test_indices_may_repeat_and_come_as_a_tensor(make_video, numbers_in):
    with open_video(make_video(num_frames=10)) as video:
        frames = video.frames(torch.tensor([9, 0, 0, 9, 4]))
        assert numbers_in(frames) == [9, 0, 0, 9, 4]
        assert frames.dtype == torch.uint8


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (None, (121, 161)),
        (60, (60, 80)),
        (121, (121, 161)),
        (242, (242, 322)),
        ((50, 33), (50, 33)),
        (1, (1, 1)),
    ],
)
def test_frames_are_scaled_to_the_short_side_or_to_a_given_size(make_video, numbers_in, size, expected):
    with open_video(make_video("a.webm", 3, codec="libvpx-vp9", size=(121, 161))) as video:
        frames = video.frames([2, 1], size=size)
        assert frames.shape == (2, 3, *expected)
        assert (video.height, video.width) == (121, 161)
        if min(expected) > 8:
            assert numbers_in(frames) == [2, 1]


def test_height_and_width_are_known_before_the_first_frame(make_video, numbers_in):
    with open_video(make_video(num_frames=5, size=(48, 64))) as video:
        assert (video.width, video.height) == (64, 48)
        assert numbers_in(video.frames([0])) == [0]


# ---- orientation and colour


def turn(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Writes a display matrix into the track header of an MP4 file (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    struct.pack_into(">9i", data, matrix, a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "matrix",
    [
        (1, 0, 0, 1),
        (0, 1, -1, 0),
        (-1, 0, 0, -1),
        (0, -1, 1, 0),
        (-1, 0, 0, 1),
        (1, 0, 0, -1),
        (0, 1, 1, 0),
        (0, -1, -1, 0),
    ],
    ids=["as is", "quarter right", "half", "quarter left", "mirror", "upside down", "transpose", "anti-transpose"],
)
def test_pictures_are_turned_and_mirrored_as_the_file_says(make_video, matrix):
    height, width = 48, 80
    corners = np.zeros((height, width, 3), np.uint8)
    corners[: height // 2, : width // 2, 0] = 200
    corners[: height // 2, width // 2 :, 1] = 200
    corners[height // 2 :, : width // 2, 2] = 200
    path = turn(
        make_video(num_frames=2, size=(height, width), picture=lambda index: corners, pix_fmt="yuv444p"), *matrix
    )
    a, b, c, d = matrix
    y, x = np.indices((height, width))
    new_x, new_y = a * x + c * y, b * x + d * y  # the definition, pixel by pixel
    expected = np.zeros((np.ptp(new_y) + 1, np.ptp(new_x) + 1, 3), np.uint8)
    expected[new_y - new_y.min(), new_x - new_x.min()] = corners
    with open_video(path) as video:
        shown = video.frames([1])[0].permute(1, 2, 0).numpy()
        assert shown.shape == expected.shape == (video.height, video.width, 3)
        assert np.abs(shown.astype(int) - expected).mean() < 8  # lossy; another corner would differ by 50
        assert video.frames([1], size=24).shape[-2:] == ((24, 40) if a else (40, 24))


def test_a_quarter_turn_agrees_with_ffmpeg_angles(make_video):
    path = turn(make_video(num_frames=1), 0, 1, -1, 0)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        stored = frame.to_ndarray(format="rgb24", interpolation="BILINEAR")
    assert frame.rotation == -90
    with open_video(path) as video:
        shown = video.frames([0])[0].permute(1, 2, 0).numpy()
    assert np.array_equal(shown, np.rot90(stored, frame.rotation // 90))


@pytest.mark.parametrize(
    ("space", "full", "yuv"),
    [("bt709", False, (63, 102, 240)), ("smpte170m", False, (81, 90, 240)), ("bt709", True, (54, 99, 255))],
)
def test_declared_colour_matrix_and_range_are_honoured(make_video, space, full, yuv):
    """Pure red, encoded three ways."""

    def paint(frame: av.VideoFrame) -> None:
        for plane, value in zip(frame.planes, yuv, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.colorspace = {"bt709": 1, "smpte170m": 6}[space]
        frame.color_range = 2 if full else 1

    options = {"colorspace": space, "color_range": "pc" if full else "tv", "qp": "0"}
    with open_video(make_video(num_frames=1, options=options, tags=paint)) as video:
        red = video.frames([0], size=32).float().mean((0, 2, 3))
    torch.testing.assert_close(red, torch.tensor([255.0, 0.0, 0.0]), atol=3, rtol=0)  # 8-bit rounding, twice


# ---- what goes wrong


def packet_position(path: Path, index: int) -> int:
    with av.open(str(path)) as container:
        position = [packet.pos for packet in container.demux(video=0)][index]
    assert position is not None
    return position


@pytest.mark.parametrize(
    ("indices", "given"), [([40], r"40 \.\. 40"), ([-1, 3], r"-1 \.\. 3"), ([0, 99], r"0 \.\. 99"), ([], "no index")]
)
def test_an_index_outside_the_video_is_refused(make_video, indices, given):
    with (
        open_video(make_video()) as video,
        pytest.raises(ValueError, match=rf"{given} requested, but the video has frames 0 \.\. 39"),
    ):
        video.frames(indices)


def test_a_size_of_nothing_is_refused(make_video):
    with (
        open_video(make_video(num_frames=1)) as video,
        pytest.raises(ValueError, match="size is 0; .* must be 1 or more"),
    ):
        video.frames([0], size=0)


def test_a_closed_video_says_so(make_video):
    with open_video(make_video(num_frames=3)) as video:
        pass
    with pytest.raises(ValueError, match="the video is closed; open it again"):
        video.frames([0])
    video.close()


def test_fewer_frames_than_announced_are_counted_and_then_served(make_video, no_picture_from_15_on, numbers_in):
    with open_video(make_video(num_frames=20, codec="mpeg4", edit_packet=no_picture_from_15_on)) as video:
        assert video.num_frames == 20
        assert numbers_in(video.frames([3, 14])) == [3, 14]
        # 15 pictures, and the last one once more when the decoder is emptied.
        with pytest.raises(BadVideo, match="short while decoding: 20 frames announced, 16 decode"):
            video.frames([2, 17])
        assert video.num_frames == len(video.timestamps) == 16
        np.testing.assert_allclose(video.timestamps[:15], np.arange(15) / 25, atol=1e-6)
        assert numbers_in(video.frames([14, 0, 7, 15])) == [14, 0, 7, 14]


def test_pictures_that_are_never_shown_are_not_counted(make_video, numbers_in):
    hidden = {5, 17, 18}
    visible = [number for number in range(30) if number not in hidden]

    def hide(index: int, packet: av.Packet) -> av.Packet:
        data = bytearray(bytes(packet))
        if index in hidden:
            data[0] &= ~0x10  # show_frame (RFC 6386, 9.1)
        packet.update(bytes(data))
        return packet

    path = make_video("a.webm", 30, codec="libvpx", edit_packet=hide, options={"deadline": "realtime"})
    with open_video(path) as video:
        assert video.num_frames == 30
        assert numbers_in(video.frames([0, 4])) == [0, 4]
        assert numbers_in(video.frames([3, 5])) == [3, 6]  # 5 never comes out: the frames that do are counted
        assert video.num_frames == len(visible)
        assert numbers_in(video.frames(range(len(visible)))) == visible
        np.testing.assert_allclose(video.timestamps, np.array(visible) / 25, atol=0.0011)
    with open_video(path) as video, pytest.raises(BadVideo, match="30 frames announced, 27 decode"):
        video.frames([5, 29])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv"])
def test_a_file_cut_short_keeps_the_frames_before_the_cut(make_video, numbers_in, name):
    faststart = {"movflags": "faststart"} if name == "a.mp4" else {}
    path = make_video(name, container_options=faststart, options={"g": "8", "bf": "0"})
    path.write_bytes(path.read_bytes()[: packet_position(path, 30) + 3])
    with open_video(path) as video:
        assert video.num_frames in (30, 31)  # some containers hand out the beginning of picture 30
        assert numbers_in(video.frames(range(30))) == list(range(30))


def test_a_frame_flagged_as_damaged_is_refused(make_video):
    def noise(index: int) -> np.ndarray:  # takes several transport packets per picture
        return np.random.default_rng(index).integers(0, 256, (64, 64, 3), np.uint8)

    path = make_video("a.ts", options={"bf": "0"}, picture=noise)
    path.write_bytes(path.read_bytes()[: packet_position(path, 30) + 376])
    with open_video(path) as video, pytest.raises(BadVideo, match="corrupt while decoding: frame 30 is damaged"):
        video.frames([0, 30])


def test_an_mp4_without_its_table_of_contents_is_corrupt(make_video):
    path = make_video()
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(BadVideo, match=r"corrupt while opening: .*\((EOFError|InvalidDataError)\)"):
        open_video(path)


def test_damage_is_corrupt_and_frames_before_it_stay_usable(make_video, numbers_in):
    path = make_video(options={"bf": "0", "g": "8"})
    where = packet_position(path, 30)
    data = bytearray(path.read_bytes())
    data[where : where + 4] = b"\x7f\xff\xff\xff"  # the length of the picture: beyond the end of the packet
    path.write_bytes(data)
    with open_video(path) as video:
        assert numbers_in(video.frames([0, 20, 29])) == [0, 20, 29]
        with pytest.raises(BadVideo, match="corrupt while decoding: Invalid data"):
            video.frames([29, 30])
        assert numbers_in(video.frames([3])) == [3]
        assert numbers_in(video.frames([35])) == [35]  # behind the next key frame


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        output.mux([*stream.encode(sound), *stream.encode(None)])
    with pytest.raises(BadVideo, match="no_video_stream while opening: the file holds audio"):
        open_video(path)


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.gif"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "gray"
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16), np.uint8), format="gray")
        output.mux([*stream.encode(picture), *stream.encode(None)])
    data = bytearray(path.read_bytes())
    struct.pack_into("<2H", data, 6, 60000, 60000)  # the screen size of GIF: 14 GB once decoded
    path.write_bytes(data)
    start = time.perf_counter()
    with pytest.raises(BadVideo, match="bomb.gif: ") as info:
        open_video(path).frames([0])
    assert info.value.reason in ("too_large", "corrupt")  # FFmpeg may only say "invalid argument"
    assert time.perf_counter() - start < 2


def test_pixels_above_the_limit_are_too_large(make_video, monkeypatch):
    path = make_video(num_frames=1)
    monkeypatch.setattr(ffmpeg, "MAX_PIXELS", 64 * 64 - 1)
    with pytest.raises(BadVideo, match="too_large while opening: 64 x 64, above 4095 pixels"):
        open_video(path)


def test_scaling_a_thin_strip_cannot_fill_the_memory(make_video):
    path = make_video("a.mkv", 1, codec="ffv1", size=(2, 4000))
    message = "too_large while decoding: 512000 x 256 after scaling"
    with open_video(path) as video, pytest.raises(BadVideo, match=message):
        video.frames([0], size=256)


def test_more_frames_than_the_limit_are_too_large(make_video, monkeypatch):
    path = make_video(num_frames=10)
    monkeypatch.setattr(ffmpeg, "MAX_FRAMES", 9)
    with pytest.raises(BadVideo, match="too_large while indexing: more than 9 frames"):
        open_video(path)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (av.error.InvalidDataError(1, "bad"), "corrupt"),
        (av.error.DecoderNotFoundError(1, "none"), "unsupported"),
        (av.error.PatchWelcomeError(1, "not yet"), "unsupported"),
        (FileNotFoundError("gone"), "missing"),
        (PermissionError("no"), "corrupt"),
        (BlockingIOError("later"), "corrupt"),
        (MemoryError(), "too_large"),
        (AttributeError("x"), "corrupt"),
        (IndexError("x"), "corrupt"),
        (EOFError("x"), "corrupt"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), "corrupt"),
    ],
)
def test_every_failure_of_pyav_becomes_bad_video(error, reason):
    with pytest.raises(BadVideo, match=type(error).__name__) as info, as_bad_video("a.mp4", "index"):
        raise error
    assert (info.value.reason, info.value.stage, info.value.__cause__) == (reason, "index", error)


def test_our_own_mistakes_do_not_pass_for_bad_videos():
    with pytest.raises(TypeError, match="ours"), as_bad_video("a.mp4", "index"):
        raise TypeError("ours")


@pytest.mark.parametrize(
    "kind", ["h264 with B-frames", "h264 avi with B-frames", "vp9 webm", "h264 ts", "h264 fragments", "hevc"]
)
def test_damaged_bytes_never_raise_anything_but_bad_video(make_video, kind):
    options = dict(KINDS.get(kind) or KINDS["h264, fragments"])
    path = make_video(**{**options, "num_frames": 15})
    data = path.read_bytes()
    rng = random.Random(kind)
    bad = 0
    for _ in range(40):
        mutant = bytearray(data)
        for _ in range(rng.choice([1, 8, 64])):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        if rng.random() < 0.3:
            del mutant[rng.randrange(len(mutant)) :]
        path.write_bytes(mutant)
        start = time.perf_counter()
        try:
            with open_video(path) as video:
                video.frames([0, video.num_frames // 2, video.num_frames - 1], size=32)
        except BadVideo:
            bad += 1
        assert time.perf_counter() - start < 10
    assert bad > 0


def test_hundreds_of_opens_leave_no_file_open_and_no_thread_behind(make_video):
    good, bad = make_video(num_frames=5), make_video("bad.mp4", 5)
    bad.write_bytes(bad.read_bytes()[:-300])

    def use() -> None:
        with open_video(good) as video:
            video.frames([4, 0], size=32)
        with pytest.raises(BadVideo):
            open_video(bad)

    def held() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("counting open files needs /proc")
    use()
    before = held()
    for _ in range(300):
        use()
    assert held() == before
    with open_video(good) as video:
        video.frames(range(5), size=32)
        assert held() == (before[0] + 1, before[1])  # neither the decoder nor the scaler starts threads


@pytest.fixture
def num_decoded(monkeypatch):
    """The cost promise, counted in decoded frames rather than in seconds."""
    counts = [0]
    decode = frame_stream.FrameStream._decode

    def counted(stream, packets):
        for frame in decode(stream, packets):
            counts[0] += 1
            yield frame

    monkeypatch.setattr(frame_stream.FrameStream, "_decode", counted)
    return counts


def test_reading_a_few_frames_decodes_no_more_than_needed(make_video, num_decoded):
    with open_video(make_video(num_frames=200, options={"g": "50", "bf": "0", "preset": "ultrafast"})) as video:
        assert num_decoded == [0]
        video.frames([199, 0, 101, 100])
    assert num_decoded == [1 + 2 + 50]  # from the key frames 0, 100 and 150


def test_pictures_that_none_refers_to_are_skipped_unless_they_are_wanted(make_video, num_decoded):
    path = make_video(num_frames=49, options={"g": "100", "bf": "1", "x264-params": "b-adapt=0:scenecut=0"})
    with open_video(path) as video:
        video.frames(range(0, 41, 8))
        assert num_decoded == [21]  # 0, 2, 4 ... 40
        num_decoded[0] = 0
    with open_video(path) as video:
        video.frames([1, 3, 40])
        assert num_decoded == [21 + 2]


def test_a_reader_that_goes_on_decodes_every_frame_once(make_video, num_decoded):
    with open_video(make_video(num_frames=200, options={"g": "200", "bf": "2", "preset": "ultrafast"})) as video:
        for first in range(0, 200, 20):
            video.frames(range(first, first + 20))
    assert num_decoded[0] <= 200 + 20 + 4  # the second read starts over: only then is it seen that the reader goes on


# ---- real odd files


def oddities() -> list[dict[str, str]]:
    if not ODDITIES.is_dir():
        return []
    with open(ODDITIES / "manifest.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not ODDITIES.is_dir(), reason=f"the odd files are not here: {ODDITIES}")
@pytest.mark.parametrize("row", oddities(), ids=lambda row: row["path"])
def test_an_odd_file_ends_in_frames_or_in_bad_video(row):
    start = time.perf_counter()
    try:
        num_frames = read_some(ODDITIES / row["path"])
    except BadVideo as bad:
        num_frames, reason = 0, bad.reason
    else:
        reason = "none"
    if row["frames"] in ("", "0"):  # not decodable to the end; damage may lie behind the frames read here
        assert num_frames or reason in ("corrupt", "short", "no_video_stream")
    else:
        assert num_frames == int(row["frames"])
    assert time.perf_counter() - start < 10


def read_some(path: Path) -> int:
    with open_video(path) as video:
        first = range(min(video.num_frames, 16))
        frames = video.frames(first, size=32)
        some = random.Random(0).sample(first, min(3, len(first)))
        assert torch.equal(video.frames(some, size=32), frames[some])
        assert min(frames.shape[-2:]) == 32
        assert 0 < video.fps < 1000
        assert (np.diff(video.timestamps) > 0).all()
        return video.num_frames


def test_bytes_decode_to_the_frames_of_the_file_they_come_from(make_video, tmp_path):
    path = make_video(options={"bf": "2", "g": "12"})
    source = path.read_bytes()
    with open_video(path) as video:
        expected, timestamps = video.frames(range(40), size=32), video.timestamps
    with pyav.PyAVVideo("nowhere/clip.mp4", source) as video:
        assert np.array_equal(video.timestamps, timestamps)
        assert torch.equal(video.frames(range(40), size=32), expected)
        assert torch.equal(video.frames([3, 39, 0], size=32), expected[[3, 39, 0]])  # backwards: a seek in the bytes


@pytest.mark.parametrize(
    ("source", "reason"),
    [(b"", "empty"), (b"ffconcat version 1.0\nfile base.mp4\n", "unknown_format"), (b"\0\0\0\x18ftypisom", "corrupt")],
)
def test_bytes_pass_the_same_check_as_files(make_video, monkeypatch, source, reason):
    monkeypatch.chdir(make_video("base.mp4", 3).parent)  # the playlist names a file that is there
    with pytest.raises(BadVideo, match=f"a.tar#clip.mp4: {reason}") as bad:
        pyav.PyAVVideo("a.tar#clip.mp4", source)
    assert bad.value.reason == reason


def test_a_read_that_takes_too_long_is_given_up(make_video, monkeypatch):
    with open_video(make_video(num_frames=40)) as video:
        monkeypatch.setattr(frame_stream, "MAX_READ_SECONDS", -1.0)
        with pytest.raises(BadVideo, match="timeout while decoding: more than -1 s of processor time"):
            video.frames([39])
        monkeypatch.undo()
        assert len(video.frames([39])) == 1
