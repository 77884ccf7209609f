"""What the console shows while training: a bar on a terminal, one line an interval elsewhere; and where the time
goes."""

import logging
import os
import sys
import time
from types import TracebackType

from videoai.core import process_group
from videoai.engine.speed import Speed
from videoai.engine.timing import StepTime

logger = logging.getLogger(__name__)

DATA_WAIT_HINT = 0.20  # share of the time above which it pays to load faster
STRAGGLER_HINT = 1.2  # a process this much slower than the median one delays all of them


class Progress:
    """Shows the speed since the last log line and the time left."""

    def __init__(
        self, total_steps: int, *, start_step: int = 0, num_workers: int = 0, speed: Speed | None = None
    ) -> None:
        self.total_steps, self.start_step, self.num_workers = total_steps, start_step, num_workers
        self.speed = speed or Speed()
        self._bar = _rich_bar(total_steps, start_step) if sys.stderr.isatty() and process_group.rank() == 0 else None
        self._timed, self._seconds = 0, 0.0  # steps since the start, without the first one
        self._hinted = set[str]()

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def step(self, step: int, num_clips: int, timed: StepTime) -> None:
        """Count one optimizer step."""
        self.speed.add(num_clips, timed)
        self._timed += 1
        if self._timed > 1:  # the first step starts workers and builds kernels: no guide to the rest
            self._seconds += timed.took
        if self._bar:
            text = "{clips_per_second:.0f} clips/s  data {data_wait:.0%}".format(**self.speed.rates())
            self._bar.update(self._bar.task_ids[0], completed=step, rates=f"{text}  ETA {self.eta(step)}")

    def eta(self, step: int) -> str:
        """Time left for the training steps, as minutes:seconds, hours:minutes:seconds or days and hours."""
        left = (self.total_steps - step) * self._seconds / max(1, self._timed - 1)
        if left >= 86400:
            return f"{left // 86400:.0f} d {left % 86400 // 3600:.0f} h"
        return time.strftime("%H:%M:%S" if left >= 3600 else "%M:%S", time.gmtime(left))

    def line(self, step: int, values: dict[str, float]) -> None:
        """One console line; then a fresh interval."""
        if not self._bar:
            mfu = f"  MFU {values['mfu']:.0%}" if "mfu" in values else ""
            logger.info(
                "step %d/%d  loss %.4f  lr %.1e  %.0f clips/s  data %.0f%%%s  ETA %s",
                *(step, self.total_steps, values["loss"], values["lr"], values["clips_per_second"]),
                *(100 * values["data_wait"], mfu, self.eta(step)),
            )
        if self._timed > 5:
            self._hint(values["data_wait"], values.get("straggler", 1.0))
        self.speed.restart()

    def evaluation(self, step: int, metrics: dict[str, float], better: bool) -> None:
        """One console line for an evaluation."""
        shown = "  ".join(f"{key} {value:.4f}" for key, value in metrics.items())
        logger.info("step %d/%d  val  %s%s", step, self.total_steps, shown, "  (best)" if better else "")

    def _hint(self, data_wait: float, straggler: float) -> None:
        if data_wait > DATA_WAIT_HINT:
            self._hint_once(
                "hint: %.0f %% of the time goes into waiting for clips. Try %ssmaller video files (short side near "
                "clip.resize), or more frequent key frames.",
                *(100 * data_wait, self._more_workers()),
            )
        if straggler > STRAGGLER_HINT:
            self._hint_once(
                "hint: the slowest process takes %.1f times as long for its part of a step as the others, which wait "
                "for it: other programs on its machine, a slower card, or slower files?",
                straggler,
            )

    def _hint_once(self, text: str, *values: object) -> None:
        if text not in self._hinted:
            self._hinted.add(text)
            logger.info(text, *values)

    def _more_workers(self) -> str:
        cores = os.cpu_count() or 1
        return f"loading.num_workers={min(cores, max(2, 2 * self.num_workers))}, " if self.num_workers < cores else ""


def _rich_bar(total: int, completed: int):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("train"), BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.fields[rates]}"))
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("train", total=total, completed=completed, rates="")
    return bar
