"""What may be opened: regular files whose first bytes are those of a known container, and nothing they point to.

A file name proves nothing. FFmpeg reads a two-line text named clip.mp4 as a playlist and decodes the file it names, so
the container is recognised here, by its first bytes, before FFmpeg sees the file, and FFmpeg may use only that one.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Literal

Reason = Literal[
    "missing",  # not there, or not readable
    "not_a_file",  # a folder, a pipe, a device
    "empty",  # 0 bytes
    "unknown_format",  # the first bytes are of no container listed in CONTAINERS
    "no_video_stream",  # audio or text only
    "no_audio_stream",  # nothing to hear, where the model looks at nothing else
    "corrupt",  # FFmpeg finds the file damaged or encrypted
    "short",  # fewer frames than announced or needed
    "too_large",  # above MAX_PIXELS, MAX_FRAMES, MAX_SECONDS or MAX_BYTES
    "unsupported",  # no decoder for this codec
    "timeout",  # more processor time than MAX_READ_SECONDS
    "crash",  # it ended the process that read it; seen only where that is another one, see reading.py
]
Stage = Literal["open", "index", "decode", "sample"]

# 8K UHD, 7680 x 4320. A 198 KB file can hold one frame that takes 400 MB.
MAX_PIXELS = 7680 * 4320
MAX_FRAMES = 1_000_000  # 9 hours at 30 fps; the index takes about 100 bytes of memory per frame
MAX_SECONDS = 7 * 24 * 3600.0  # leaves room for time-lapse; damaged clocks say thousands of years
MAX_BYTES = 2**36  # 64 GiB; indexing may read a file to its end
# Processor time that one call of Video.frames may take, so that a busy machine gives up no sooner. A clip takes
# milliseconds; minutes mean that hours of footage are counted, or that a file was made to hang its reader.
MAX_READ_SECONDS = 120.0
PROTOCOL_WHITELIST = "file"

# FFmpeg's names of the demuxers a file may be handed to. None of them opens a second file.
CONTAINERS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "h264", "hevc", "flv", "ogg", "asf", "gif", "ivf",
)  # fmt: skip
FORMAT_WHITELIST = ",".join(CONTAINERS)

_HEAD_BYTES = 1024  # five packets of an MPEG transport stream
# Atoms an MP4 or QuickTime file may begin with (ISO/IEC 14496-12, QuickTime File Format).
_MOV_ATOMS = frozenset(
    (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx", b"uuid", b"emsg")
)
_PREFIXES = (
    (b"\x1a\x45\xdf\xa3", "matroska"),  # EBML; also WebM
    (b"FLV", "flv"),
    (b"OggS", "ogg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),  # also WMV
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"DKIF", "ivf"),
    (b"\x00\x00\x01\xba", "mpeg"),  # program stream; also VOB
    (b"\x00\x00\x01\xb3", "mpegvideo"),  # bare MPEG-1 or MPEG-2
)


class BadVideo(Exception):
    """A video that cannot be used. Pickles, so that it can leave a worker process."""

    def __init__(self, path: str, reason: Reason, stage: Stage, detail: str = "") -> None:
        super().__init__(path, reason, stage, detail)
        self.path = path
        self.reason: Reason = reason
        self.stage: Stage = stage
        self.detail = detail

    def __str__(self) -> str:
        doing = {"open": "opening", "index": "indexing", "decode": "decoding", "sample": "sampling"}[self.stage]
        return f"{self.path}: {self.reason} while {doing}{': ' if self.detail else ''}{self.detail}"


def sniff(path: str | Path, source: bytes | None = None) -> str:
    """The container of a file, one of CONTAINERS, recognised by its first bytes.

    Args:
        source: the bytes of the video where they come from elsewhere; ``path`` then only names it.
    Raises:
        BadVideo: missing, not_a_file, too_large, empty or unknown_format.
    """
    path = os.fspath(path)
    head = source[:_HEAD_BYTES] if source is not None else _read_head(path)
    if not head:
        raise BadVideo(path, "empty", "open", "0 bytes")
    container = _container_of(head)
    if container is None:
        raise BadVideo(
            path, "unknown_format", "open", f"begins with {head[:12]!r}, which is none of {', '.join(CONTAINERS)}"
        )
    return container


def open_regular(path: str) -> BinaryIO:
    """A regular file for reading; never a pipe without a writer, which would hang, nor a device.

    Raises:
        BadVideo: missing, not_a_file or too_large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise BadVideo(path, "missing", "open", getattr(error, "strerror", None) or str(error)) from error
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_BYTES:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISREG(about.st_mode):
        raise BadVideo(path, "too_large", "open", f"{about.st_size} bytes, above {MAX_BYTES}; cut it into parts")
    raise BadVideo(path, "not_a_file", "open", "a folder, pipe or device; a regular file is needed")


def _read_head(path: str) -> bytes:
    with open_regular(path) as file:
        try:
            return file.read(_HEAD_BYTES)
        except OSError as error:
            raise BadVideo(path, "missing", "open", error.strerror or str(error)) from error


def _container_of(head: bytes) -> str | None:
    for prefix, container in _PREFIXES:
        if head.startswith(prefix):
            return container
    if head[4:8] in _MOV_ATOMS:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if _is_transport_stream(head):
        return "mpegts"
    return _annex_b(head)


def _is_transport_stream(head: bytes) -> bool:
    """A sync byte every 188 bytes; with time codes (M2TS) every 192, from the fifth byte on (ISO/IEC 13818-1)."""
    return any(
        len(head) > first + size and all(byte == 0x47 for byte in head[first::size])
        for first, size in ((0, 188), (4, 192))
    )


def _annex_b(head: bytes) -> str | None:
    """Bare H.264 or HEVC: a start code, then a parameter set or an access unit delimiter (their Annex B)."""
    code = head.find(b"\x00\x00\x01", 0, 4)
    if code not in (0, 1) or len(head) < code + 5:
        return None
    first, second = head[code + 3], head[code + 4]
    if first & 0x9F in (7, 9):  # forbidden bit 0; 7 sequence parameter set, 9 delimiter
        return "h264"
    if (
        first & 0x81 == 0 and first >> 1 in (32, 33, 35) and second & 0xF8 == 0
    ):  # video, sequence parameter set, delimiter
        return "hevc"
    return None
