"""Training in two processes on the CPU, started by torchrun as a person starts it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow
TORCHRUN = [sys.executable, *["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "videoai"]]
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def command(root: Path, run_dir: Path, *more: str) -> list[str]:
    given = [f"data.root={root}", "data=folder", "data.flip=0", "data.num_workers=0", f"run_dir={run_dir}"]
    given += ["clip=16x2x32", "trainer.precision=fp32", "trainer.num_threads=1", "trainer.tensorboard=false"]
    return ["train", *given, "trainer.batch_size=2", "trainer.accumulate=2", "trainer.ema_decay=0.9", *more]


def together(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TORCHRUN, *arguments], capture_output=True, text=True, timeout=240)


def weights(run_dir: Path) -> dict[str, torch.Tensor]:
    return torch.load(run_dir / "checkpoints/last.pt", weights_only=True)["model"]


def test_two_processes_make_the_steps_of_one_and_continue_to_the_same_bits(videoai_command, clip_folder, tmp_path):
    """1e-5: sums in another order, over four steps of AdamW. Norms' running statistics are means over processes, where
    one process sees the parts one after the other."""
    alone = videoai_command(*command(clip_folder, tmp_path / "one", "trainer.max_steps=4"), cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    both = together(*command(clip_folder, tmp_path / "two", "trainer.max_steps=4"))
    assert both.returncode == 0, both.stderr
    assert "2 processes share the micro-batches of each step" in both.stderr
    assert both.stdout.count("next: videoai evaluate") == 1  # one speaks
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    learnt = [key for key in one if not key.endswith(STATISTICS)]
    assert all(torch.allclose(one[key], two[key], atol=1e-5) for key in learnt)
    assert any(not torch.equal(one[key], two[key]) for key in one)  # it was not one process twice
    for steps in (2, 4):
        assert together(*command(clip_folder, tmp_path / "again", f"trainer.max_steps={steps}")).returncode == 0
    again = weights(tmp_path / "again")
    assert all(torch.equal(two[key], again[key]) for key in two)


def test_a_generator_trains_in_two_processes(clip_folder, tmp_path):
    given = [f"data.root={clip_folder}", "data=folder", "data.num_workers=0", f"run_dir={tmp_path / 'run'}"]
    given += ["gan.generator.width=4", "gan.discriminator.width=4", "gan.class_width=8", "trainer.batch_size=4"]
    done = together("train", "task=gan", *given, "trainer.accumulate=2", "trainer.max_steps=2")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "run/films").glob("*.mp4"))) >= 1


def test_micro_batches_that_cannot_be_shared_are_refused(clip_folder, tmp_path):
    refused = together(*command(clip_folder, tmp_path / "run", "trainer.accumulate=3", "trainer.max_steps=2"))
    assert refused.returncode != 0
    assert "videoai: 2 processes share the trainer.accumulate=3 micro-batches of a step" in refused.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("whom", ["all", "one"])
def test_a_stopped_run_saves_and_a_dead_process_is_told(clip_folder, tmp_path, whom):
    arguments = command(clip_folder, tmp_path / "run", "trainer.max_steps=100000", "trainer.save_every=5")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*TORCHRUN, *arguments, "trainer.max_epochs=null"], stdout=log, stderr=log)
        until(lambda: (tmp_path / "run/checkpoints/last.pt").exists())
        if whom == "all":
            process.terminate()  # torchrun passes it on
        else:
            os.kill(child_with_rank(process.pid, "1"), signal.SIGKILL)
        assert process.wait(timeout=60) != 0
    told = (tmp_path / "log").read_text()
    expected = "SIGTERM: saved at step" if whom == "all" else "process 0 lost another of the 2 processes"
    assert expected in told
    assert weights(tmp_path / "run")


def until(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def child_with_rank(parent: int, rank: str) -> int:
    for folder in (folder for folder in Path("/proc").iterdir() if folder.name.isdigit()):
        is_child = f"\nPPid:\t{parent}\n" in (folder / "status").read_text()
        if is_child and f"\0RANK={rank}\0" in (folder / "environ").read_bytes().decode():
            return int(folder.name)
    raise AssertionError(f"no child of {parent} is process {rank}")
