"""Files that appear whole or not at all, tables as CSV, and locks between processes. Imports no torch."""

import csv
import errno
import io
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from filelock import FileLock, Timeout


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears under its name when the block ends well, and not at all when it raises.

    What a killed process leaves behind is named ``.NAME.*.tmp``.
    """
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")  # names end at 255 bytes
    try:
        with temporary.open("wb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # the error that led here matters more
            temporary.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes | memoryview, *, sync: bool = True) -> None:
    """Write ``data`` to ``path``, whose folder is made: readers see the old file or the whole new one.

    ``sync``: flush file and folder to the disk, so that both survive a loss of power; milliseconds a file.

    Raises: OSError: naming the path, the bytes needed, and on a full disk the bytes free.
    """
    write_together({path: data}, sync=sync)


def write_together(files: Mapping[Path, bytes | memoryview], *, sync: bool = True) -> None:
    """As ``write_atomic`` for files that belong together: none is replaced before there was room for all.

    Raises: OSError: as ``write_atomic``.
    """
    path, data = Path(), b""
    try:
        with ExitStack() as staged:
            for path, data in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                file = staged.enter_context(open_atomic(path))
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        for folder in {path.parent for path in files} if sync else ():
            _sync_folder(folder)
    except OSError as error:
        raise cannot_write(path, error, num_bytes=len(data)) from error


def cannot_write(path: Path, error: OSError, *, num_bytes: int | None = None) -> OSError:
    """An error of the same class whose message says where, why, and what to do next."""
    size = "" if num_bytes is None else f" for {num_bytes / 1e6:.1f} MB"
    if error.errno == errno.EFBIG:
        return OSError(
            f"{path}: the limit on the size of a file is too low{size} (ulimit -f, or the file system's own). What was "
            "saved before is intact; raise it with ulimit -f unlimited, or choose another folder, and run the same "
            "command again."
        )
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return type(error)(f"{path}: cannot be written ({error.strerror or error}). Choose another folder.")
    free = f"{shutil.disk_usage(path.parent).free / 1e6:.1f} MB free"
    return OSError(
        f"{path}: no room{size} ({free}). What was saved before is intact; free some space and run the same command "
        "again."
    )


def append_line(file: io.FileIO, line: str) -> None:
    """The whole line to the end of a file that was opened without a buffer, or none of it.

    Raises: OSError: naming the path and the bytes free.
    """
    before, rest = file.tell(), memoryview(f"{line}\n".encode("utf-8", "backslashreplace"))
    try:
        while rest:
            rest = rest[file.write(rest) :]  # on a disk that fills up, the first write is a short one
    except OSError as error:
        file.truncate(before)
        raise cannot_write(Path(file.name), error) from error


def csv_bytes(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    errors: Literal["surrogateescape", "backslashreplace"] = "surrogateescape",
) -> bytes:
    """A table as UTF-8 text with lines that end in ``\\n``.

    ``errors``: a file name that is not UTF-8 is written as the bytes it has, for tables that are read again, or as
    ``\\udcff``, for people and other programs.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", errors)


@contextmanager
def file_lock(path: Path, *, wait: bool | float = True) -> Iterator[None]:
    """Hold ``path`` against other processes; a process that dies releases it. ``wait``: as long as it takes, not at
    all, or so many seconds.

    Raises: BlockingIOError: another process still holds it.
    """
    lock = FileLock(path, timeout=-1 if wait is True else float(wait))
    try:
        lock.acquire()
    except Timeout as error:
        raise BlockingIOError(errno.EAGAIN, "another process holds the lock", str(path)) from error
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether another process holds ``path`` now."""
    if not path.exists():
        return False
    try:
        with file_lock(path, wait=False):
            return False
    except BlockingIOError:
        return True
    except OSError:  # on a disk that can only be read, nobody holds it
        return False


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
