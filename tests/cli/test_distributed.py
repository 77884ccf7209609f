"""Training in two processes on the CPU, started by torchrun as a person starts it."""

import json
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
NUMBER = TORCHRUN.index("2")
ROOT = Path(__file__).parents[2]
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def command(root: Path, run_dir: Path, *more: str) -> list[str]:
    given = [f"data.root={root}", "data=folder", "data.flip=0", "data.num_workers=0", f"run_dir={run_dir}"]
    given += ["clip=16x2x32", "trainer.precision=fp32", "trainer.num_threads=1", "trainer.tensorboard=false"]
    given += ["report=false"]
    return ["train", *given, "trainer.batch_size=2", "trainer.accumulate=2", "trainer.ema_decay=0.9", *more]


def together(*arguments: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    started = [*TORCHRUN[:NUMBER], str(processes), *TORCHRUN[NUMBER + 1 :]]
    return subprocess.run([*started, *arguments], capture_output=True, text=True, timeout=240)


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
    assert both.stdout.count("next: videoai evaluate") == 1  # one prints
    checkpoint = f"checkpoint={tmp_path / 'one/checkpoints/last.pt'}"
    scored = together(
        "evaluate", checkpoint, "split=all", "num_workers=0", "device=cpu", f"run_dir={tmp_path / 'both'}"
    )
    assert scored.returncode == 0, scored.stderr
    assert scored.stdout.count("Results on all") == 1
    asked = ("evaluate", checkpoint, "split=all", "num_workers=0", "device=cpu", f"run_dir={tmp_path / 'alone'}")
    assert videoai_command(*asked, cwd=tmp_path).returncode == 0
    results = [json.loads((tmp_path / place / "results.json").read_text()) for place in ("both", "alone")]
    assert results[0] | {"checkpoint": ""} == results[1] | {"checkpoint": ""}  # the path is as seen from the folder
    for name in ("predictions.csv", "per_class.csv"):
        assert (tmp_path / "both" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    learnt = [key for key in one if not key.endswith(STATISTICS)]
    assert all(torch.allclose(one[key], two[key], atol=1e-5) for key in learnt)
    assert any(not torch.equal(one[key], two[key]) for key in one)  # it was not one process twice
    for steps in (2, 4):
        assert together(*command(clip_folder, tmp_path / "again", f"trainer.max_steps={steps}")).returncode == 0
    again = weights(tmp_path / "again")
    assert all(torch.equal(two[key], again[key]) for key in two)


def test_the_processes_agree_on_a_numbered_folder_and_find_it_again(videoai_command, clip_folder, tmp_path):
    def words(*more: str) -> list[str]:
        given = command(clip_folder, tmp_path, "model=frame_only", *more)
        return [word for word in given if not word.startswith("run_dir")]

    name = f"runs/{clip_folder.name}-frame_only"
    assert videoai_command(*words("trainer.max_steps=2"), cwd=tmp_path).returncode == 0
    said = [f"{name} holds a run with optim.lr=0.002; this one is {name}-2", f"continuing {name}-2 at step 2 of 3"]
    for steps, line in zip((2, 3), said, strict=True):
        other = words("optim.lr=0.1", f"trainer.max_steps={steps}")
        done = subprocess.run([*TORCHRUN, *other], capture_output=True, text=True, timeout=100, cwd=tmp_path)
        assert done.returncode == 0 and line in done.stderr, done.stderr
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [name[5:], f"{name[5:]}-2"]


def test_a_run_continues_on_other_numbers_of_processes_and_in_another_mode(videoai_command, clip_folder, tmp_path):
    """1e-3: rounding grows with each of eight steps of AdamW, which divides small gradients by their own size."""
    settings = ["trainer.accumulate=4", "trainer.batch_size=1", "optim.lr=1e-3"]
    stages = [(2, "shard"), (1, "auto"), (4, "replicate"), (2, "shard")]
    for number, (processes, mode) in enumerate(stages, start=1):
        arguments = command(clip_folder, tmp_path / "run", *settings, f"trainer.max_steps={2 * number}")
        done = together(*arguments, f"parallel={mode}", processes=processes)
        assert done.returncode == 0, done.stderr
        assert number == 1 or f"continuing {tmp_path / 'run'} at step {2 * number - 2}" in done.stderr
    alone = videoai_command(*command(clip_folder, tmp_path / "one", *settings, "trainer.max_steps=8"), cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    one, several = weights(tmp_path / "one"), weights(tmp_path / "run")
    learnt = [key for key in one if not key.endswith(STATISTICS)]
    assert all(torch.allclose(one[key], several[key], atol=1e-3) for key in learnt)


def test_two_processes_predict_what_one_does_in_the_same_order(videoai_command, untrained, clip_folder, tmp_path):
    """Seven videos, one of them broken: the shares differ."""
    (tmp_path / "videos").mkdir()
    for path in [*clip_folder.glob("left/*.mp4"), *clip_folder.glob("up/*_[0-1].mp4")][:6]:
        (tmp_path / "videos" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "videos" / "m_broken.mp4").write_bytes(b"no video")
    given = ["predict", untrained, f"input={tmp_path / 'videos'}", "device=cpu"]
    both = together(*given, f"run_dir={tmp_path / 'both'}", "annotate=true")
    assert both.returncode == 0, both.stderr
    alone = videoai_command(*given, f"run_dir={tmp_path / 'alone'}", cwd=tmp_path)
    lines = [json.loads(line) for line in both.stdout.splitlines()]
    assert (tmp_path / "both/predictions.jsonl").read_text() == both.stdout
    assert len(list((tmp_path / "both/labelled").iterdir())) == 6
    without = [{key: value for key, value in line.items() if key != "annotated"} for line in lines]
    assert without == [json.loads(line) for line in alone.stdout.splitlines()]
    assert both.stderr.count("1 of 7 videos could not be read") == 1


def test_a_single_video_is_answered_by_one_process_and_that_is_said(untrained, clip_folder, tmp_path):
    video = next(clip_folder.glob("left/*.mp4"))
    done = together("predict", untrained, f"input={video}", "device=cpu", f"run_dir={tmp_path}")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1), done.stderr
    assert "1 video for 2 processes: a video is not divided" in done.stderr


def test_a_generator_trains_in_two_processes(clip_folder, tmp_path):
    given = [f"data.root={clip_folder}", "data=folder", "data.num_workers=0", f"run_dir={tmp_path / 'run'}"]
    given += ["gan.generator.width=4", "gan.discriminator.width=4", "gan.class_width=8", "trainer.batch_size=4"]
    done = together("train", "task=gan", *given, "trainer.accumulate=2", "trainer.max_steps=2")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "run/films").glob("*.mp4"))) >= 1


def test_micro_batches_that_cannot_be_shared_are_refused_in_one_line_and_in_the_last_of_torchrun(clip_folder, tmp_path):
    refused = together(*command(clip_folder, tmp_path / "run", "trainer.accumulate=1", "trainer.max_steps=2"))
    assert refused.returncode != 0
    message = "2 processes share the trainer.accumulate=1 micro-batches of a step"
    lines = refused.stderr.splitlines()
    assert [line for line in lines if line.startswith("videoai: ")] == [lines[-2].replace("  traceback :", "videoai:")]
    assert lines[-2].startswith(f"  traceback : {message}")
    assert not (tmp_path / "run").exists()


def test_processes_with_different_settings_are_refused(clip_folder, tmp_path):
    """Each is started by hand, as by a launcher of one's own, with a rate of its own."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "videoai", *command(clip_folder, tmp_path / "run", f"optim.lr=0.{rank + 1}")],
            env={**os.environ, **meeting_at(29_517), "RANK": str(rank), "WORLD_SIZE": "2"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [1, 1]
    assert all("processes of this run have different settings: optim.lr is 0.1, 0.2" in one for one in told), told
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_tasks_of_srun_train_together(clip_folder, tmp_path):
    """Two processes with the variables that srun would set; there is no SLURM here."""
    step = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "2"}
    step |= {"SLURM_STEP_NODELIST": "localhost", "SLURM_NODEID": "0"}
    environment = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    arguments = command(clip_folder, tmp_path / "run", "trainer.max_steps=2")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "videoai", *arguments],
            env={**environment, **step, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert "2 processes share the micro-batches of each step" in told[0]
    assert weights(tmp_path / "run")


@pytest.mark.parametrize(
    ("victim", "mode"),
    [("1", "replicate"), ("0", "shard"), pytest.param("0", "replicate", marks=pytest.mark.nightly)],
)
def test_a_killed_process_is_restarted_and_the_run_ends_bit_exact(clip_folder, tmp_path, victim, mode):
    """``--max-restarts``: rank 0, which writes the checkpoints, and another, somewhere in a step."""
    settings = [f"parallel={mode}", "trainer.max_steps=40", "trainer.save_every=5", "trainer.eval_every=40"]
    undisturbed = together(*command(clip_folder, tmp_path / "whole", *settings))
    assert undisturbed.returncode == 0, undisturbed.stderr
    elastic = [*TORCHRUN[:3], "--max-restarts=2", *TORCHRUN[3:]]
    with (tmp_path / "log").open("w") as log:
        arguments = command(clip_folder, tmp_path / "run", *settings)
        process = subprocess.Popen([*elastic, *arguments], stdout=log, stderr=log)
        until(lambda: (tmp_path / "run/checkpoints/last.pt").exists())
        os.kill(child_with_rank(process.pid, victim), signal.SIGKILL)
        assert process.wait(timeout=200) == 0, (tmp_path / "log").read_text()
    assert "continuing" in (tmp_path / "log").read_text()
    whole, again = weights(tmp_path / "whole"), weights(tmp_path / "run")
    assert all(torch.equal(whole[key], again[key]) for key in whole)


HANGS = """
import os, time
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.head = nn.Linear(3, num_classes)

    def forward(self, video):
        is_first_attempt = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
        if is_first_attempt and os.environ["RANK"] == "1" and os.path.exists("run/checkpoints/last.pt"):
            self.hang()
        return self.head(video.mean((2, 3, 4)))

    def hang(self):
        time.sleep(3600)
"""


def test_a_step_that_hangs_tells_where_and_is_restarted(clip_folder, tmp_path):
    (tmp_path / "hangs.py").write_text(HANGS)
    settings = ["trainer.max_steps=8", "trainer.save_every=2", "trainer.step_timeout=10", "model._target_=hangs.Net"]
    elastic = [*TORCHRUN[:3], "--max-restarts=1", *TORCHRUN[3:]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run(
        [*elastic, *command(clip_folder, tmp_path / "run", *settings)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "longer than 10 s prints the stacks of all threads and ends the process with exit code 1" in done.stderr
    assert "Timeout (0:00:10)!" in done.stderr and " in hang" in done.stderr
    assert "continuing" in done.stderr


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


def meeting_at(port: int) -> dict[str, str]:
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


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
