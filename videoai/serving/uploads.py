"""Uploads on disk: a private folder that goes when the server ends, and what a killed server left behind."""

import logging
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from filelock import FileLock
from python_multipart.multipart import parse_options_header

from videoai.core.files import is_locked
from videoai.serving.form import FormFile
from videoai.serving.problem import Problem

logger = logging.getLogger(__name__)

PREFIX, LOCK = "videoai-uploads-", ".lock"
NAMELESS = "upload"
MOST_LETTERS = 200  # a name is cut off there
FORM = b"multipart/form-data"
NO_FILES = (b"application/x-www-form-urlencoded", b"application/json")  # curl -d, and a video in JSON
HOW = (
    "Send the video as the body (curl --data-binary @FILE -H 'Content-Type: video/mp4'), or in a form (curl -F "
    "file=@FILE)."
)


class UploadFolder:
    """Context manager: a folder that only this user may enter, below that of temporary files."""

    def __init__(self) -> None:
        self.path = Path()

    def __enter__(self) -> Self:
        remove_left_behind(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
        self._lock = FileLock(self.path / LOCK)
        self._lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """The path of an upload, which is gone after the block."""
        descriptor, name = tempfile.mkstemp(dir=self.path, prefix="upload-")
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)


def remove_left_behind(parent: Path) -> None:
    """Folders of servers that were killed: ours, and no living process holds their lock."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            is_own = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
            if is_own and not folder.is_symlink() and (folder / LOCK).is_file() and not is_locked(folder / LOCK):
                shutil.rmtree(folder)
                logger.info("removed the uploads of a server that was killed: %s", folder)


def shown_name(given: str) -> str:
    """The last part of a name without control characters, also those that turn the direction of writing round."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if unicodedata.category(one)[0] != "C")[:MOST_LETTERS] or NAMELESS


class Upload:
    """Writes the body of a request, as it comes, into a file: the body itself, or the only file of its form."""

    def __init__(self, content_type: str, file: BinaryIO) -> None:
        """Raises: Problem: a body that holds no file."""
        self.file = file
        kind, options = parse_options_header(content_type)
        if kind in NO_FILES:
            raise Problem(415, "no_file", f"a body of {kind.decode()} holds no file. {HOW}")
        self.form = FormFile(options.get(b"boundary", b""), file) if kind == FORM else None

    @property
    def name(self) -> str:
        """What the client calls it."""
        return shown_name(self.form.given_name) if self.form else NAMELESS

    def write(self, data: bytes) -> None:
        """The next bytes of the body. Raises: Problem: no form, or one with something else in it."""
        (self.form or self.file).write(data)

    def end(self) -> None:
        """The body has come to its end. Raises: Problem: its form has not, or holds no file."""
        if self.form:
            self.form.close()
