"""``videoai train -m`` as a person starts it: several runs, killed and started again."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def command(root: Path, *more: str) -> list[str]:
    given = [f"data.root={root}", "data=folder", "data.flip=0", "loading.num_workers=0", "clip=16x2x32", "logger=[]"]
    given += ["model=tiny_r3d", "trainer.precision=fp32", "trainer.num_threads=1", "trainer.max_epochs=null"]
    return ["train", "-m", *given, "trainer.batch_size=4", "run_dir=sweep", *more]


def table_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open() as file:
        return list(csv.DictReader(file))


def test_each_combination_is_a_row_the_best_first(videoai_command, clip_folder, tmp_path):
    words = command(clip_folder, "trainer.max_steps=4", "optim.lr=1e-3,1e-4,oops")
    done = videoai_command(*words, cwd=tmp_path)
    assert done.returncode == 1, done.stderr  # one failed
    assert "3 runs, 1 failed" in done.stdout, done.stderr
    rows = table_in(tmp_path / "sweep")
    assert [row["state"] for row in rows] == ["complete", "complete", "failed"]
    assert float(rows[0]["value"]) >= float(rows[1]["value"])
    assert {row["optim.lr"] for row in rows} == {"0.001", "0.0001", "oops"}
    assert (tmp_path / "sweep/sweep.png").read_bytes()[:4] == b"\x89PNG"


def test_a_search_that_was_killed_ends_as_one_that_was_not(clip_folder, tmp_path):
    """By SIGKILL, in the second of three trials. Its training goes on from its checkpoint, to the same bits."""
    pytest.importorskip("optuna")
    search = ["sweep.trials=3", "optim.lr=tag(log,interval(1e-5,1e-1))", "data.flip=0"]
    words = command(clip_folder, *search, "trainer.max_steps=30", "trainer.eval_every=5")
    for place in ("whole", "killed"):
        (tmp_path / place).mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [sys.executable, "-m", "videoai", *words]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(started, cwd=tmp_path / "killed", env=environment, stdout=log, stderr=log)
        until(lambda: (tmp_path / "killed/sweep/trial-1/checkpoints/last.pt").exists())
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert not (tmp_path / "killed/sweep/sweep.csv").exists()
    for place in ("killed", "whole"):
        done = subprocess.run(
            started, cwd=tmp_path / place, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        assert ("continuing sweep/trial-1 at step" in done.stderr) == (place == "killed")
    rows = [table_in(tmp_path / place / "sweep") for place in ("killed", "whole")]
    assert [{**row, "run_dir": ""} for row in rows[0]] == [{**row, "run_dir": ""} for row in rows[1]]
    assert len({row["optim.lr"] for row in rows[0]}) == 3
    values = [float(row["value"]) for row in rows[0]]
    assert values == sorted(values, reverse=True)


def until(condition, seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
