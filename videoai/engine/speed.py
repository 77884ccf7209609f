"""The speed of training over the steps since the last log line: what ``metrics.jsonl`` and the console show of it."""

import statistics
from collections.abc import Sequence

import torch

from videoai.core import process_group
from videoai.engine.timing import StepTime


class Speed:
    """Collects the times of steps and turns them into values by name; docs/logging.md says what each means."""

    def __init__(self, device: torch.device | None = None, *, seconds_at_peak: float | None = None) -> None:
        """
        Args:
            device: None = a CPU.
            seconds_at_peak: of one clip, if the GPU worked at its peak; None = not known, ``mfu`` is not given.
        """
        self.cuda = device if device is not None and device.type == "cuda" else None
        self.seconds_at_peak = seconds_at_peak
        self.restart()

    def restart(self) -> None:
        """Forget the steps so far."""
        self.num_clips, self._times = 0, list[StepTime]()

    def add(self, num_clips: int, step: StepTime) -> None:
        """num_clips: of the step, over all processes."""
        self.num_clips += num_clips
        self._times.append(step)

    def rates(self) -> dict[str, float]:
        """Clips a second over all processes, and the share of time in which this process waited for clips."""
        took = max(sum(step.took for step in self._times), 1e-9)
        return {"clips_per_second": self.num_clips / took, "data_wait": sum(step.waited for step in self._times) / took}

    def values(self) -> dict[str, float]:
        """All values. Every process calls it at the same step; ``data_wait`` is that of the process that waits most."""
        values = self.rates()
        ordered = sorted(step.took for step in self._times) or [0.0]
        values["step_seconds_p50"] = statistics.median(ordered)
        values["step_seconds_p95"] = ordered[-1 - len(ordered) // 20]
        if process_group.world_size() > 1:
            alone = sum(step.alone for step in self._times) / max(1, len(self._times))
            everywhere = process_group.all_gather((alone, values["data_wait"]))
            values["straggler"] = straggler([one for one, _ in everywhere])
            values["data_wait"] = max(wait for _, wait in everywhere)
        if self.cuda:
            values["peak_memory_gb"] = torch.cuda.max_memory_allocated(self.cuda) / 1e9
        if self.seconds_at_peak:
            values["mfu"] = values["clips_per_second"] / process_group.world_size() * self.seconds_at_peak
        return values


def straggler(seconds: Sequence[float]) -> float:
    """How much longer the slowest process takes than the median one: 1 = all are alike. ``seconds``: of a step in each
    process, without what it waits for the others."""
    return max(seconds) / max(statistics.median(seconds), 1e-9)
