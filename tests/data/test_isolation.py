import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videoai.data.isolation import WorkerFailure, isolated

ROOT = Path(__file__).resolve().parents[2]


def hostile(task: str) -> int:
    """What a decoder may do to its process, by the name of the task."""
    if task.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if task.startswith("hang"):
        time.sleep(600)
    if task == "error":
        raise OSError("the disk is full")
    return os.getpid()


@pytest.mark.slow
def test_a_crash_and_a_hang_cost_one_task_each():
    tasks = ["a", "crash1", "b", "hang", "crash2", "c", "d"]
    answers = dict(isolated(tasks, hostile, num_workers=2, seconds=10))
    assert sorted(answers) == sorted(tasks)
    crash = WorkerFailure("crash", "its process ended with code -11")
    assert [answers[task] for task in ("crash1", "crash2", "hang")] == [
        crash,
        crash,
        WorkerFailure("timeout", "after 10 s"),
    ]
    assert os.getpid() not in answers.values()


def test_an_error_of_the_work_is_the_callers():
    with pytest.raises(OSError, match="the disk is full"):
        list(isolated(["error"], hostile, num_workers=1))


def test_without_processes_tasks_run_here_in_order():
    assert list(isolated(["b", "a"], hostile, num_workers=0)) == [("b", os.getpid()), ("a", os.getpid())]


def test_no_tasks_are_no_answers():
    assert list(isolated([], hostile, num_workers=2)) == []


SLEEPER = """
import os, time

def work(name):
    open(name, "w").write(str(os.getpid()))
    time.sleep(60)
"""
PARENT = """
from sleeper import work
from videoai.data.isolation import isolated
list(isolated(["pid"], work, num_workers=1))
"""


@pytest.mark.slow
def test_processes_end_with_a_parent_that_was_killed(tmp_path: Path):
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, env=environment) as parent:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        parent.kill()
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
