"""How long a file says it is. A download that broke off plays without complaint up to where it ends, but its boxes
reach beyond the end of the file."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from videoai.data.media import open_regular, sniff

EBML_SEGMENT = b"\x18\x53\x80\x67"  # RFC 9559, 5.1.1
MAX_RIFF_BYTES = 2**31  # larger or 0 stands in files whose recorder never came back to write the size


def missing_bytes(path: str) -> int:
    """How many bytes of the file lie beyond its end; 0 = it is whole, or its container does not say.

    Knows MP4 and QuickTime (boxes, ISO/IEC 14496-12, 4.2), Matroska and WebM (RFC 8794, 6) and AVI (RIFF). Transport
    and program streams, FLV, Ogg and bare streams say nothing.

    Raises:
        BadVideo: it cannot be opened, or is no video.
    """
    end_of = {"mov": _end_of_boxes, "matroska": _end_of_segment, "avi": _end_of_riff}.get(sniff(path))
    if end_of is None:
        return 0
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return max(0, end_of(file, size) - size)


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """The bytes of the media and of the index; a box of another kind harms no frame."""
    return max((start + length for start, length, kind in _boxes(file, size) if kind in (b"mdat", b"moov")), default=0)


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
    """(start, length, kind) of the top-level boxes that begin inside the file."""
    start = 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:  # to the end of the file
            length = size - start
        if length < 8:
            return  # no box any more
        yield start, length, kind
        start += length


def _end_of_segment(file: BinaryIO, size: int) -> int:
    head = file.read(4096)
    at = head.find(EBML_SEGMENT) + 4
    if at < 4 or at + 8 > len(head) or not head[at]:
        return 0
    width = 9 - head[at].bit_length()  # the leading zero bits of the first byte say how many bytes follow it
    values = 1 << 7 * width
    length = int.from_bytes(head[at : at + width], "big") & (values - 1)
    return 0 if length == values - 1 else at + width + length  # all ones: unknown, as live recordings have it


def _end_of_riff(file: BinaryIO, size: int) -> int:
    length = struct.unpack("<I", file.read(8)[4:])[0]
    return length + 8 if length < MAX_RIFF_BYTES else 0
