"""Does trainer.minutes come to as many steps as the time allows?"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from videoai.compose.settings import from_keywords
from videoai.core import process_group
from videoai.run.training.time_budget import SPARE, check_minutes, note_overrun, steps_within
from videoai.settings.training import TrainSettings


def setup_of(*, device: str, workers: int, num_val: int = 0) -> Any:
    trainer = SimpleNamespace(accumulate=1)
    manifest = SimpleNamespace(splits={"val": range(num_val)})
    return SimpleNamespace(
        training=SimpleNamespace(trainer=trainer),
        batch_size=16,
        num_workers=workers,
        device=SimpleNamespace(type=device),
        manifest=manifest,
    )


def test_steps_fill_the_time_but_for_what_is_kept_spare():
    usual = {"step": 0.5, "read": 0.0, "evaluations": 20}
    assert steps_within(100, setup_of(device="cuda", workers=4), **usual) == int(100 * (1 - SPARE) / 0.5)


def test_reading_beside_a_gpu_counts_only_where_it_is_slower():
    slow = {"step": 0.1, "read": 0.1, "evaluations": 0}
    assert steps_within(100, setup_of(device="cuda", workers=16), **slow) == int(100 * (1 - SPARE) / 0.1)
    assert steps_within(100, setup_of(device="cuda", workers=2), **slow) == int(100 * (1 - SPARE) / 0.8)


def test_validations_take_their_part_and_one_step_is_the_least():
    usual = {"step": 0.5, "read": 0.01}
    without = steps_within(100, setup_of(device="cuda", workers=4, num_val=100), **usual, evaluations=0)
    assert steps_within(100, setup_of(device="cuda", workers=4, num_val=100), **usual, evaluations=20) < without
    assert steps_within(0.01, setup_of(device="cuda", workers=4), **usual, evaluations=0) == 1


def test_minutes_beside_epochs_are_refused():
    settings = from_keywords(TrainSettings, {"trainer": {"minutes": 5, "max_epochs": 3}}).settings()
    with pytest.raises(ValueError, match="leave one of them out"):
        check_minutes(settings)
    check_minutes(replace(settings, trainer=replace(settings.trainer, max_epochs="auto")))


@pytest.mark.slow
def test_a_run_of_a_few_seconds_ends_in_about_that_time(videoai_command, clip_folder, tmp_path):
    words = ["train", "data=folder", f"data.root={clip_folder}", "trainer.minutes=0.1", f"run_dir={tmp_path / 'run'}"]
    words += ["trainer.num_threads=1", "trainer.precision=fp32", "loading.num_workers=0", "report=false", "logger=[]"]
    done = videoai_command(*words, cwd=tmp_path)
    assert "trainer.minutes=0.1:" in done.stderr + done.stdout, done.stderr
    again = videoai_command(*words, cwd=tmp_path)
    assert "already at step" in again.stderr + again.stdout, again.stderr  # it measures once


@pytest.mark.parametrize(("minutes", "seconds", "is_said"), [(0.2, 19, True), (0.2, 13, False), (None, 1000, False)])
def test_a_run_that_took_clearly_longer_than_asked_says_so(minutes, seconds, is_said, caplog):
    note_overrun(SimpleNamespace(minutes=minutes), seconds)
    assert ("training took" in caplog.text) == is_said
    assert ("took 0.3 minutes for trainer.minutes=0.2: the machine was slower" in caplog.text) == is_said


def test_one_of_several_processes_says_so(caplog, monkeypatch):
    monkeypatch.setattr(process_group, "rank", lambda: 1)
    note_overrun(SimpleNamespace(minutes=0.2), 19)
    assert not caplog.text
