"""Videos inside Parquet files: the path of one says the row and the column.

    row::/data/train-00000-of-00002.parquet#00000012/video

Parquet compresses groups of rows together, so a group is read for one video, and the last ones are kept.
"""

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from videoai.data.media import BadVideo

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

ROW = "row::"  # before the path of the file
WHERE = re.compile(r"(.+?)#(\d+)/(.*)", re.DOTALL)
KEPT_GROUPS = 4  # Hugging Face writes 10 videos a group


class Place(NamedTuple):
    """Where a video lies."""

    file: str
    row: int
    column: str


def row_name(file: str, row: int, column: str) -> str:
    """What a video is called: the file below the root, its row, and the column. In order of rows."""
    return f"{file}#{row:08d}/{column}"


def place_of(path: str) -> Place:
    """Raises: ValueError: the path is that of no row."""
    if not path.startswith(ROW) or not (found := WHERE.fullmatch(path.removeprefix(ROW))):
        raise ValueError(f"{path!r} is no row of a Parquet file: {ROW}FILE#ROW/COLUMN")
    return Place(found[1], int(found[2]), found[3])


def copy_name(path: str) -> str:
    """What a copy of the video may be called."""
    place = place_of(path)
    return f"{os.path.splitext(os.path.basename(place.file))[0]}/{place.row:08d}"


def read_row(path: str) -> bytes:
    """The bytes of a video.

    Raises: BadVideo: missing without the file, the row or its bytes, corrupt when they cannot be read.
    """
    place = place_of(path)
    try:
        file = open_parquet(place.file)
        first = 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if place.row < first + count:
                return _bytes_of(path, _group(place.file, group, place.column)[place.row - first])
            first += count
    except OSError as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else "corrupt"
        raise BadVideo(path, reason, "open", str(error)) from error
    except ValueError as error:  # pyarrow's ArrowInvalid
        raise BadVideo(path, "corrupt", "open", str(error)) from error
    raise BadVideo(path, "missing", "open", f"the file has {first} rows")


@lru_cache(maxsize=64)
def open_parquet(path: str) -> "ParquetFile":
    """Reads the end of the file. Raises: OSError, ValueError: no Parquet. ImportError: pyarrow is not installed."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ImportError("reading Parquet needs pyarrow: pip install 'videoai[parquet]'") from error
    return ParquetFile(path)


@lru_cache(maxsize=KEPT_GROUPS)
def _group(path: str, group: int, column: str) -> Any:
    return open_parquet(path).read_row_group(group, columns=[column], use_threads=False).column(column)


def _bytes_of(path: str, value: Any) -> bytes:
    held = value.as_py()
    data = held.get("bytes") if isinstance(held, dict) else held
    if not isinstance(data, bytes):
        raise BadVideo(path, "missing", "open", "the row holds no bytes of a video")
    return data
