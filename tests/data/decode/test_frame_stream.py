"""Where seeks land, and which pictures are left out, in real files of many containers."""

import random
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from videoai.data.decode import frame_stream, index, open_video
from videoai.data.decode.frame_stream import FrameStream
from videoai.data.decode.index import KeyFrame
from videoai.data.decode.pyav import PyAVVideo
from videoai.data.media import sniff

NUM_FRAMES, GROUP = 48, 12
TRAIL_N, TRAIL_R = 0, 1  # types of NAL units, ITU-T H.265, table 7-1
FEW = 5  # frames out of the decoder for one key frame: those it sorts, or that an open group shows before it

CLOSED = {"bf": "3", "g": str(GROUP), "x264-params": "scenecut=0"}
OPEN = {"bf": "3", "g": str(GROUP), "x264-params": "scenecut=0:open-gop=1"}
SHORT = {"bf": "1", "g": "2", "x264-params": "scenecut=0:b-adapt=0"}
GROUPS = {"closed": CLOSED, "open": OPEN, "without B-frames": CLOSED | {"bf": "0"}, "two frames": SHORT}
CONTAINERS = {
    "mp4": {},
    "mp4 without edit list": {"container_options": {"use_editlist": "0"}},
    "mp4, negative offsets": {"container_options": {"movflags": "negative_cts_offsets"}},
    "mp4, fragments": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "mp4, fragments, negative offsets": {
        "container_options": {"movflags": "frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets"}
    },
    "mov": {"name": "a.mov"},
    "mkv": {"name": "a.mkv"},
    "mkv without cues": {"name": "a.mkv", "container_options": {"live": "1"}},
    "ts": {"name": "a.ts"},
    "flv": {"name": "a.flv"},
}
UNEVEN = [40 * number + 300 * (number // 7) for number in range(NUM_FRAMES)]


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def three_alike(number: int) -> np.ndarray:
    """Frames 2, 3 and 4 show the same, so do 6, 7 and 8, and so on."""
    return noise((number + 3) // 4 * 2 + (number % 4 != 1))


X265 = "log-level=none:bframes=3:b-adapt=0"
VPX = {"g": str(GROUP), "deadline": "realtime"}
OTHERS = {
    "hevc mp4, open": {"codec": "libx265", "options": {"x265-params": f"{X265}:keyint={GROUP}:min-keyint={GROUP}"}},
    "hevc ts, closed": {
        "name": "a.ts",
        "codec": "libx265",
        "options": {"x265-params": f"{X265}:keyint={GROUP}:open-gop=0"},
    },
    "mpeg2 ts": {"name": "a.ts", "codec": "mpeg2video", "options": {"bf": "2", "g": str(GROUP)}},
    "mpeg2 mkv": {"name": "a.mkv", "codec": "mpeg2video", "options": {"bf": "2", "g": str(GROUP)}},
    # Pictures large enough that each begins a packet of its own: others have no pts in this container.
    "mpeg2 mpg": {"name": "a.mpg", "codec": "mpeg2video", "options": {"g": str(GROUP), "b": "5M"}, "picture": noise},
    "mpeg4 mp4": {"codec": "mpeg4", "options": {"bf": "2", "g": str(GROUP)}},
    "mpeg4 avi": {"name": "a.avi", "codec": "mpeg4", "options": {"g": str(GROUP)}},
    "vp9 webm": {"name": "a.webm", "codec": "libvpx-vp9", "options": VPX},
    "vp8 ogg": {"name": "a.ogg", "codec": "libvpx", "options": VPX},
    "vp9 ivf": {"name": "a.ivf", "codec": "libvpx-vp9", "options": VPX},
    "uneven times, mp4": {"options": CLOSED, "ticks": UNEVEN},
    "uneven times, ts": {"name": "a.ts", "options": CLOSED, "ticks": UNEVEN},
    "starts late, mp4": {"options": CLOSED, "ticks": range(700, 700 + 40 * NUM_FRAMES, 40)},
    "starts early, mp4": {"options": CLOSED, "ticks": range(-200, -200 + 40 * NUM_FRAMES, 40)},
    "starts early, mkv": {"name": "a.mkv", "options": CLOSED, "ticks": range(-200, -200 + 40 * NUM_FRAMES, 40)},
}
KINDS = OTHERS | {
    f"{container}, {groups}": settings | {"options": options}
    for container, settings in CONTAINERS.items()
    for groups, options in GROUPS.items()
    if groups in ("closed", "open") or container in ("mp4", "mkv", "ts")
}


@pytest.fixture
def num_decoded(monkeypatch) -> list[int]:
    """Frames that left the decoder."""
    counts = [0]
    decode = FrameStream._decode

    def counted(stream, packets):
        for frame in decode(stream, packets):
            counts[0] += 1
            yield frame

    monkeypatch.setattr(FrameStream, "_decode", counted)
    return counts


@pytest.fixture
def saves_each_index(monkeypatch, tmp_path: Path) -> None:
    """So that a second opening does not read the whole file, and the demuxer knows only its header.

    Nor are packets kept, so that the first opening seeks in the file as well.
    """
    monkeypatch.setattr(frame_stream, "KEPT_BYTES", 0)
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "SAVED_FROM_PACKETS", 1)


def key_frames_of(video: PyAVVideo) -> list[int]:
    """The first frames that decode from them, shuffled."""
    assert video._index is not None
    firsts = video._index.firsts.tolist()
    return random.Random(0).sample(firsts, len(firsts))


def assert_seeks_land(path: Path, num_decoded: list[int], few: int = FEW) -> None:
    with open_video(path) as video:
        everything = video.frames(range(video.num_frames))
        keys = key_frames_of(video)
        assert len(keys) >= len(everything) // GROUP
        for key in keys:
            num_decoded[0] = 0
            assert torch.equal(video.frames([key])[0], everything[key])
            assert num_decoded[0] <= few
    for key in keys:
        num_decoded[0] = 0
        with open_video(path) as video:
            assert torch.equal(video.frames([key])[0], everything[key])
        assert num_decoded[0] <= few


@pytest.mark.usefixtures("saves_each_index")
@pytest.mark.parametrize("kind", KINDS)
def test_a_seek_to_any_key_frame_lands_on_it(make_video, num_decoded, kind):
    assert_seeks_land(make_video(**{"num_frames": NUM_FRAMES, **KINDS[kind]}), num_decoded)


KEPT = ("mp4, open", "mkv, open", "ts, open", "mp4, fragments, closed", "hevc mp4, open", "mpeg4 avi", "vp9 webm")


@pytest.mark.parametrize("kind", KEPT)
def test_a_short_file_is_read_once_and_never_sought(make_video, num_decoded, monkeypatch, kind):
    path = make_video(**{"num_frames": NUM_FRAMES, **KINDS[kind]})
    with monkeypatch.context() as patch, open_video(path) as video:
        patch.setattr(FrameStream, "_search", None)  # must not be called
        everything = video.frames(range(NUM_FRAMES))
        for key in key_frames_of(video):
            num_decoded[0] = 0
            assert torch.equal(video.frames([key])[0], everything[key])
            assert num_decoded[0] <= FEW
    monkeypatch.setattr(frame_stream, "KEPT_BYTES", 0)
    with open_video(path) as video:
        assert torch.equal(video.frames(range(NUM_FRAMES)), everything)


def test_a_file_larger_than_what_is_kept_is_kept_not_even_in_part(make_video, monkeypatch):
    path = make_video(num_frames=NUM_FRAMES, options=CLOSED)
    monkeypatch.setattr(frame_stream, "KEPT_BYTES", path.stat().st_size // 2)
    with open_video(path) as video:
        assert not video._stream._kept and not video._stream._kept_keys


def test_packets_before_damage_in_the_file_are_decoded(make_video):
    def damaged():
        yield from range(2)
        raise av.error.InvalidDataError(0, "")

    stream = FrameStream(str(path := make_video(options=CLOSED)), sniff(str(path)))
    stream._latest, seen = float("inf"), []
    with pytest.raises(av.error.InvalidDataError):
        seen.extend(stream._read_ahead(damaged()))
    assert seen == [0, 1]
    stream.close()


def test_two_pictures_before_a_key_frame_are_left_out(make_video, num_decoded):
    with open_video(make_video(num_frames=NUM_FRAMES, options=GROUPS["without B-frames"])) as video:
        video.frames([GROUP - 3, GROUP])
    assert num_decoded[0] == GROUP - 1


@pytest.mark.usefixtures("saves_each_index")
@pytest.mark.parametrize("name", ["cut.mp4", "cut.mov", "cut.mkv"])
@pytest.mark.parametrize("groups", GROUPS)
def test_seeks_land_in_a_file_that_was_cut_within_a_group(make_video, num_decoded, name, groups):
    """An edit list hides the frames before the cut; there the search is off by a constant."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="cutting needs the ffmpeg command, of the extra dev")
    path = make_video(num_frames=NUM_FRAMES + GROUP, options=GROUPS[groups])
    cut = path.with_name(name)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", "0.35", "-i", path, "-c", "copy", cut]
    subprocess.run(command, check=True, timeout=60)
    assert_seeks_land(cut, num_decoded)


def test_a_file_that_no_search_finds_is_read_from_the_key_frame_before(make_video, numbers_in):
    with open_video(make_video(options=CLOSED)) as video:
        video.frames([0])
        assert video._index is not None
        key = video._index.key_of(GROUP)
        claimed = key._replace(pts=key.pts + 1, dts=key.pts + 1)  # there is no key frame then
        video._stream.seek(claimed)
        assert next(video._stream.frames()).pts == key.pts
        assert not video._stream.is_fresh


def test_where_all_searches_end_behind_the_key_frame_the_file_is_read_from_its_start(make_video):
    path = make_video("a.ts", options=CLOSED)
    stream = FrameStream(str(path), sniff(str(path)))
    first = stream.list_packets()[0]
    assert first.pts is not None
    stream.seek(KeyFrame(0, pts=first.pts - 90_000, dts=first.pts - 90_000, end=first.pts - 80_000))
    assert stream.is_fresh
    assert next(stream.frames()).pts == first.pts
    stream.close()


def test_an_index_that_lies_costs_time_and_no_frame(make_video, num_decoded):
    """The twin of landing on each key frame: here the search lands a group too late, and it shows."""
    path = make_video(num_frames=NUM_FRAMES, options=CLOSED)
    with open_video(path) as video:
        everything = video.frames(range(NUM_FRAMES))
        true = video._index
        assert true is not None
        lying = true._replace(key_pts=np.roll(true.key_pts, -1), key_dts=np.roll(true.key_dts, -1))
        num_decoded[0] = 0
        video._index = lying
        assert torch.equal(video.frames([GROUP])[0], everything[GROUP])
    assert num_decoded[0] > GROUP > FEW  # from the start of the file


def test_pictures_of_a_lower_temporal_layer_are_kept_for_the_higher_one(make_video, num_decoded, monkeypatch):
    """ITU-T H.265, 3.159: a picture that its own layer does not refer to may serve a higher layer."""

    def unmark(number: int, packet: av.Packet) -> av.Packet:
        if number % 4 == 3:  # the middle one of three B-frames: lower layer, and only the higher one refers to it
            data = bytearray(bytes(packet))
            assert data[:6] == bytes((0, 0, 0, 1, TRAIL_R << 1, 1))
            data[4] = TRAIL_N << 1
            packet.update(bytes(data))
        return packet

    settings = {"x265-params": f"{X265}:temporal-layers=2"}
    path = make_video(num_frames=17, codec="libx265", options=settings, edit_packet=unmark, picture=three_alike)
    wanted = range(2, 17, 4)
    with open_video(path) as video:
        everything = video.frames(range(17))
    num_decoded[0] = 0
    with open_video(path) as video:
        assert torch.equal(video.frames(wanted), everything[wanted])
    assert num_decoded[0] <= 17
    monkeypatch.setattr(frame_stream, "_marks_unreferenced", lambda codec: True)
    with open_video(path) as video:
        num_decoded[0] = 0
        video.frames(wanted)
    assert num_decoded[0] > 17  # a frame that lacks what it refers to does not come out, and all starts over
