import logging

import pytest

from videoai.core.progress import _bars, counting
from videoai.engine.progress import Progress
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


@pytest.mark.parametrize(
    ("losses", "best", "num_clips", "warnings"),
    [
        ([0.6, 0.5, *[0.9 + 0.02 * n for n in range(9)]], {0, 1}, 400, 1),  # rises for long and is no better: once
        ([0.6, 0.5, *[0.9 + 0.02 * n for n in range(9)]], {0, 1, 6}, 400, 0),  # the metric is still better
        ([0.6, 0.5, *[0.9 + 0.02 * n for n in range(9)]], {0, 1}, 9, 0),  # nine clips cannot tell
        ([0.6, 0.5, *[0.52] * 9], {0, 1}, 400, 0),
        ([float("nan")] * 11, set(), 400, 0),
    ],
)
def test_a_validation_loss_that_rises_for_long_is_hinted_once(losses, best, num_clips, warnings, caplog):
    caplog.set_level(logging.INFO)
    progress = Progress(1000, eval_clips=num_clips)
    for place, loss in enumerate(losses):
        progress.evaluation(100 * place, {"top1": 0.5, "loss": loss}, place in best)
    assert caplog.text.count("hint: the model overfits: validation loss was lowest at step 100") == warnings


@pytest.mark.parametrize(("patience", "said"), [(None, "patience=5 would end"), (40, "patience=40 ends")])
def test_the_hint_on_a_rising_loss_knows_the_patience_that_is_set(patience, said, caplog):
    caplog.set_level(logging.INFO)
    progress = Progress(1000, eval_clips=400, patience=patience)
    for place, loss in enumerate([0.5, *[0.9 + 0.02 * n for n in range(9)]]):
        progress.evaluation(100 * place, {"top1": 0.5, "loss": loss}, place == 0)
    assert caplog.text.count("trainer.patience") == 1 and f"; trainer.{said} such a run, and" in caplog.text


def test_no_hint_where_data_keep_up(caplog):
    progress = Progress(100)
    advance(progress, range(1, 11), waited=0.1)
    with caplog.at_level(logging.INFO):
        progress.line(10, {"loss": 1.0, "lr": 0.1, **progress.speed.rates()})
    assert "hint" not in caplog.text
    assert "step 10/100  loss 1.0000  lr 1.0e-01  16 clips/s  data 10%" in caplog.text


@pytest.mark.parametrize(
    ("evaluations", "step", "left"),
    [
        ([5.0], 10, "01:45"),  # 90 steps of a second, and those at 40, 80 and the end
        ([5.0, 7.0], 40, "01:12"),
        ([], 10, "01:33"),  # not measured yet: 16 clips as fast as in training
    ],
)
def test_the_time_left_holds_the_validations_to_come(evaluations, step, left, monkeypatch):
    progress = Progress(100, eval_every=40, eval_clips=16)
    advance(progress, range(1, step + 1), waited=0.0)
    for seconds in evaluations:
        clock = iter([100.0, 100.0 + seconds])
        monkeypatch.setattr("videoai.engine.progress.time.monotonic", lambda clock=clock: next(clock))
        with progress.validating(step):
            pass
    assert progress.eta(step) == left


@pytest.mark.parametrize("columns", [72, 80])
def test_loss_rate_and_the_time_left_are_all_visible_on_a_terminal(columns, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress(12_000) as progress:
        advance(progress, range(1, 3), waited=0.0)
        progress.line(2, {"loss": 0.1234, "lr": 4e-3, **progress.speed.rates()})
        advance(progress, range(3, 5), waited=0.0)
        shown = as_text(_bars[0].get_renderable(), width=columns)
        assert shown.startswith("train") and "\n" not in shown
        assert shown.endswith("loss 0.1234  lr 4.0e-03  16 clips/s  ETA 03:19:56")
        with progress.validating(4):
            assert "validating  loss 0.1234" in as_text(_bars[0].get_renderable(), width=80)
            with counting("validate", 40) as add:
                add(10)
                _, row = as_text(_bars[0].get_renderable(), width=80).splitlines()
                assert row.startswith("validate") and "10/40" in row and "ETA" in row
    assert not _bars
