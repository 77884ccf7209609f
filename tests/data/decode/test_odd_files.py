"""Odd, broken and hostile files, made here: each ends in the frames of the ``ffmpeg`` command line, or in BadVideo."""

import csv
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import av
import numpy as np
import pytest

from videoai.data.decode import open_video
from videoai.data.media import MAX_BYTES, BadVideo

try:
    from imageio_ffmpeg import get_ffmpeg_exe
except ImportError:
    get_ffmpeg_exe = None

ODDITIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "oddities"
NUM_COMPARED = 8  # frames whose pixels are compared; all are counted
# Mean grey levels of 255. Both are FFmpeg, of different versions, whose scalers round differently by the processor.
SAME_PIXELS, SAME_PIXELS_10_BIT = 1.0, 3.0
MakeVideo = Callable[..., Path]


def ffmpeg(*arguments: str | Path) -> bytes:
    """What the command line writes to standard output."""
    if get_ffmpeg_exe is None:
        pytest.skip("comparing with the ffmpeg command needs imageio-ffmpeg, of the extra dev")
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-threads", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120).stdout


def shown_by_ffmpeg(path: Path | str, height: int, width: int) -> np.ndarray:
    """uint8 [T, H, W, C], turned as a player does, as many frames as there are, none made up and none dropped."""
    passed_through = ("-map", "0:v:0", "-fps_mode", "passthrough", "-sws_flags", "bilinear", "-vf", "format=rgb24")
    raw = ffmpeg("-i", f"file:{os.fspath(path)}", *passed_through, "-f", "rawvideo", "-")
    frame_bytes = height * width * 3
    return np.frombuffer(raw[: len(raw) // frame_bytes * frame_bytes], np.uint8).reshape(-1, height, width, 3)


def assert_as_ffmpeg_shows(path: Path | str, *, tolerance: float = SAME_PIXELS) -> int:
    """Compares counts and pixels. Returns the number of frames."""
    with open_video(path) as video:
        count = min(NUM_COMPARED, video.num_frames)
        ours = video.frames(range(count)).permute(0, 2, 3, 1).numpy()
        theirs = shown_by_ffmpeg(path, *ours.shape[1:3])
        last = video.frames([video.num_frames - 1]).permute(0, 2, 3, 1).numpy()  # may find that there are fewer
        assert len(theirs) == video.num_frames
    for mine, other in [*zip(ours, theirs[:count], strict=True), (last[0], theirs[-1])]:
        assert np.abs(mine.astype(int) - other).mean() <= tolerance
    return len(theirs)


# ---- what plays


def turned(*flags: str) -> Callable[[MakeVideo], Path]:
    def make(make_video: MakeVideo) -> Path:
        path = make_video("flat.mp4", 6, size=(48, 80))
        ffmpeg(*flags, "-i", path, "-c", "copy", path.with_name("turned.mp4"))
        return path.with_name("turned.mp4")

    return make


def made(**settings) -> Callable[[MakeVideo], Path]:
    return lambda make_video: make_video(**{"num_frames": 12, **settings})


def renamed(new_name: str, **settings) -> Callable[[MakeVideo], Path]:
    return lambda make_video: (path := made(**settings)(make_video)).rename(path.with_name(new_name))


def with_ffmpeg(name: str, *arguments: str) -> Callable[[MakeVideo], Path]:
    """A file made by the command line from one of ours; {} in the arguments is the folder."""

    def make(make_video: MakeVideo) -> Path:
        path = make_video("base.mp4", 12)
        ffmpeg("-i", path, *(argument.format(path.parent) for argument in arguments), path.with_name(name))
        return path.with_name(name)

    return make


def edited(edit: Callable[[bytearray], None], **settings) -> Callable[[MakeVideo], Path]:
    def make(make_video: MakeVideo) -> Path:
        path = made(**settings)(make_video)
        data = bytearray(path.read_bytes())
        edit(data)
        path.write_bytes(data)
        return path

    return make


def lie_about_frames(data: bytearray) -> None:
    """The main header of an AVI file says a thousand frames."""
    struct.pack_into("<I", data, data.index(b"avih") + 8 + 16, 1000)


def lie_about_size(data: bytearray) -> None:
    """The sample entry of an MP4 file says 60000 x 60000 pixels; the stream itself knows better."""
    struct.pack_into(">2H", data, data.index(b"avc1", data.index(b"stsd")) + 4 + 24, 60000, 60000)


def lie_about_duration(data: bytearray) -> None:
    """The headers of an MP4 file say a million times the duration."""
    struct.pack_into(">I", data, data.index(b"mvhd") + 4 + 16, 2**31 - 1)


def joined(make_video: MakeVideo) -> Path:
    """Two recordings one after the other: the clock starts again in the middle."""
    path = make_video("a.ts", 12, options={"bf": "0"})
    path.write_bytes(path.read_bytes() * 2)
    return path


def backwards(index: int, packet: av.Packet) -> av.Packet:
    """Presentation times that go back and forth, in a container that does not mind."""
    packet.pts = packet.dts = [0, 3, 1, 2][index % 4] + 4 * (index // 4)
    return packet


PLAYS = {
    "turned a quarter right": turned("-display_rotation", "-90"),
    "turned by half": turned("-display_rotation", "180"),
    "turned a quarter left": turned("-display_rotation", "90"),
    "mirrored": turned("-display_hflip"),
    "turned and mirrored": turned("-display_rotation", "90", "-display_hflip"),
    "10 bit": made(pix_fmt="yuv420p10le"),
    "10 bit 4:2:2": made(pix_fmt="yuv422p10le"),
    "odd size": made(name="a.webm", codec="libvpx-vp9", size=(121, 161), options={"deadline": "realtime"}),
    "one frame": made(num_frames=1),
    "one pixel": made(size=(2, 2), pix_fmt="yuv444p", num_frames=2),
    "uneven times": made(name="a.mkv", ticks=[0, 40, 300, 310, 900, 940, 941, 2000, 2040, 2080, 2500, 9000]),
    "full range": made(options={"color_range": "pc"}),
    "an mp4 called jpg": renamed("a.jpg"),
    "an mkv called mp4": renamed("a.mp4", name="a.mkv"),
    "a name that is not UTF-8": renamed(os.fsdecode(b"caf\xe9.mp4")),
    "a name like an option": renamed("-i.mp4"),
    "gif": with_ffmpeg("a.gif", "-vf", "fps=10"),
    "animated in grey": with_ffmpeg("a.mkv", "-pix_fmt", "gray", "-c:v", "ffv1"),
    "pixels that are not square": with_ffmpeg("a.mp4.mkv", "-c", "copy", "-aspect", "2:1"),
    "with sound": with_ffmpeg("s.mp4", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "copy", "-map", "0", "-map", "1"),
    "two video streams": with_ffmpeg("t.mkv", "-map", "0", "-map", "0", "-c", "copy"),
    "interlaced": with_ffmpeg("i.mpg", "-c:v", "mpeg2video", "-flags", "+ildct+ilme"),
    "fragments": made(container_options={"movflags": "frag_keyframe+empty_moov"}),
    "a clock that starts again": joined,
    "an AVI that says 1000 frames": edited(lie_about_frames, name="a.avi", codec="mpeg4"),
    "an MP4 that says 60000 pixels": edited(lie_about_size),
    "an MP4 that says weeks": edited(lie_about_duration),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLAYS)
def test_an_odd_file_shows_the_frames_that_ffmpeg_shows(make_video, kind):
    path = PLAYS[kind](make_video)
    assert assert_as_ffmpeg_shows(path, tolerance=SAME_PIXELS_10_BIT if "10 bit" in kind else SAME_PIXELS) >= 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv", "a.webm"])
def test_a_file_cut_anywhere_shows_frames_of_the_whole_or_is_bad(make_video, name):
    codec = {"a.avi": "mpeg4", "a.webm": "libvpx"}.get(name, "libx264")
    faststart = {"movflags": "faststart"} if name == "a.mp4" else {}
    in_order = {"bf": "0"} if codec == "libx264" else {}  # half a picture then spoils none shown before it
    path = make_video(name, 24, codec=codec, container_options=faststart, options=in_order)
    data = path.read_bytes()
    with open_video(path) as video:
        whole = video.frames(range(24))
    shown = []
    for cut in range(1, 12):
        path.write_bytes(data[: cut * len(data) // 12])
        try:
            with open_video(path) as video:
                # The last frame may be half a picture that the decoder completed.
                frames = video.frames(range(max(1, video.num_frames - 1)))
        except BadVideo as bad:
            # Where the cut goes through the name of the codec, it looks like one that nobody knows.
            assert bad.reason in ("corrupt", "short", "no_video_stream", "unknown_format", "unsupported")
        else:
            shown.append(len(frames))
            if len(frames) > 1:
                assert (frames.float() - whole[: len(frames)].float()).abs().mean() < 1
    assert shown == sorted(shown) and shown[-1] > 12


# ---- what is refused


def write(content: bytes | str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content)


def sound_alone(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        output.mux([*stream.encode(sound), *stream.encode(None)])


def cover_alone(path: Path) -> None:
    """A song with a picture of its sleeve."""
    sound_alone(path)
    picture = path.with_name("cover.png")
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", picture)
    copied = path.with_name("copy.m4a")
    together = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic")
    ffmpeg("-i", path, "-i", picture, *together, copied)
    copied.replace(path)


def huge_picture(path: Path) -> None:
    """8192 x 4096 black pixels in 2 KB: just above the limit of 8K."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 8192, 4096, "yuv420p"
        frame = av.VideoFrame(8192, 4096, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        output.mux([*stream.encode(frame), *stream.encode(None)])


def clock_of_centuries(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for pts in (0, 25 * 10**10):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = pts
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def sparse(path: Path) -> None:
    try:
        path.touch()
        os.truncate(path, MAX_BYTES + 1)
    except OSError:
        pytest.skip("this file system holds no file of 64 GiB, not even an empty one")


def unix_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket must be short
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(path.name)
    os.chdir(here)


REFUSED = {
    "nothing there": (lambda path: None, "missing"),
    "a folder": (lambda path: path.mkdir(), "not_a_file"),
    "a pipe that nobody writes to": (lambda path: os.mkfifo(path), "not_a_file"),
    "a link to an endless device": (lambda path: path.symlink_to("/dev/zero"), "not_a_file"),
    "a socket": (unix_socket, "missing"),
    "a link to itself": (lambda path: path.symlink_to(path), "missing"),
    "zero bytes": (write(b""), "empty"),
    "zeros": (write(bytes(4096)), "unknown_format"),
    "text": (write("no video\n" * 99), "unknown_format"),
    "a web page": (write("<!DOCTYPE html><title>404 Not Found</title>"), "unknown_format"),
    "a pointer of git-lfs": (write("version https://git-lfs.github.com/spec/v1\n"), "unknown_format"),
    "an archive": (write(b"PK\x03\x04" + bytes(999)), "unknown_format"),
    "one byte": (write(b"\x00"), "unknown_format"),
    "a head without a body": (write(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"), "corrupt"),
    "a head of Matroska": (write(b"\x1a\x45\xdf\xa3" + bytes(99)), "corrupt"),
    "a head of AVI": (write(b"RIFF\xff\xff\xff\xffAVI LIST" + bytes(99)), "corrupt"),
    "a head of GIF": (write(b"GIF89a"), "corrupt"),
    "sound alone": (sound_alone, "no_video_stream"),
    "sound with a cover": (cover_alone, "no_video_stream"),
    "a huge picture": (huge_picture, "too_large"),
    "a clock of centuries": (clock_of_centuries, "too_large"),
    "a huge file": (sparse, "too_large"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_video_is_refused_with_its_reason(tmp_path, kind):
    make, reason = REFUSED[kind]
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(BadVideo) as info, open_video(path) as video:
        video.frames([0])
    assert info.value.reason == reason
    assert info.value.path == str(path)


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback: its port, and what its visitors said."""
    visitors: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                visitor, _ = server.accept()
            except OSError:
                return
            with visitor:
                visitors.append(visitor.recv(64))

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], visitors
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


# Texts and names that lead FFmpeg to a server. {} is its port.
LEADS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nhttp://127.0.0.1:{}/a.ts\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile 'http://127.0.0.1:{}/a.mp4'\n",
    "dash": '<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:{}/</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {} RTP/AVP 96\n",
    "quicktime link": '<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?>'
    '<embed src="http://127.0.0.1:{}/a.mov"/>',
}


@pytest.mark.parametrize("kind", LEADS)
def test_a_text_that_leads_to_a_server_reaches_none(tmp_path, kind):
    with listening() as (port, visitors):
        for name in ("clip.mp4", f"clip.{kind}"):
            (tmp_path / name).write_text(LEADS[kind].format(port))
            with pytest.raises(BadVideo, match="unknown_format"):
                open_video(tmp_path / name)
    assert visitors == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/a.mp4", "tcp://127.0.0.1:{}", "concat:http://127.0.0.1:{}/a|b"])
def test_an_address_is_taken_for_the_name_of_a_file(url):
    with listening() as (port, visitors), pytest.raises(BadVideo, match="missing"):
        open_video(url.format(port))
    assert visitors == []


def test_without_the_check_such_a_text_does_reach_the_server(tmp_path):
    # Shows that the tests above can fail, and that the check is needed.
    with listening() as (port, visitors):
        (tmp_path / "clip.mp4").write_text(LEADS["ffconcat"].format(port))
        allowed = {"safe": "0", "protocol_whitelist": "file,http,tcp"}
        with suppress(av.error.FFmpegError, OSError):  # the server hangs up
            av.open(str(tmp_path / "clip.mp4"), format="concat", options=allowed, timeout=5)
    assert visitors[0].startswith(b"GET /a.mp4")


# ---- real odd files


def oddities() -> list[dict[str, str]]:
    if not ODDITIES.is_dir():
        return []
    with open(ODDITIES / "manifest.csv", newline="") as file:
        return list(csv.DictReader(file))


def expected_reasons(row: dict[str, str]) -> tuple[str, ...]:
    """Why a file of the collection may be refused; () = it must play."""
    reasons = {"undecodable": ("corrupt",), "audio_or_text_only": ("no_video_stream",), "zero_frames": ("short",)}
    return next((reasons[tag] for tag in row["tags"].split(";") if tag in reasons), ())


def decode_to_the_end(path: Path) -> None:
    with open_video(path) as video:
        for index in range(video.num_frames):
            video.frames([index], size=16)


@pytest.mark.slow  # 60 s: every file is decoded to its end, twice
@pytest.mark.skipif(not ODDITIES.is_dir(), reason=f"the odd files are not here: {ODDITIES}")
@pytest.mark.parametrize("row", oddities(), ids=lambda row: row["path"])
def test_a_real_odd_file_shows_the_frames_that_ffmpeg_shows_or_is_bad(row):
    path = ODDITIES / row["path"]
    if reasons := expected_reasons(row):
        with pytest.raises(BadVideo) as info:
            decode_to_the_end(path)
        assert info.value.reason in reasons
        return
    assert_as_ffmpeg_shows(path, tolerance=SAME_PIXELS_10_BIT if "10" in row["pix"] else SAME_PIXELS)
