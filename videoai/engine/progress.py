"""What the console shows while training: a bar on a terminal, one line an interval elsewhere; and where the time
goes."""

import logging
import os
import sys
import time
from types import TracebackType

from videoai.core import process_group

logger = logging.getLogger(__name__)

DATA_WAIT_HINT = 0.20  # above this share the device mostly waits for clips


class Progress:
    """Clips a second, data-wait share and time left, over the steps since the last log line."""

    def __init__(self, total_steps: int, *, start_step: int = 0, num_workers: int = 0) -> None:
        self.total_steps, self.start_step, self.num_workers = total_steps, start_step, num_workers
        self._bar = _rich_bar(total_steps, start_step) if sys.stderr.isatty() and process_group.rank() == 0 else None
        self._clips = self._waited = self._took = 0.0
        self._steps_timed, self._seconds = 0, 0.0
        self._hinted = False

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def step(self, step: int, num_clips: int, waited: float, took: float) -> None:
        """Count one optimizer step that took ``took`` seconds, ``waited`` of them for clips."""
        self._clips += num_clips
        self._waited += waited
        self._took += took
        if step > self.start_step + 1:  # the first step starts workers and builds kernels: no guide to the rest
            self._steps_timed += 1
            self._seconds += took
        if self._bar:
            text = f"{self._clips / self._took:.0f} clips/s  data {self._waited / self._took:.0%}  ETA {self.eta(step)}"
            self._bar.update(self._bar.task_ids[0], completed=step, rates=text)

    def rates(self) -> dict[str, float]:
        """Since the last call of ``line``."""
        took = max(self._took, 1e-9)
        return {"clips_per_second": self._clips / took, "data_wait": self._waited / took}

    def eta(self, step: int) -> str:
        """Time left for the training steps, as minutes:seconds, hours:minutes:seconds or days and hours."""
        left = (self.total_steps - step) * self._seconds / max(1, self._steps_timed)
        if left >= 86400:
            return f"{left // 86400:.0f} d {left % 86400 // 3600:.0f} h"
        return time.strftime("%H:%M:%S" if left >= 3600 else "%M:%S", time.gmtime(left))

    def line(self, step: int, values: dict[str, float]) -> None:
        """One console line; then a fresh interval."""
        if not self._bar:
            logger.info(
                "step %d/%d  loss %.4f  lr %.1e  %.0f clips/s  data %.0f%%  ETA %s",
                *(step, self.total_steps, values["loss"], values["lr"], values["clips_per_second"]),
                *(100 * values["data_wait"], self.eta(step)),
            )
        self._hint(step, values["data_wait"])
        self._clips = self._waited = self._took = 0.0

    def evaluation(self, step: int, metrics: dict[str, float], better: bool) -> None:
        """One console line for an evaluation."""
        shown = "  ".join(f"{key} {value:.4f}" for key, value in metrics.items())
        logger.info("step %d/%d  val  %s%s", step, self.total_steps, shown, "  (best)" if better else "")

    def _hint(self, step: int, data_wait: float) -> None:
        if data_wait <= DATA_WAIT_HINT or self._hinted or self._steps_timed < 5:
            return
        self._hinted = True
        cores = os.cpu_count() or 1
        more = f"loading.num_workers={min(cores, max(2, 2 * self.num_workers))}, " if self.num_workers < cores else ""
        logger.info(
            "hint: %.0f %% of the time goes into waiting for clips. Try %ssmaller video files (short side near "
            "clip.resize), or more frequent key frames.",
            *(100 * data_wait, more),
        )


def _rich_bar(total: int, completed: int):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("train"), BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.fields[rates]}"))
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("train", total=total, completed=completed, rates="")
    return bar
