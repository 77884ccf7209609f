"""What is asked of FFmpeg: open one stream with limits, list its packets, decode it, and name what went wrong."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import av
import av.error
from av.container import Flags, InputContainer
from av.packet import Packet as AVPacket
from av.stream import Disposition
from av.video.stream import VideoStream

from videoai.data.media import FORMAT_WHITELIST, MAX_FRAMES, MAX_PIXELS, PROTOCOL_WHITELIST, BadVideo, Reason, Stage

OPTIONS = {
    "protocol_whitelist": PROTOCOL_WHITELIST,
    "format_whitelist": FORMAT_WHITELIST,
    "max_pixels": str(MAX_PIXELS),
}
# Without decoding a picture on opening, half of the time that a short clip takes to open and decode one frame of. MP4
# and QuickTime say all that is needed in their headers, also how far pictures are reordered.
UNPROBED = {"skip_frame": "all", "probesize": "32"}  # bytes, the least that FFmpeg allows


class Packet(NamedTuple):
    """One encoded picture. Times in units of the stream's time base."""

    pts: int | None  # when it is shown
    dts: int | None  # when it is decoded, never later than shown
    is_key: bool
    is_discarded: bool  # by an edit list: decoded, not shown


def open_stream(
    path: str, container_name: str, source: bytes | None = None, *, probe: bool
) -> tuple[InputContainer, VideoStream]:
    """The main video stream, for one thread. `file:` keeps a name such as `concat:a` from being read as a protocol.

    Args:
        source: the bytes to read; ``path`` then only names them.
        probe: let FFmpeg decode the first pictures, to learn what the header does not say.
    """
    options = OPTIONS if probe else OPTIONS | UNPROBED
    file = f"file:{path}" if source is None else io.BytesIO(source)
    container = av.open(file, "r", format=container_name, options=options, metadata_errors="ignore")
    try:
        container.flags &= ~Flags.gen_pts.value  # made-up pts number the B-frames of AVI files in decoding order
        stream = _main_stream(container, path)
    except BaseException:
        container.close()
        raise
    return container, stream


def list_packets(demuxed: Iterable[AVPacket], path: str) -> list[Packet]:
    """From the first key frame on, in decoding order. Reads the file to its end."""
    packets: list[Packet] = []
    num_before = 0
    for packet in demuxed:
        if packet.size and (packets or packet.is_keyframe):
            packets.append(Packet(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard))
            if len(packets) > MAX_FRAMES:
                raise BadVideo(path, "too_large", "index", f"more than {MAX_FRAMES} frames; cut the file into parts")
        elif packet.size:
            num_before += 1
    if num_before and not packets:
        raise BadVideo(path, "corrupt", "index", f"no key frame to start from in {num_before} packets")
    return packets


@contextmanager
def as_bad_video(path: str, stage: Stage) -> Iterator[None]:
    """Turns what PyAV raises for damaged files into BadVideo.

    Mutated files made it raise all of the types below. TypeError is left alone: it would be a mistake of ours, and must
    not make every file of a data set look corrupt.
    """
    try:
        yield
    except (av.error.FFmpegError, OSError, EOFError, ValueError, LookupError, ArithmeticError) as error:
        raise _bad_video(path, stage, error) from error
    except (AttributeError, RuntimeError, MemoryError) as error:
        raise _bad_video(path, stage, error) from error


def _main_stream(container: InputContainer, path: str) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:  # cover art is no video
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise BadVideo(path, "no_video_stream", "open", f"the file holds {kinds}")
    codec = stream.codec_context
    if codec is None:
        raise BadVideo(path, "unsupported", "open", "FFmpeg has no decoder for this codec")
    if codec.width * codec.height > MAX_PIXELS:
        raise BadVideo(path, "too_large", "open", f"{codec.width} x {codec.height}, above {MAX_PIXELS} pixels")
    codec.options = {"max_pixels": OPTIONS["max_pixels"]}  # pictures may grow on the way
    codec.thread_count = 1
    codec.thread_type = "NONE"
    return stream


def _bad_video(path: str, stage: Stage, error: Exception) -> BadVideo:
    text = getattr(error, "strerror", None) or str(error)
    return BadVideo(path, _reason(error), stage, f"{text} ({type(error).__name__})")


def _reason(error: Exception) -> Reason:
    if isinstance(error, FileNotFoundError):
        return "missing"
    if isinstance(error, MemoryError):
        return "too_large"
    unsupported = (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, NotImplementedError)
    return "unsupported" if isinstance(error, unsupported) else "corrupt"
