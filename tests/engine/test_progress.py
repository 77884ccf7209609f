import logging

import pytest

from videoai.engine.progress import Progress, _rich_bar
from videoai.engine.timing import StepTime
from videoai.report.tables import as_text


def advance(progress: Progress, steps: range, *, waited: float, took: float = 1.0) -> None:
    for step in steps:
        progress.step(step, 16, StepTime(waited, took, took))


def test_rates_are_of_the_interval_and_start_afresh_with_each_line():
    progress = Progress(100)
    advance(progress, range(1, 11), waited=0.1)
    assert progress.speed.rates() == {"clips_per_second": pytest.approx(16.0), "data_wait": pytest.approx(0.1)}
    progress.line(10, {"loss": 1.0, "lr": 0.1, **progress.speed.rates()})
    advance(progress, range(11, 13), waited=0.0, took=0.5)
    assert progress.speed.rates() == {"clips_per_second": pytest.approx(32.0), "data_wait": 0.0}


def test_the_time_left_leaves_out_the_slow_first_step():
    progress = Progress(100)
    progress.step(1, 16, StepTime(0.0, 60.0, 60.0))
    advance(progress, range(2, 11), waited=0.0)
    assert progress.eta(10) == "01:30"
    later = Progress(100, start_step=50)
    later.step(51, 16, StepTime(0.0, 60.0, 60.0))  # the first one of this process
    advance(later, range(52, 61), waited=0.0)
    assert later.eta(60) == "00:40"
    progress.total_steps = 3_611
    assert progress.eta(10) == "01:00:01"
    progress.total_steps = 100_000
    assert progress.eta(10) == "1 d 3 h"


def test_waiting_for_data_is_hinted_at_once(caplog):
    caplog.set_level(logging.INFO)
    progress = Progress(100, num_workers=0)
    for last in (10, 20):
        advance(progress, range(last - 9, last + 1), waited=0.5)
        progress.line(last, {"loss": 1.0, "lr": 0.1, **progress.speed.rates()})
    assert caplog.text.count("hint: 50 % of the time goes into waiting for clips") == 1


@pytest.mark.parametrize(("num_workers", "wanted"), [(0, "2, "), (1, "2, "), (3, "6, "), (5, "8, "), (8, None)])
def test_the_hint_doubles_the_processes_up_to_the_cores(num_workers, wanted, caplog, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    caplog.set_level(logging.INFO)
    progress = Progress(100, num_workers=num_workers)
    advance(progress, range(1, 11), waited=0.5)
    progress.line(10, {"loss": 1.0, "lr": 0.1, **progress.speed.rates()})
    tried = f"loading.num_workers={wanted}" if wanted else ""
    assert f"Try {tried}smaller video files" in caplog.text


def test_a_process_that_delays_the_others_is_hinted_once(caplog):
    caplog.set_level(logging.INFO)
    progress = Progress(100)
    for last in (10, 20):
        advance(progress, range(last - 9, last + 1), waited=0.0)
        progress.line(last, {"loss": 1.0, "lr": 0.1, **progress.speed.rates(), "straggler": 1.5, "mfu": 0.42})
    assert caplog.text.count("hint: the slowest process takes 1.5 times as long") == 1
    assert "data 0%  MFU 42%  ETA" in caplog.text


def test_no_hint_where_data_keep_up(caplog):
    progress = Progress(100)
    advance(progress, range(1, 11), waited=0.1)
    with caplog.at_level(logging.INFO):
        progress.line(10, {"loss": 1.0, "lr": 0.1, **progress.speed.rates()})
    assert "hint" not in caplog.text
    assert "step 10/100  loss 1.0000  lr 1.0e-01  16 clips/s  data 10%" in caplog.text


@pytest.mark.parametrize("columns", [60, 80])
def test_rates_and_the_time_left_are_all_visible_on_a_terminal(columns):
    bar = _rich_bar(120_000, 0)
    bar.update(bar.task_ids[0], completed=119_999, rates="1234 clips/s  data 100%  ETA 12:34:56")
    shown = as_text(bar.get_renderable(), width=columns)
    assert shown.endswith("1234 clips/s  data 100%  ETA 12:34:56")
    assert "\n" not in shown
    assert ("119999/120000" in shown) == (columns == 80)  # what gives way is the count
