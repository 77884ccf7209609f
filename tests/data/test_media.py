import ctypes
import os
import pickle
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
import pytest

from videoai.data.decode import open_video
from videoai.data.media import CONTAINERS, FORMAT_WHITELIST, BadVideo, sniff

IN_NONBLOCK, IN_OPEN = 0o4000, 0x20  # linux/inotify.h


@contextmanager
def opens_of(path: Path) -> Iterator[list[int]]:
    """Counts how often a file is opened inside the block, by whatever code (Linux)."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "inotify_init1"):
        pytest.skip("counting opens needs inotify")
    watcher = libc.inotify_init1(IN_NONBLOCK)
    assert libc.inotify_add_watch(watcher, os.fsencode(path), IN_OPEN) >= 0
    opens: list[int] = []
    try:
        yield opens
        with os.fdopen(os.dup(watcher), "rb", buffering=0) as events:
            opens.append(len(events.read(4096) or b"") // struct.calcsize("iIII"))
    finally:
        os.close(watcher)


@pytest.mark.parametrize(
    ("name", "codec", "container", "expected"),
    [
        ("a.mp4", "libx264", None, "mov"),
        ("a.mov", "libx264", None, "mov"),
        ("a.3gp", "mpeg4", None, "mov"),
        ("a.mkv", "libx264", None, "matroska"),
        ("a.webm", "libvpx-vp9", None, "matroska"),
        ("a.avi", "mpeg4", None, "avi"),
        ("a.ts", "libx264", None, "mpegts"),
        ("a.mpg", "mpeg2video", None, "mpeg"),
        ("a.vob", "mpeg2video", None, "mpeg"),
        ("a.m2v", "mpeg2video", "mpeg2video", "mpegvideo"),
        ("a.h264", "libx264", "h264", "h264"),
        ("a.hevc", "libx265", "hevc", "hevc"),
        ("a.flv", "flv", None, "flv"),
        ("a.ogv", "libvpx", "ogg", "ogg"),
        ("a.wmv", "wmv2", None, "asf"),
        ("a.ivf", "libvpx-vp9", None, "ivf"),
    ],
)
def test_containers_are_told_by_their_first_bytes_whatever_the_name(make_video, name, codec, container, expected):
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = make_video(name, 3, codec=codec, container=container, options=quiet)
    disguised = path.rename(path.with_name("clip.jpg"))
    assert sniff(disguised) == expected
    with open_video(disguised) as video:
        assert video.frames([0]).shape == (1, 3, 64, 64)


def test_blu_ray_transport_streams_are_known(make_video):
    path = make_video("a.m2ts", 3, container="mpegts", container_options={"mpegts_m2ts_mode": "1"})
    assert sniff(path) == "mpegts"


def test_gif_and_fragments_of_mp4_are_known(tmp_path):
    for head, expected in ((b"GIF89a", "gif"), (b"\x00\x00\x00\x18styp", "mov"), (b"\x00\x00\x00\x08moof", "mov")):
        (tmp_path / "a").write_bytes(head + bytes(2000))
        assert sniff(tmp_path / "a") == expected
    assert {"gif", "mov"} <= set(CONTAINERS)


@pytest.mark.parametrize(
    "head",
    [
        b"a line of text",
        b"G",
        b"GET / HTTP/1.1" + bytes(400),
        b"\x00" * 400,
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\xff\xd8\xff\xe0JFIF",
        b"\x89PNG\r\n\x1a\n",
        b"ID3\x04",
        b"\x00\x00\x01",
        b"PK\x03\x04",
    ],
)
def test_other_files_are_of_unknown_format(tmp_path, head):
    (tmp_path / "clip.mp4").write_bytes(head)
    with pytest.raises(
        BadVideo, match=r"clip.mp4: unknown_format while opening: begins with b.* none of mov, "
    ) as info:
        open_video(tmp_path / "clip.mp4")
    assert info.value.reason == "unknown_format"


PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile base.mp4\n",
    "concat without header": "file 'base.mp4'\n",
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nbase.mp4\n#EXT-X-ENDLIST\n",
    "xml": '<?xml version="1.0"?><MPD><BaseURL>base.mp4</BaseURL></MPD>',
}


@pytest.mark.parametrize("text", PLAYLISTS.values(), ids=PLAYLISTS.keys())
def test_a_playlist_named_mp4_opens_no_other_file(make_video, tmp_path, text):
    base = make_video("base.mp4", 3)
    (tmp_path / "clip.mp4").write_text(text)
    with opens_of(base) as opens, pytest.raises(BadVideo, match="unknown_format"):
        open_video(tmp_path / "clip.mp4")
    assert opens == [0]


def test_without_the_check_a_playlist_does_open_another_file(make_video, tmp_path):
    # Shows that the test above can fail, and that the check is needed.
    base = make_video("base.mp4", 3)
    (tmp_path / "clip.mp4").write_text(PLAYLISTS["ffconcat"])
    with opens_of(base) as opens, av.open(str(tmp_path / "clip.mp4")) as container:
        assert len(list(container.decode(video=0))) == 3
    assert opens[0] > 0


def test_ffmpeg_itself_is_forbidden_playlists(make_video, tmp_path):
    make_video("base.mp4", 3)
    (tmp_path / "clip.mp4").write_text(PLAYLISTS["ffconcat"])
    with pytest.raises(av.error.FFmpegError):
        av.open(str(tmp_path / "clip.mp4"), options={"format_whitelist": FORMAT_WHITELIST})


def test_a_name_that_looks_like_a_protocol_is_a_name(make_video, tmp_path, monkeypatch, numbers_in):
    make_video("base.mp4", 3).rename(tmp_path / "concat:a.mp4|b.mp4")
    monkeypatch.chdir(tmp_path)
    with open_video("concat:a.mp4|b.mp4") as video:
        assert numbers_in(video.frames([2])) == [2]


def test_names_with_odd_bytes_open(make_video, tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xf0\x9f\x8e\xac%d?#.mp4")
    os.rename(make_video("base.mp4", 3), path)
    with open_video(os.fsdecode(path)) as video:
        assert video.num_frames == 3


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.mkdir(), "not_a_file"),
        (lambda path: os.mkfifo(path), "not_a_file"),
        (lambda path: path.symlink_to("/dev/zero"), "not_a_file"),
        (lambda path: path.symlink_to(path), "missing"),
        (lambda path: path.symlink_to("nowhere"), "missing"),
        (lambda path: path.touch(), "empty"),
    ],
    ids=["missing", "folder", "pipe", "device", "link to itself", "dangling link", "empty"],
)
def test_what_is_no_file_with_content_is_refused_at_once(tmp_path, make, reason):
    make(tmp_path / "clip.mp4")
    with pytest.raises(BadVideo, match=f"clip.mp4: {reason} while opening: .") as info:
        open_video(tmp_path / "clip.mp4")
    assert (info.value.reason, info.value.stage) == (reason, "open")


def test_a_null_byte_in_a_path_is_a_missing_file():
    with pytest.raises(BadVideo, match="missing while opening: embedded null byte"):
        sniff("a\0.mp4")


def test_a_link_to_a_video_is_a_video(make_video, tmp_path):
    (tmp_path / "link.mp4").symlink_to(make_video("base.mp4", 3))
    assert sniff(tmp_path / "link.mp4") == "mov"


def test_bad_video_survives_the_way_out_of_a_worker():
    bad = BadVideo("a.mp4", "short", "decode", "12 frames announced, 7 decode")
    copy = pickle.loads(pickle.dumps(bad))
    assert str(copy) == str(bad) == "a.mp4: short while decoding: 12 frames announced, 7 decode"
    assert (copy.path, copy.reason, copy.stage, copy.detail) == (bad.path, bad.reason, bad.stage, bad.detail)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("67", "h264"), ("27", "h264"), ("09", "h264"),  # sequence parameter set of any importance, delimiter
        ("4001", "hevc"), ("4201", "hevc"), ("4601", "hevc"),  # video and sequence parameter sets, delimiter
        ("e7", None), ("65", None), ("4101", None), ("4401", None), ("4009", None),  # others
    ],
)  # fmt: skip
@pytest.mark.parametrize("zeros", [2, 3])
def test_bare_streams_are_known_by_their_first_unit(tmp_path, header, expected, zeros):
    """Annex B of H.264 (7.3.1) and of HEVC (7.3.1.2): a start code of three or four bytes, then the unit's header."""
    (tmp_path / "a").write_bytes(bytes(zeros) + b"\x01" + bytes.fromhex(header) + b"\x01" + bytes(400))
    if expected:
        assert sniff(tmp_path / "a") == expected
    else:
        with pytest.raises(BadVideo, match="unknown_format"):
            sniff(tmp_path / "a")
