"""What a run tells: ``metrics.jsonl`` (one JSON object a line), which is the run's own record, and its loggers. The
console is the caller's.

A killed run may have logged steps that its last checkpoint does not hold. On resume those lines are dropped, so that
curves never double back.
"""

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from videoai.core.files import cannot_write, write_atomic
from videoai.core.loggers.logger import Logger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)


class RunLog:
    """Scalars, pictures and figures of one run, addressed by optimizer step. ``run_dir=None`` keeps nothing.

    ``loggers``: name -> what opens it (``bind_loggers``). One that raises is named in a warning and gets nothing more.

    Raises: OSError: from every method, when ``metrics.jsonl`` could not be written: where, why, and what to do.
    """

    def __init__(
        self, run_dir: Path | None, *, start_step: int = 0, loggers: Mapping[str, Callable[[], Logger]] | None = None
    ) -> None:
        self._file, self._loggers = None, dict[str, Logger]()
        if run_dir is None:
            return
        self.folder, self.path = run_dir, run_dir / "metrics.jsonl"
        run_dir.mkdir(parents=True, exist_ok=True)
        _truncate(self.path, start_step)
        with self._in_words():
            self._file = self.path.open("a", encoding="utf-8")
        for name, open_logger in (loggers or {}).items():
            with self._surviving(name):
                self._loggers[name] = open_logger()

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        """One line in ``metrics.jsonl``, and what the loggers make of it."""
        if not self._file:
            return
        record = {"step": step, "split": split, **{key: _plain(value) for key, value in values.items()}}
        with self._in_words():
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
        self._each(lambda logger: logger.scalars(step, split, dict(values)))

    @property
    def has_loggers(self) -> bool:
        """Whether anybody looks at pictures."""
        return bool(self._loggers)

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        """Clips to look at. video: uint8 [B, T, C, H, W]; captions: [B]."""
        self._each(lambda logger: logger.clips(step, name, video.cpu(), captions))

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        """A moving picture. video: uint8 [T, C, H, W]."""
        self._each(lambda logger: logger.video(step, name, video, fps))

    def figure(self, step: int, name: str, draw: "Callable[[], Figure]") -> None:
        """The figure that ``draw`` returns; not drawn when nobody looks. One that cannot be drawn is left out."""
        if not self._loggers:
            return
        try:
            figure = draw()
            figure.draw_without_rendering()
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            logger.warning("%s of step %d could not be drawn, training goes on: %s", name, step, reason)
            return
        self._each(lambda logger: logger.figure(step, name, figure))

    def close(self) -> None:
        """Flush and close the file and the loggers."""
        self._each(lambda logger: logger.close())
        self._loggers.clear()
        if self._file:
            with self._in_words():
                self._file.close()

    def _each(self, tell: Callable[[Logger], None]) -> None:
        for name, one in list(self._loggers.items()):
            with self._surviving(name):
                tell(one)

    @contextmanager
    def _surviving(self, name: str) -> Iterator[None]:
        """A logger that raises is dropped. It is not closed either: that could wait for a thread that has ended."""
        try:
            yield
        except Exception as error:
            self._loggers.pop(name, None)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            logger.warning(
                "logger %s failed, training goes on without it; metrics.jsonl has all values: %s", name, reason
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.folder, error) from error


def _truncate(path: Path, start_step: int) -> None:
    """Keep the lines up to ``start_step``; a torn last line goes too."""
    if not path.exists():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step_of(line) <= start_step]
    write_atomic(path, "".join(f"{line}\n" for line in kept).encode())


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return math.inf


def _plain(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None  # JSON has no NaN
