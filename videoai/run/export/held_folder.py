"""The hidden folder that an export is built in, so that what is half written never has its name."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from videoai.core.files import file_lock, is_locked
from videoai.core.paths import display_path

logger = logging.getLogger(__name__)
LOCK = "export.lock"


@contextmanager
def held_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out``, gone afterwards. What exports left that were killed is removed first."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise OSError(f"out={out}: cannot write there ({error.strerror}). Choose another folder: out=DIR") from error
    for left in out.parent.glob(f".{out.name}-*"):
        if (left / LOCK).is_file() and not is_locked(left / LOCK):
            logger.info("removed %s, which an export left that was killed", display_path(left))
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as held, file_lock(Path(held, LOCK)):
        yield Path(held)
