"""Real video files whose every frame says which one it is."""

import threading
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from av.codec import Codec
from av.codec.codec import UnknownCodecError

GRID = 4  # 4 x 4 black or white blocks: 16 bits that survive any codec


def numbered_picture(number: int, height: int, width: int) -> np.ndarray:
    """uint8 [H, W, C] that shows `number` in binary."""
    bits = np.array([(number >> bit) & 1 for bit in range(GRID * GRID)]).reshape(GRID, GRID)
    rows = np.arange(height) * GRID // height
    columns = np.arange(width) * GRID // width
    grey = (40 + 170 * bits[rows][:, columns]).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.fixture
def numbers_in() -> Callable[[torch.Tensor], list[int]]:
    """Reads the numbers back from uint8 [T, C, H, W]."""

    def read(video: torch.Tensor) -> list[int]:
        blocks = torch.nn.functional.adaptive_avg_pool2d(video.float().mean(1, keepdim=True), GRID).flatten(1)
        return [int(sum(1 << bit for bit in range(GRID * GRID) if picture[bit] > 125)) for picture in blocks]

    return read


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Encodes pictures, by default numbered ones, and returns the path. Skips where FFmpeg lacks the encoder."""

    def make(
        name: str = "clip.mp4",
        num_frames: int = 40,
        *,
        codec: str = "libx264",
        size: tuple[int, int] = (64, 64),
        pix_fmt: str = "yuv420p",
        fps: int = 25,
        ticks: Sequence[int] | None = None,
        picture: Callable[[int], np.ndarray] | None = None,
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        container: str | None = None,
        edit_packet: Callable[[int, Any], Any] = lambda index, packet: packet,
        tags: Callable[[Any], None] = lambda frame: None,
    ) -> Path:
        """`ticks` are presentation times in milliseconds; None = one frame every 1/fps seconds."""
        try:
            Codec(codec, "w")
        except UnknownCodecError:
            pytest.skip(f"this FFmpeg has no encoder {codec}")
        height, width = size
        path = tmp_path / name
        with av.open(str(path), "w", format=container, container_options=container_options or {}) as output:
            stream: Any = output.add_stream(codec, rate=fps, options=options or {})
            stream.width, stream.height, stream.pix_fmt, stream.thread_count = width, height, pix_fmt, 1
            if ticks is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            packets = []
            for index in range(num_frames):
                array = numbered_picture(index, height, width) if picture is None else picture(index)
                frame = av.VideoFrame.from_ndarray(array, format="rgb24").reformat(format=pix_fmt)
                frame.pts = index if ticks is None else ticks[index]
                frame.time_base = Fraction(1, fps) if ticks is None else Fraction(1, 1000)
                tags(frame)
                packets += stream.encode(frame)
            packets += stream.encode(None)
            for index, packet in enumerate(packets):
                output.mux(edit_packet(index, packet))
        return path

    return make


@pytest.fixture
def make_sounding_video(tmp_path: Path) -> Callable[..., Path]:
    """Encodes pictures of one grey each with sound, and returns the path. Skips where FFmpeg lacks an encoder."""

    def make(
        name: str = "beep.mp4",
        *,
        greys: Sequence[int],
        sound: np.ndarray | None,
        fps: int = 25,
        rate: int = 44_100,
        start_seconds: float = 0.0,
        picture_seconds: float = 0.0,
        codec: str = "libx264",
        sound_codec: str = "aac",
        hole: tuple[float, float] | None = None,
        damage: Callable[[bytes], bytes] = lambda data: data,
    ) -> Path:
        """`sound`: float [n] at `rate`, its first sample at `start_seconds`; the first picture at `picture_seconds`.
        Packets of sound whose time lies in `hole` are left out; `damage` changes the bytes of the others."""
        for one in (codec, sound_codec):
            try:
                Codec(one, "w")
            except UnknownCodecError:
                pytest.skip(f"this FFmpeg has no encoder {one}")
        path = tmp_path / name
        with av.open(str(path), "w") as output:
            stream: Any = output.add_stream(codec, rate=fps, options={"bf": "0"} if codec == "libx264" else {})
            stream.width, stream.height, stream.pix_fmt, stream.thread_count = 64, 64, "yuv420p", 1
            packets: list[Any] = []
            for index, grey in enumerate(greys):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), grey, np.uint8), format="rgb24")
                frame.pts, frame.time_base = index + round(picture_seconds * fps), Fraction(1, fps)
                packets += stream.encode(frame.reformat(format="yuv420p"))
            packets += stream.encode(None)
            if sound is not None:
                track: Any = output.add_stream(sound_codec, rate=rate, layout="mono")
                whole = av.AudioFrame.from_ndarray(sound.astype(np.float32)[None], format="fltp", layout="mono")
                whole.sample_rate, whole.pts, whole.time_base = rate, round(start_seconds * rate), Fraction(1, rate)
                encoded = [*track.encode(whole), *track.encode(None)]
                for packet in encoded:
                    seconds = float(packet.pts * packet.time_base)
                    if hole and hole[0] <= seconds < hole[1]:
                        continue
                    changed = av.Packet(damage(bytes(packet)))
                    changed.stream, changed.time_base = packet.stream, packet.time_base
                    changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
                    packets.append(changed)
            for packet in sorted(packets, key=lambda one: float(one.dts * one.time_base)):
                output.mux(packet)
        return path

    return make


class RangeHandler(BaseHTTPRequestHandler):
    """Files of a folder, with byte ranges unless told otherwise; the first ``num_failures`` requests end in error."""

    def __init__(self, *arguments, folder: Path, **named) -> None:
        self.folder = folder
        super().__init__(*arguments, **named)

    def do_GET(self) -> None:
        server: RangeServer = self.server  # type: ignore[assignment]
        path = self.folder / self.path.lstrip("/")
        server.requests.append((self.path, self.headers.get("Range")))
        if len(server.requests) <= server.num_failures:
            self.send_error(503)
        elif not path.is_file():
            self.send_error(404)
        else:
            data, span = path.read_bytes(), self.headers.get("Range")
            if span and server.serves_ranges:
                first, _, last = span.removeprefix("bytes=").partition("-")
                data = data[int(first) : int(last) + 1 if last else None]
            self.send_response(206 if span and server.serves_ranges else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *arguments) -> None:
        """Quiet."""


class RangeServer(ThreadingHTTPServer):
    """On the loopback device only."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.serves_ranges, self.num_failures = True, 0
        super().__init__(("127.0.0.1", 0), partial(RangeHandler, folder=folder))
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """A client may hang up early."""


@pytest.fixture
def range_server(tmp_path: Path) -> Iterator[RangeServer]:
    """Serves tmp_path over http."""
    pytest.importorskip("aiohttp", reason="reading from http needs aiohttp: pip install 'videoai[remote]'")
    with RangeServer(tmp_path) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def no_picture_from_15_on() -> Callable[[int, av.Packet], av.Packet]:
    """``edit_packet`` of ``make_video``: MPEG-4 whose later packets announce a picture and hold none."""

    def edit(index: int, packet: av.Packet) -> av.Packet:
        if index < 15:
            return packet
        not_coded = av.Packet(b"\x00\x00\x01\xb6\x50\x4f")  # vop_coded = 0: nothing new to show
        not_coded.stream, not_coded.time_base = packet.stream, packet.time_base
        not_coded.pts, not_coded.dts = packet.pts, packet.dts
        return not_coded

    return edit
