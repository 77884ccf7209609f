"""``scripts/gpu_check.sh`` on a CPU: whatever becomes of a section, the others run, and the page says how each
ended."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CRASH = f"crash={sys.executable} -c 'import os; print(40 + 2, flush=True); os.abort()'"


@pytest.fixture(scope="module")
def process() -> Any:
    spec = spec_from_file_location("process", ROOT / "scripts/gpu_check/process.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules["process"] = module  # where a NamedTuple looks for its annotations
    spec.loader.exec_module(module)
    yield module
    del sys.modules["process"]


def gpu_check(out: Path, *options: str, timeout: float) -> tuple[int, dict[str, Any], str]:
    """(exit status, the page in JSON, the page)"""
    command = [str(ROOT / "scripts/gpu_check.sh"), "--device", "cpu", "--small", "--out", str(out), *options]
    environment = {**os.environ, "PYTHON": sys.executable}
    code = subprocess.run(command, env=environment, cwd=out.parent, timeout=timeout, check=False).returncode
    return code, json.loads((out / "gpu_check.json").read_text()), (out / "gpu_check.md").read_text()


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        ("print('fine')", "ok", ""),
        ("print('no GPU'); raise SystemExit(77)", "skipped", "no GPU"),
        ("raise SystemExit(3)", "failed", "exit status 3"),
        ("import os; os.kill(os.getpid(), 11)", "failed", "ended by SIGSEGV"),
    ],
)
def test_a_command_ends_with_a_word_for_it(process, tmp_path, code, status, why):
    command = [sys.executable, "-c", code]
    ended = process.run(command, seconds=30, environment=os.environ, log=tmp_path / "log")
    assert (ended.status, ended.why) == (status, why)


def test_a_command_that_is_not_there_fails(process, tmp_path):
    ended = process.run(["/no/such/program"], seconds=30, environment=os.environ, log=tmp_path / "log")
    assert ended.status == "failed" and "/no/such/program" in ended.why


def test_at_its_limit_a_command_is_ended_with_what_it_started_and_keeps_its_output(process, tmp_path):
    command = ["bash", "-c", "trap '' TERM; sleep 60 & echo $!; wait; wait"]
    began = time.monotonic()
    ended = process.run(command, seconds=0.5, environment=os.environ, log=tmp_path / "log")
    assert (ended.status, ended.why) == ("timed out", "ended after 0 s") and time.monotonic() - began < 30
    (child,) = ended.output
    while is_running(child) and time.monotonic() - began < 30:  # a signal takes its time
        time.sleep(0.05)
    assert not is_running(child)


def test_a_signal_ends_the_section_that_runs_too(tmp_path):
    command = [sys.executable, str(ROOT / "scripts/gpu_check"), "--out", str(tmp_path), "--only", "install"]
    mark = str(time.time_ns())  # in the arguments of the section, and of nothing else
    with subprocess.Popen(
        [*command, "--extra", f"long={sys.executable} -c 'import time; time.sleep(50)' {mark}"]
    ) as main:
        until = time.monotonic() + 30
        while not (sections := pids_with(mark)) and time.monotonic() < until:
            time.sleep(0.05)
        main.terminate()
    assert main.returncode == 128 + signal.SIGTERM
    assert sections and not any(is_running(str(pid)) for pid in sections)


def pids_with(word: str) -> list[int]:
    """Processes with this word among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [int(path.parent.name)] if word in path.read_text().split("\0") else []
        except OSError:
            continue  # it has just ended
    return found


def is_running(number: str) -> bool:
    """Neither gone nor a zombie, which nobody has asked after yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_section_that_fails_is_on_the_page_with_its_last_lines_and_the_next_one_runs(tmp_path):
    code, facts, page = gpu_check(tmp_path / "out", "--extra", CRASH, "--only", "install", timeout=60)
    assert code == 1 and facts["failed"][:1] == ["crash"]
    crash, install = facts["sections"]
    assert (crash["status"], crash["why"], crash["output"][0]) == ("failed", "ended by SIGABRT", "42")
    assert install["name"] == "install" and install["status"] in ("ok", "skipped", "failed")  # pip may have no network
    assert "Failed: crash" in page and "| crash | failed | ended by SIGABRT |" in page and "\n42\n" in page


def test_without_time_a_section_is_named_and_not_run(tmp_path):
    code, facts, _ = gpu_check(tmp_path / "out", "--only", "install", "--minutes", "0.01", timeout=60)
    assert code == 1 and facts["failed"] == ["install"] and facts["sections"][0]["status"] == "not run"


@pytest.mark.nightly
def test_a_rehearsal_without_a_gpu_runs_every_section(tmp_path):
    """Limits are wide: other tests run beside it."""
    code, facts, page = gpu_check(tmp_path / "out", "--extra", CRASH, "--minutes", "40", timeout=2400)
    assert (code, facts["failed"]) == (1, ["crash"]), page
    results = {section["name"]: section for section in facts["sections"]}
    assert {"machine", "train_r3d_18", "tests", "run", "processes", "train_gan", "loader_112", "doctor"} <= {*results}
    rows = [row for row in results["train_videomae_base"]["rows"] if row.get("loop") == "Trainer"]
    assert {row["precision"].split(",")[0] for row in rows} == {"bf16", "fp32"}
    assert all(row["clips/s"] > 0 and not row.get("error") for row in rows)
    assert "| tiny_video_transformer | 2 | fp32, contiguous | Trainer |" in page
