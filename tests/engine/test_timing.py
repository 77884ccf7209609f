import time
from collections.abc import Sequence

import pytest
import torch

from videoai.engine.timing import StepTime, StepTimer, new_timer


class Device:
    """A clock of a device that works through its queue after the host; ``done`` is where it stands, in seconds."""

    def __init__(self, moments: Sequence[float]) -> None:
        self.moments, self.done = iter(moments), 0.0

    def mark(self) -> float:
        return next(self.moments)

    def has_passed(self, mark: float) -> bool:
        return mark <= self.done

    def seconds(self, first: float, last: float) -> float:
        return last - first


def run(timer: StepTimer, steps: int) -> None:
    for _ in range(steps):
        with timer.waiting():
            pass
        with timer.working():
            timer.before_exchange()


def test_a_host_that_waits_while_the_device_is_busy_delays_nothing():
    """Marks of a step: begin, clips are there, before the exchange, end. The device reaches the first two together."""
    device = Device([0, 0, 1, 10, 10, 10, 11, 20])
    timer = StepTimer(device)
    run(timer, 2)
    device.done = 20.0
    assert list(timer.finished()) == [StepTime(0, 10, 1), StepTime(0, 10, 1)]


def test_a_device_without_clips_waits_as_long_as_it_is_idle():
    device = Device([0, 0, 1, 10, 10, 14, 16, 20])  # idle from 10 to 14
    timer = StepTimer(device)
    run(timer, 2)
    device.done = 20.0
    assert list(timer.finished())[1] == StepTime(waited=4, took=10, alone=6)


def test_an_evaluation_between_two_steps_is_part_of_none():
    device = Device([0, 0, 1, 10, 500, 500.5, 501, 510])
    timer = StepTimer(device)
    run(timer, 2)
    device.done = 510.0
    assert list(timer.finished())[1] == StepTime(waited=0.5, took=10, alone=1)


def test_steps_that_the_device_has_not_completed_are_read_later():
    device = Device([0, 0, 1, 10, 10, 10, 11, 20])
    timer = StepTimer(device)
    run(timer, 2)
    device.done = 15.0
    assert len(list(timer.finished())) == 1
    assert list(timer.finished()) == []
    device.done = 20.0
    assert len(list(timer.finished())) == 1


def test_a_cpu_is_timed_by_the_clock():
    timer = new_timer(torch.device("cpu"))
    with timer.waiting():
        time.sleep(0.02)
    with timer.working():
        time.sleep(0.01)
        timer.before_exchange()
    (step,) = timer.finished()
    assert 0.02 <= step.waited < step.alone <= step.took


@pytest.mark.gpu
def test_a_gpu_is_timed_by_its_own_work():
    """The host queues work and returns at once: 50 products of 4096 take over 10 ms on any card."""
    timer, device = new_timer(torch.device("cuda")), torch.device("cuda")
    values = torch.randn(4096, 4096, device=device)
    for _ in range(2):
        with timer.waiting():
            pass
        with timer.working():
            for _ in range(50):
                values = (values @ values).clamp(-1, 1)
    assert len(list(timer.finished())) < 2  # read later, without waiting
    torch.cuda.synchronize()
    last = list(timer.finished())[-1]
    assert last.waited < 0.01 < last.took
