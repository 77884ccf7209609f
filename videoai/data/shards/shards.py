"""Videos packed into tar files, each read by its byte range from a folder or a URL.

    prepare.json         settings, the classes in the order of their labels, and what the columns of targets are
    clips.csv            path,label,split,group,start_seconds,end_seconds, in the order of training; written last. In a
                         multi-label set label_seconds too, see data/lists/label_texts.py; else columns of targets
    shards/00000.tar     members one after the other; `tar` reads it
    shards/00000.csv     name,offset,size,sha256 of each member

The path of a member is ``shards/00000.tar#NAME``. The index alone says what was packed where, so that a clip
is one read, and the order of training is that of the files the shards were made from.
"""

import csv
import io
from functools import lru_cache
from hashlib import sha256
from os.path import exists
from typing import NamedTuple

from videoai.data.media import BadVideo
from videoai.data.shards.ranges import RANGE, range_of
from videoai.data.shards.rows import ROW, copy_name, read_row
from videoai.data.shards.storage import read_bytes

MARK = ".tar#"
UNVERIFIED = "unverified::"  # before the path of a member: take its bytes unseen
MAX_MEMBER_BYTES = 2**31  # a member is held in memory while it is decoded; clips are a thousandth of this
INDEX_COLUMNS = ("name", "offset", "size", "sha256")


class Member(NamedTuple):
    """Where the bytes of one video lie in its shard, and what they hash to."""

    offset: int
    size: int
    sha256: str  # "" = not known


def is_member(path: str) -> bool:
    """Whether a path names a member of a shard, a range or a row. A file whose own name looks like a member is one."""
    return path.startswith((RANGE, ROW)) or (MARK in path and not exists(path))


def member_name(path: str) -> str:
    """What a copy of a member may be called."""
    if path.startswith(ROW):
        return copy_name(path)
    return range_of(path).unique_name() if path.startswith(RANGE) else path.partition("#")[2]


def find_member(path: str) -> Member:
    """Raises: BadVideo: missing without the shard's index or an entry there, corrupt or too_large by the index."""
    if path.startswith(RANGE):
        _, _, offset, size = range_of(path)
        return Member(offset, size, "")
    if path.startswith(ROW):
        return Member(0, len(read_row(path)), "")
    shard, _, name = path.removeprefix(UNVERIFIED).partition(MARK)
    try:
        member = _index(f"{shard}.csv").get(name)
    except OSError as error:
        raise BadVideo(path, "missing", "open", f"the index of the shard: {error}") from error
    except ValueError as error:
        raise BadVideo(path, "corrupt", "open", f"the index of the shard: {error}") from error
    if member is None:
        raise BadVideo(path, "missing", "open", f"not in {shard}.csv")
    if member.size > MAX_MEMBER_BYTES:
        raise BadVideo(path, "too_large", "open", f"{member.size} bytes, above {MAX_MEMBER_BYTES}")
    return member


def read_member(path: str) -> bytes:
    """The bytes of a row, of a range, or of ``.../00000.tar#NAME``, which are verified by their hash unless it
    begins with ``unverified::``.

    Raises: BadVideo: missing when it cannot be read, corrupt when it is cut short or was changed.
    """
    if path.startswith(ROW):
        return read_row(path)
    member = find_member(path)
    is_range = path.startswith(RANGE)
    shard = range_of(path)[0] if is_range else path.removeprefix(UNVERIFIED).partition(MARK)[0] + ".tar"
    try:
        data = read_bytes(shard, member.offset, member.size)
    except OSError as error:
        raise BadVideo(path, "missing", "open", str(error)) from error
    if len(data) != member.size:
        hint = "the server may not serve byte ranges" if len(data) > member.size else "the shard is cut short"
        raise BadVideo(path, "corrupt", "open", f"{len(data)} bytes instead of {member.size}: {hint}")
    if not is_range and not path.startswith(UNVERIFIED) and sha256(data).hexdigest() != member.sha256:
        raise BadVideo(path, "corrupt", "open", "the bytes are not those that were packed: their sha256 differs")
    return data


@lru_cache(maxsize=256)  # shards, some 1,000 members each: 60 MB at most
def _index(location: str) -> dict[str, Member]:
    members = {
        name: Member(int(at), int(size), digest) for name, at, size, digest in read_table(location, INDEX_COLUMNS)
    }
    if any(member.size < 0 or not 0 <= member.offset < 2**63 for member in members.values()):
        raise ValueError(f"{location}: an offset or size is negative, or beyond any file")
    return members


def read_table(location: str, *columns: tuple[str, ...]) -> list[list[str]]:
    """Raises: OSError, or ValueError for a header that is none of ``columns``."""
    try:
        text = read_bytes(location).decode()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{location} is missing: `data prepare` was not finished, run it again") from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(f"{location}: {error}") from error
    if not rows or tuple(rows[0]) not in columns:
        raise ValueError(f"{location}: the header is not {','.join(columns[0])}")
    return rows[1:]
