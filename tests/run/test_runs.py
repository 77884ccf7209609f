import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from videoai.core.files import file_lock
from videoai.run.runs import list_runs
from videoai.run.training.folder import RunFolder
from videoai.run.training.status import beginning, recording, status_of

LOG = [
    {"step": 10, "split": "val", "top1": 0.5},
    {"step": 20, "split": "val", "top1": 0.4},
    {"step": 21, "split": "train"},
]
STATUS = {"state": "finished", "step": 40, "stop_step": 40, "metric": "top1", "lower_is_better": False}
STATUS |= {"began": "2026-11-30T10:00:00", "best": "top-1 93.0%", "best_step": 20}


def write(folder: Path, *, lr=0.1, status=None, test=None, log=LOG, **config) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    config = {"optim": {"lr": lr}, "run_dir": str(folder), "trainer": {"num_threads": os.getpid()}, **config}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in log) + '{"step": 2')
    if status is not None:
        (folder / "status.json").write_text(json.dumps({**STATUS, **status}))
    if test:
        (folder / "test").mkdir()
        (folder / "test" / "results.json").write_text(json.dumps({"video_top1": test}))
    return folder


@pytest.mark.parametrize(
    ("status", "state", "step", "best"),
    [
        ({}, "finished", "40/40", "top-1 93.0% at 20"),
        ({"state": "stopped", "step": 30}, "stopped", "30/40", "top-1 93.0% at 20"),
        ({"state": "failed", "error": "no room"}, "failed", "40/40", "top-1 93.0% at 20"),
        ({"state": "training", "step": 0, "best": ""}, "stopped", "21/40", "top1 0.500 at 10"),  # killed
        (None, "?", "21", ""),  # by an earlier videoai
    ],
)
def test_a_run_says_how_it_ended(status, state, step, best, tmp_path):
    write(tmp_path / "a", status=STATUS | status if status is not None else None)
    (row,) = list_runs(str(tmp_path))
    assert (row.name, row.state, row.step, row.best) == ("a", state, step, best)


def test_a_finished_run_that_is_continued_and_killed_before_its_first_step_is_stopped(tmp_path):
    folder = RunFolder(write(tmp_path / "a", status={}))
    with beginning(folder):
        (row,) = list_runs(str(tmp_path))  # nobody holds the lock, as after SIGKILL
        assert (row.state, row.step, row.date) == ("stopped", "21", "2026-11-30 10:00")


def test_a_failed_run_that_is_continued_has_no_error_any_more(tmp_path):
    folder = RunFolder(write(tmp_path / "a", status={"state": "failed", "error": "no room"}))
    with beginning(folder):
        status = json.loads((tmp_path / "a/status.json").read_bytes())
    assert (status["state"], "error" in status) == ("training", False)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_finished_run_stays_so_where_the_command_that_continues_it_is_refused(error, tmp_path):
    folder = RunFolder(write(tmp_path / "a", status={}))
    with suppress(error), beginning(folder):
        raise error
    (row,) = list_runs(str(tmp_path))
    assert (row.state, row.step) == ("finished", "40/40")


def test_a_new_run_that_is_killed_before_its_first_step_is_stopped_and_a_refused_one_leaves_no_record(tmp_path):
    folder = RunFolder(write(tmp_path / "a", log=[]))
    with suppress(ValueError), beginning(folder):
        (row,) = list_runs(str(tmp_path))
        assert (row.state, row.step) == ("stopped", "0")
        raise ValueError
    assert list_runs(str(tmp_path))[0].state == "?"


def test_a_run_that_trains_now_is_read_from_its_curves_and_not_disturbed(tmp_path):
    folder = write(tmp_path / "a", status={"state": "training", "step": 0})
    with file_lock(folder / ".lock"):
        (row,) = list_runs(str(tmp_path))
    assert (row.state, row.step, row.best) == ("training now", "21/40", "top1 0.500 at 10")


def test_only_settings_that_differ_are_shown_and_not_those_of_the_machine(tmp_path):
    write(tmp_path / "b", lr=0.2, status={"began": "2026-11-30T12:00:00"}, seed=0, device="cpu", test=0.9)
    write(tmp_path / "a", lr=0.1, status={}, seed=0, device="cuda")
    write(tmp_path / "sweep" / "seed=1", lr=0.1, status={"began": "2026-11-30T11:00:00"}, seed=1, device="cpu")
    rows = list_runs(str(tmp_path))
    assert [row.name for row in rows] == ["a", "sweep/seed=1", "b"]  # by date
    assert [row.settings for row in rows] == [
        {"optim.lr": lr, "seed": seed} for lr, seed in (("0.1", "0"), ("0.1", "1"), ("0.2", "0"))
    ]
    assert [row.test for row in rows] == ["", "", "video_top1 90.0 %"]


@pytest.mark.parametrize(("folder", "said"), [("none", "no such folder"), (".", "no run below it")])
def test_where_nothing_is_the_next_command_is_said(folder, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=said):
        list_runs(folder)


def test_a_run_that_goes_on_began_when_it_began(tmp_path):
    class Best:
        step, value = 20, 0.93

    class Trainer:
        best, step, metric, lower_is_better = Best(), 40, "top1", False
        cadence = type("Cadence", (), {"stop_step": 40})()

    folder = RunFolder(write(tmp_path / "run", status={"state": "stopped"}))
    with recording(folder, Trainer(), text=str):  # pyright: ignore[reportArgumentType]
        pass
    assert status_of(folder.path)["began"] == STATUS["began"]
    assert status_of(folder.path)["state"] == "finished"
