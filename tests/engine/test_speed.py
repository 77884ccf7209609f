import pytest

from videoai.core import process_group
from videoai.engine.speed import Speed
from videoai.engine.timing import StepTime


def test_values_are_of_the_steps_since_the_last_line():
    speed = Speed(seconds_at_peak=0.01)
    for took in [1.0] * 18 + [3.0, 9.0]:
        speed.add(16, StepTime(waited=0.3, took=took, alone=took))
    assert speed.values() == {
        "clips_per_second": pytest.approx(20 * 16 / 30),
        "data_wait": pytest.approx(0.2),
        "step_seconds_p50": 1.0,
        "step_seconds_p95": 3.0,
        "mfu": pytest.approx(0.01 * 20 * 16 / 30),
    }
    speed.restart()
    speed.add(16, StepTime(waited=0.0, took=2.0, alone=2.0))
    assert speed.values()["clips_per_second"] == 8.0


def test_of_several_processes_the_slowest_and_the_one_that_waits_most_are_shown(monkeypatch):
    monkeypatch.setattr(process_group, "world_size", lambda: 3)
    monkeypatch.setattr(process_group, "all_gather", lambda own: [own, (2.0, 0.0), (3.0, 0.6)])
    speed = Speed(seconds_at_peak=0.03)
    speed.add(30, StepTime(waited=0.1, took=4.0, alone=1.0))
    values = speed.values()
    assert (values["straggler"], values["data_wait"]) == (1.5, 0.6)
    assert values["mfu"] == pytest.approx(0.03 * 30 / 4 / 3)
