import av
import numpy as np
import pytest
import torch
from av.video.reformatter import VideoReformatter
from PIL import Image

from videoai.data.decode import open_video
from videoai.data.decode.picture import from_yuv420, to_yuv420
from videoai.data.media import BadVideo
from videoai.data.prepare.convert import ToClips, ToVideos
from videoai.data.prepare.jobs import Job, new_source


def convert(form, path, out):
    """What became of one file, and where it is."""
    done = form.make(Job("x", (new_source(str(path), str(path.parent)),)), out)
    return done, out / done.target


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_a_video_keeps_its_frames_and_times(make_video, numbers_in, out):
    ticks = [0, 40, 80, 200, 240, 1000, 1040, 1080, 1120, 1160]  # milliseconds, uneven
    path = make_video(num_frames=10, ticks=ticks)
    _, made = convert(ToVideos(short_side=64), path, out)
    with open_video(path) as before, open_video(made) as after:
        assert numbers_in(after.frames(range(10))) == list(range(10))
        assert np.allclose(after.timestamps, np.array(ticks) / 1000, atol=1e-9)
        assert after.fps == pytest.approx(before.fps, rel=1e-3)
        assert (after.frames(range(10)).float() - before.frames(range(10)).float()).abs().mean() < 4  # grey levels


def test_a_constant_rate_shows_what_a_player_showed(make_video, numbers_in, out):
    path = make_video(num_frames=5, ticks=[0, 40, 80, 400, 440])
    _, made = convert(ToVideos(short_side=64, fps=10), path, out)
    with open_video(made) as video:
        assert np.allclose(np.diff(video.timestamps), 0.1)
        assert numbers_in(video.frames(range(video.num_frames)))[:5] == [0, 2, 2, 2, 3]


def test_packets_are_as_promised(make_video, out):
    path = make_video(num_frames=50, options={"g": "250"})
    _, made = convert(ToVideos(short_side=64, keyint=16), path, out)
    with av.open(str(made)) as container:
        packets = [packet for packet in container.demux() if packet.size]
        assert [stream.type for stream in container.streams] == ["video"]
    keys = sorted(packet.pts for packet in packets if packet.is_keyframe)
    assert len(packets) == 50
    assert np.diff(keys).max() <= 16 * 90000 / 25 * packets[0].time_base / (1 / 90000)
    assert sorted(packet.pts for packet in packets)[0] == 0


def test_most_frames_are_needed_by_no_other(make_video, out):
    _, made = convert(ToVideos(short_side=64), make_video(num_frames=48), out)
    with av.open(str(made)) as container:
        container.streams.video[0].codec_context.skip_frame = "NONREF"
        num_needed = len(list(container.decode(video=0)))
    assert num_needed <= 48 / 4 + 3  # one in four, and the last of each group of 16


@pytest.mark.parametrize(
    ("stored", "short_side", "shown"),
    [((64, 96), 32, (32, 48)), ((64, 96), 128, (64, 96)), ((66, 34), 20, (38, 20)), ((96, 64), 64, (96, 64))],
)
def test_the_short_side_is_scaled_and_never_enlarged(make_video, out, stored, short_side, shown):
    path = make_video(num_frames=3, size=stored)
    for form in (ToVideos(short_side=short_side), ToClips(short_side=short_side)):
        with open_video(convert(form, path, out)[1]) as video:
            assert abs(video.height - shown[0]) <= 1 and abs(video.width - shown[1]) <= 1  # videos have even sides


def test_odd_sizes_and_single_frames_become_videos(make_video, out):
    path = make_video("a.mkv", 1, codec="ffv1", size=(33, 47), pix_fmt="yuv444p")
    done, made = convert(ToVideos(short_side=256), path, out)
    assert done.target == "videos/a.mkv.mp4"
    with open_video(made) as video:
        assert (video.num_frames, video.height, video.width) == (1, 32, 46)


def test_a_cache_holds_what_the_decoder_gives(make_video, out):
    path = make_video(num_frames=70, size=(64, 96), options={"bf": "2"})
    done, made = convert(ToClips(short_side=32), path, out)
    assert done.target == "frames/clip.mp4.safetensors"
    with open_video(path) as before, open_video(made) as after:
        assert torch.equal(after.frames(range(70), size=32), before.frames(range(70), size=32))
        assert np.array_equal(after.timestamps, before.timestamps)
        assert after.fps == before.fps


@pytest.mark.parametrize("form", [ToVideos(short_side=64), ToClips(short_side=64)])
def test_the_bytes_are_the_same_every_time(make_video, tmp_path, form):
    path = make_video(num_frames=40, size=(64, 96))
    one, other = (convert(form, path, tmp_path / name)[1] for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_a_folder_of_images_becomes_a_video_at_its_rate(tmp_path, out):
    (tmp_path / "clip").mkdir()
    for number in range(6):
        Image.new("RGB", (32, 32), (40 * number,) * 3).save(tmp_path / "clip" / f"{number}.png")
    _, made = convert(ToVideos(short_side=32, frame_fps=12.0), tmp_path / "clip", out)
    with open_video(made) as video:
        assert (video.num_frames, round(video.fps, 2)) == (6, 12.0)
        levels = video.frames(range(6)).float().mean((1, 2, 3))
    assert torch.allclose(levels, torch.arange(6) * 40.0, atol=4)


@pytest.mark.parametrize("form", [ToVideos(short_side=64), ToClips(short_side=64)])
def test_what_cannot_be_read_is_copied_and_noted(tmp_path, out, form):
    (tmp_path / "a.mp4").write_text("no video")
    done, made = convert(form, tmp_path / "a.mp4", out)
    assert made.read_text() == "no video"
    assert done.bad[0][:3] == ("a.mp4", "unknown_format", "open")
    assert done.bad[0][4] == "copied as it is"
    done, made = convert(form, tmp_path / "gone.mp4", out)
    assert (made.read_bytes(), done.bad[0][1], done.bad[0][4]) == (b"", "missing", "an empty file takes its place")


def without(make_video, lost, name="clip.mp4"):
    """40 frames are announced, of which those in ``lost`` show nothing new: MPEG-4 pictures with vop_coded = 0."""

    def edit(index, packet):
        if index not in lost:
            return packet
        empty = av.Packet(b"\x00\x00\x01\xb6\x50\x4f")
        empty.stream, empty.time_base, empty.pts, empty.dts = packet.stream, packet.time_base, packet.pts, packet.dts
        return empty

    return make_video(name, 40, codec="mpeg4", edit_packet=edit)


@pytest.mark.parametrize("form", [ToVideos(short_side=64), ToClips(short_side=64)])
@pytest.mark.parametrize("lost", [range(30, 40), (10, 36)], ids=["the end", "some"])
def test_a_video_with_fewer_frames_is_taken_as_far_as_it_goes(make_video, out, form, lost, numbers_in):
    path = without(make_video, lost)
    done, made = convert(form, path, out)
    assert done.bad[0][1] == "short"
    with open_video(path) as video:
        while True:  # until the count is the true one
            try:
                expected = video.frames(range(video.num_frames))
                break
            except BadVideo:
                continue
        times = video.timestamps
    assert done.bad[0][4] == "converted as far as it decodes"
    assert done.bad[0][3] == f"40 frames announced, {len(expected)} decode"
    with open_video(made) as video:
        assert numbers_in(video.frames(range(video.num_frames))) == numbers_in(expected)
        assert np.allclose(video.timestamps, times, atol=1e-4)


def test_a_video_of_which_most_is_lost_is_copied(make_video, out):
    path = without(make_video, range(10, 40))
    done, made = convert(ToVideos(short_side=64), path, out)
    assert (done.bad[0][1], done.bad[0][4]) == ("short", "copied as it is")
    assert made.read_bytes() == path.read_bytes()


def test_damage_in_the_middle_leaves_the_original(make_video, out):
    def break_one(index, packet):
        if index == 20:
            packet.update(bytes(packet)[:12] + bytes(len(bytes(packet)) - 12))
        return packet

    path = make_video(num_frames=40, options={"g": "10", "bf": "0"}, edit_packet=break_one)
    done, made = convert(ToVideos(short_side=64), path, out)
    assert (done.bad[0][1], done.bad[0][2]) == ("corrupt", "decode")
    assert made.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("size", [(64, 96), (66, 98)])  # the second becomes 48 x 71
def test_planes_of_420_take_half_the_bytes_and_show_nearly_the_same(make_video, out, size):
    path = make_video(num_frames=6, size=size)
    bytes_out, frames = [], []
    for pixels in ("rgb", "yuv420"):
        done, made = convert(ToClips(short_side=48, pixels=pixels), path, out / pixels)
        with open_video(made) as video:
            bytes_out.append(done.bytes_out)
            frames.append(video.frames(range(6)).float())
    assert bytes_out[1] / bytes_out[0] == pytest.approx(0.5, rel=0.05)  # one column more, and headers are alike
    assert (frames[1] - frames[0]).abs().mean() < 1  # grey levels


def test_planes_of_420_hold_the_colours_of_bt601(tmp_path):
    colours = {(0, 0, 0): (16, 128, 128), (255, 255, 255): (235, 128, 128), (255, 0, 0): (81, 90, 240)}  # ITU-R BT.601
    for colour, (y, u, v) in colours.items():
        picture = np.full((4, 6, 3), colour, dtype=np.uint8)
        planes = to_yuv420(picture, VideoReformatter())
        assert planes.shape == (6, 6)
        expected = np.repeat([y, u, v], [24, 6, 6])
        assert np.abs(planes.reshape(-1).astype(int) - expected).max() <= 1
        assert np.abs(from_yuv420(planes, VideoReformatter()).astype(int) - picture).max() <= 2
