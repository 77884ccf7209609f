"""Bytes of a file on this machine or, through fsspec, of a URL: https://, s3://, gs://, hf://, memory://, ...

A chain such as ``simplecache::https://host/set`` keeps what was read on the local disk.
"""

import logging
import os
import stat
import time
from typing import Any

from videoai.core.paths import is_url

logger = logging.getLogger(__name__)
PAUSES_SECONDS = (0.5, 2.0, 8.0)  # before each further try: a hiccup of the network must not count as a broken video


def read_bytes(location: str, start: int = 0, size: int | None = None) -> bytes:
    """``size`` bytes from ``start`` on, fewer at the end of the file; None = all that follow.

    Raises:
        FileNotFoundError: no such file or URL.
        OSError: it cannot be read, of a URL after three further tries.
        ImportError: the protocol needs a package that is not installed.
    """
    if is_url(location):
        return _read_url(location, start, size)
    if not stat.S_ISREG(os.stat(location).st_mode):  # a pipe would wait for a writer, a device has no end
        raise OSError(f"{location}: no regular file")
    with open(location, "rb") as file:
        file.seek(start)
        return file.read(-1 if size is None else size)


def _read_url(url: str, start: int, size: int | None) -> bytes:
    if size == 0:
        return b""  # as a range of bytes it cannot be asked for
    end = None if size is None else start + size
    system, path = _file_system(url)
    for pause in (*PAUSES_SECONDS, None):
        try:
            return system.cat_file(path, start=start or None, end=end)
        except FileNotFoundError:
            raise
        except Exception as error:  # every protocol brings exceptions of its own
            if pause is None:
                raise OSError(f"{url}: {error} ({type(error).__name__})") from error
            logger.info("%s: %s; trying again in %g s", url, error, pause)
            time.sleep(pause)
    raise AssertionError("unreachable")


def _file_system(url: str) -> tuple[Any, str]:
    """What fsspec reads a URL with. It keeps one connection a process, and none across a fork."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError("reading from a URL needs fsspec: pip install 'videoai[remote]'") from error
    try:
        return url_to_fs(url)
    except ValueError as error:
        raise OSError(f"{url}: {error}") from error
