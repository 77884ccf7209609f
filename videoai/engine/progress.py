"""What the console shows while training: a bar on a terminal, one line an interval elsewhere; and where the time
goes."""

import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import fmean
from types import TracebackType

from videoai.core.curves import rise
from videoai.core.progress import duration, row
from videoai.engine.speed import Speed
from videoai.engine.timing import StepTime

logger = logging.getLogger(__name__)

DATA_WAIT_HINT = 0.20  # share of the time above which it pays to load faster
WARN_AFTER = 5  # validations that were no better, a quarter of a run; judgement
RISING = (
    "hint: the model overfits: validation loss was lowest at step %d and has been higher in the %d validations since, "
    "%.0f %% now. best.pt keeps the best one; %s, and the end says what may help."
)
END_IT = "trainer.patience=5 would end such a run"  # where no patience is set
ENDS_IT = "trainer.patience=%d ends such a run"
STRAGGLER_HINT = 1.2  # a process this much slower than the median one delays all of them


class Progress:
    """Shows the speed since the last log line and the time left, with that of the validations to come.

    ``patience``: as the trainer's.

    ``eval_every``: steps between validations; ``eval_clips``: clips of one, whose time is guessed from the speed of
    training until the first was measured.
    """

    def __init__(
        self,
        total_steps: int,
        *,
        start_step: int = 0,
        num_workers: int = 0,
        speed: Speed | None = None,
        eval_every: int | None = None,
        eval_clips: int = 0,
        patience: int | None = None,
    ) -> None:
        self.total_steps, self.start_step, self.num_workers = total_steps, start_step, num_workers
        self.eval_every, self.eval_clips = eval_every or total_steps + 1, eval_clips
        self.speed, self.patience = speed or Speed(), patience
        self._shown = ExitStack()
        self._show: Callable[[int, str], None] | None = None
        self._loss = ""  # and the learning rate, as last logged
        self._timed, self._seconds, self._clips = 0, 0.0, 0  # since the start, without the first step
        self._eval_seconds: list[float] = []
        self._hinted = set[str]()
        self._losses: list[tuple[float, float]] = []  # (step, loss) of the validations of this process
        self._stale = 0  # validations since the best of them

    def __enter__(self) -> "Progress":
        self._show = self._shown.enter_context(row("train", self.total_steps, self.start_step))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._show = None
        self._shown.close()

    @contextmanager
    def validating(self, step: int) -> Iterator[None]:
        """Measures how long a validation takes, which the bar names."""
        if self._show:
            self._show(step, f"validating  {self._loss}ETA {self.eta(step)}")
        start = time.monotonic()
        yield
        self._eval_seconds.append(time.monotonic() - start)
        if self._show:
            self._show(step, f"{self._loss}ETA {self.eta(step)}")

    def step(self, step: int, num_clips: int, timed: StepTime) -> None:
        """Count one optimizer step."""
        self.speed.add(num_clips, timed)
        self._timed += 1
        if self._timed > 1:  # the first step starts workers and builds kernels: no guide to the rest
            self._seconds += timed.took
            self._clips += num_clips
        if self._show:
            speed = "{clips_per_second:.0f} clips/s".format(**self.speed.rates())
            self._show(step, f"{self._loss}{speed}  ETA {self.eta(step)}")

    def eta(self, step: int) -> str:
        """Time left for training steps and validations: minutes:seconds, hours:minutes:seconds or days and hours."""
        steps = (self.total_steps - step) * self._seconds / max(1, self._timed - 1)
        return duration(steps + self._evaluations_left(step) * self._seconds_of_evaluation())

    def _evaluations_left(self, step: int) -> int:
        """One every ``eval_every`` steps and one at the end; not that of this very step."""
        if self.eval_every > self.total_steps:
            return 0
        return math.ceil(self.total_steps / self.eval_every) - step // self.eval_every

    def _seconds_of_evaluation(self) -> float:
        if self._eval_seconds:
            return fmean(self._eval_seconds)
        return self.eval_clips * self._seconds / self._clips if self._clips else 0.0

    def line(self, step: int, values: dict[str, float]) -> None:
        """One console line; then a fresh interval."""
        self._loss = f"loss {values['loss']:.4f}  lr {values['lr']:.1e}  "
        if not self._show:
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
        self._losses.append((step, metrics.get("loss", math.nan)))
        self._stale = 0 if better else self._stale + 1
        risen = rise(self._losses, self.eval_clips)
        if risen and risen.is_clear and self._stale >= WARN_AFTER:
            end = END_IT if self.patience is None else ENDS_IT % self.patience
            self._hint_once(RISING, risen.step, risen.count, 100 * risen.share, end)

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
