import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videoai.data.prepare.jobs import Done, Job
from videoai.data.prepare.pool import run_jobs

JOBS = [Job(str(number), ()) for number in range(5)]


def make(job: Job) -> Done:
    return Done(job.name, str(os.getpid()), "made", 0)


def make_or_die(job: Job) -> Done:
    if job.name == "3":
        os._exit(1)
    return make(job)


def make_or_raise(job: Job) -> Done:
    if job.name == "3":
        raise OSError("the disk is full")
    return make(job)


def give_up(job: Job) -> Done:
    return Done(job.name, "", "given up", 0)


def test_without_processes_jobs_run_here_in_order():
    done = list(run_jobs(JOBS, make, give_up, 0))
    assert [one.name for one in done] == [job.name for job in JOBS]
    assert {one.stamp for one in done} == {str(os.getpid())}


def test_a_job_that_kills_its_process_costs_that_job_only():
    done = {one.name: one.target for one in run_jobs(JOBS, make_or_die, give_up, 2)}
    assert done == {job.name: "given up" if job.name == "3" else "made" for job in JOBS}


def test_an_error_of_a_job_is_the_callers():
    with pytest.raises(OSError, match="the disk is full"):
        list(run_jobs(JOBS, make_or_raise, give_up, 1))


SLEEPER = """
import os, sys, time
from videoai.data.prepare.pool import run_jobs
from videoai.data.prepare.jobs import Job

def make(job):
    open(job.name, "w").write(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    list(run_jobs([Job("pid", ())], make, make, 1))
"""


def test_processes_end_with_a_parent_that_was_killed(tmp_path: Path):
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "sleeper.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.DEVNULL,
    ) as parent:
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
