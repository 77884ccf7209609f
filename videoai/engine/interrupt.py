"""Ctrl-C and termination signals: the handler only notes the signal; the loop saves and leaves at the next step."""

import signal
from types import FrameType, TracebackType

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 75, signal.SIGUSR1: 75}  # 75 = preempted and saved: run me again


class Interrupted(Exception):
    """Training stopped on a signal, after saving."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    @classmethod
    def by(cls, number: int, what: str) -> "Interrupted":
        """``SIGTERM: what``."""
        received = signal.Signals(number)
        return cls(f"{received.name}: {what}", EXIT_CODES[received])


class Interrupt:
    """Context manager: ``received`` is the first signal, or None. A second Ctrl-C ends the program at once.

    Who starts several runs makes one for all of them: entered by each in turn, it remembers the signal in between.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> "Interrupt":
        self._before = {}
        for number in EXIT_CODES:
            try:
                self._before[number] = signal.signal(number, self._note)
            except ValueError:  # not in the main thread, as in a notebook's executor: signals stay with their owner
                break
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stop_after(self, run_dir: str) -> None:
        """To be called between two runs. Raises: Interrupted: a signal came, also one in the last step of ``run_dir``,
        which then is complete."""
        if self.received is not None:
            raise Interrupted.by(self.received, f"finished {run_dir}; rerun the command to continue with the next run.")

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
