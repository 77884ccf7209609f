"""A command in a process of its own: whatever becomes of it, this process goes on."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

GRACE_SECONDS = 3.0  # from SIGTERM to SIGKILL
SKIPPED = 77  # the exit status of a section that has nothing to do here, as in automake


class Ended(NamedTuple):
    """How a command ended."""

    status: str  # ok, skipped, failed, timed out
    why: str  # in words, where it is not ok
    seconds: float
    output: list[str]  # lines of stdout and stderr together


def run(
    command: Sequence[str], *, seconds: float, environment: Mapping[str, str], log: Path, cwd: Path | None = None
) -> Ended:
    """Run ``command`` for ``seconds`` at most, then end it and all that it started."""
    began = time.monotonic()
    with log.open("wb") as file:
        try:
            process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=cwd, start_new_session=True
            )
        except OSError as error:
            return Ended("failed", str(error), 0.0, [])
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:  # also where this process is told to end
            end_group(process)
    output = log.read_text(errors="replace").splitlines()
    status, why = meaning(code, seconds, output)
    return Ended(status, why, time.monotonic() - began, output)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """The process, if it still runs, and whatever it left behind in its group."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def meaning(code: int | None, seconds: float, output: list[str]) -> tuple[str, str]:
    """(status, why) of an exit status; None = it ran for too long."""
    last = output[-1] if output else "it said nothing"
    if code is None:
        return "timed out", f"ended after {seconds:.0f} s"
    if code == SKIPPED:
        return "skipped", last
    if code < 0:
        return "failed", f"ended by {signal.Signals(-code).name}"
    return ("failed", f"exit status {code}") if code else ("ok", "")
