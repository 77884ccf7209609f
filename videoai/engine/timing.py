"""How long steps take and how long they wait for clips, measured on the device that computes them.

A GPU works through a queue that the host fills ahead of it. The host's own times therefore say nothing about the GPU: a
host that waits for the loader while the queue is full delays nobody. So each step is marked by CUDA events, which are
read a step or more later, once they have passed: measuring waits for nothing.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch


class StepTime(NamedTuple):
    """Seconds of one step in this process. What lies between two steps, such as an evaluation, is no part of any."""

    waited: float  # the device had nothing to do, because clips were missing
    took: float  # the whole step, the wait included
    alone: float  # until the process first waits for the others, the wait for clips included


class Clock(Protocol):
    """Marks moments in the work of a device."""

    def mark(self) -> Any: ...

    def has_passed(self, mark: Any) -> bool: ...

    def seconds(self, first: Any, last: Any) -> float: ...


class HostClock:
    """For a CPU, which has done what was asked of it when the call returns."""

    def mark(self) -> float:
        """Now."""
        return time.perf_counter()

    def has_passed(self, mark: float) -> bool:
        """Always."""
        return True

    def seconds(self, first: float, last: float) -> float:
        """From one mark to the other."""
        return last - first


class CudaClock:
    """CUDA events in the device's current stream: a mark is a place in its queue, which passes when all work before it
    is done (https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def mark(self) -> torch.cuda.Event:
        """The end of the queue as it is now."""
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self.device))  # for cuda:1, not the stream of the current device
        return event

    def has_passed(self, mark: torch.cuda.Event) -> bool:
        """Asks the device without waiting for it."""
        return mark.query()

    def seconds(self, first: torch.cuda.Event, last: torch.cuda.Event) -> float:
        """From one mark to the other; both have passed."""
        return first.elapsed_time(last) / 1000


@dataclass(slots=True)
class Marks:
    """One step as it is recorded."""

    begin: Any  # before its clips are asked for
    start: Any = None  # the clips are there
    exchange: Any = None  # before the first message to other processes
    end: Any = None


class StepTimer:
    """``with waiting(): next(batches)``, then ``with working(): ...``, in each step; ``finished`` gives the times.

    Both ends of the wait are marked in the device's queue. As long as it has work, they pass together, however long the
    host waits in between; a device that also waits for a copy or an augmentation of the clips is waiting for clips.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._now = Marks(None)
        self._pending: deque[Marks] = deque()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The host waits for clips."""
        self._now = Marks(self.clock.mark())
        yield
        self._now.start = self._now.exchange = self.clock.mark()

    @contextmanager
    def working(self) -> Iterator[None]:
        """The device's work of one step is given to it."""
        yield
        self._now.end = self.clock.mark()
        self._pending.append(self._now)

    def before_exchange(self) -> None:
        """From here on the step may wait for other processes."""
        self._now.exchange = self.clock.mark()

    def finished(self) -> Iterator[StepTime]:
        """The steps that the device has completed since the last call, in their order."""
        while self._pending and self.clock.has_passed(self._pending[0].end):
            step, seconds = self._pending.popleft(), self.clock.seconds
            yield StepTime(*(seconds(step.begin, mark) for mark in (step.start, step.end, step.exchange)))


def new_timer(device: torch.device) -> StepTimer:
    """The timer that measures what ``device`` does."""
    return StepTimer(CudaClock(device) if device.type == "cuda" else HostClock())
