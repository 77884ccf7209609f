"""A step that hangs, in the loader, on the device or waiting for another process, tells where."""

import faulthandler
import logging
from types import TracebackType

from videoai.core import process_group

logger = logging.getLogger(__name__)
STDERR = 2  # the descriptor: what stands in for sys.stderr, in a notebook or around a bar, has none
FIRST = 10  # times as long for the first step, which starts workers and builds kernels
EXIT_CODE = 1  # faulthandler exits with it


class StepTimeout:
    """Prints the stacks of all threads when a step takes longer than ``seconds`` (None = never). In a process group the
    process then ends with exit code 1, so that ``torchrun --max-restarts`` starts all of them again.

    A thread of faulthandler does it, which needs no lock of Python: also a call that holds it is told.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds, self._is_first = seconds, True

    def __enter__(self) -> "StepTimeout":
        if self.seconds:
            end = f" and ends the process with exit code {EXIT_CODE}" if process_group.world_size() > 1 else ""
            logger.info("a step that takes longer than %g s prints the stacks of all threads%s", self.seconds, end)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """A step begins."""
        if self.seconds:
            seconds = self.seconds * FIRST if self._is_first else self.seconds
            self._is_first = False
            faulthandler.dump_traceback_later(seconds, exit=process_group.world_size() > 1, file=STDERR)

    def stop(self) -> None:
        """The step is done; what follows may take as long as it likes."""
        if self.seconds:
            faulthandler.cancel_dump_traceback_later()
