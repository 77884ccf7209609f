"""Where the time of some steps goes, as a trace of torch.profiler; and what held the GPU's memory when it ran out."""

import logging
from pathlib import Path
from types import TracebackType

import torch
from torch.profiler import ProfilerActivity, profile

from videoai.core import process_group
from videoai.core.paths import display_path

logger = logging.getLogger(__name__)
MEMORY_EVENTS = 100_000  # the newest allocations, each with its stack, that a snapshot holds: some 100 MB


class Profiler:
    """Records the steps ``first`` to ``last`` of a run, evaluations in between included, into ``folder``; each process
    its own file. Outside of these steps it costs nothing. An interrupted recording is written as far as it came."""

    def __init__(self, folder: Path, *, steps: tuple[int, ...] | None = None, memory: bool = False) -> None:
        """
        Args:
            steps: [first, last]; None = no trace.
            memory: on a GPU, write a snapshot of its memory when that runs out; each allocation is recorded until then.
        """
        self.folder, self.memory = folder, memory
        self.steps = range(steps[0], steps[-1] + 1) if steps else range(0)
        self._recording: profile | None = None

    def __enter__(self) -> "Profiler":
        if self.memory:
            torch.cuda.memory._record_memory_history(max_entries=MEMORY_EVENTS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._recording:
            self._write_trace()
        if self.memory:
            try:
                if isinstance(error, torch.OutOfMemoryError):
                    self._write_memory(error)
            finally:
                torch.cuda.memory._record_memory_history(enabled=None)

    def before(self, step: int) -> None:
        """To be called before each step, with its number from 1."""
        if step in self.steps and self._recording is None:
            activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if torch.cuda.is_available() else [])]
            self._recording = profile(activities=activities)
            self._recording.start()

    def after(self, step: int) -> None:
        """To be called after each step."""
        if self._recording and step == self.steps[-1]:
            self._write_trace()

    def _write_trace(self) -> None:
        assert self._recording is not None
        recorded, self._recording = self._recording, None
        recorded.stop()
        path = self.folder / f"steps-{self.steps[0]}-{self.steps[-1]}-rank{process_group.rank()}.json.gz"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            recorded.export_chrome_trace(str(path))
        except (OSError, RuntimeError) as error:  # training is worth more than its trace
            logger.warning("profile.steps: %s cannot be written (%s)", path, error)
            return
        logger.info("%s: the trace of these steps, for https://ui.perfetto.dev", display_path(path))

    def _write_memory(self, error: torch.OutOfMemoryError) -> None:
        """Raises: OutOfMemoryError: with the path of the snapshot in its line."""
        path = self.folder / f"memory-rank{process_group.rank()}.pickle"
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.cuda.memory._dump_snapshot(str(path))
        raise torch.OutOfMemoryError(
            f"CUDA out of memory; {display_path(path)} says what holds it, for https://pytorch.org/memory_viz."
        ) from error


def check_steps(steps: tuple[int, ...] | None, *, first_step: int, stop_step: int) -> None:
    """``profile.steps`` against the steps of the run. first_step: how many are done already.

    Raises: ValueError: the run has no such steps.
    """
    if not steps:
        return
    asked = f"profile.steps=[{steps[0]},{steps[-1]}]"
    if steps[-1] > stop_step:
        raise ValueError(f"{asked}: the run ends at step {stop_step}. Give [first, last] up to there.")
    if steps[0] <= first_step:
        logger.warning("%s: the run goes on behind step %d, and earlier ones are not recorded", asked, first_step)
