"""The launch commands of ``docs/scaling.md`` are understood by torchrun, by videoai and by the shell. There is no
second machine, no SLURM and no Kubernetes here: ``srun``, ``scontrol`` and ``torchrun`` are scripts that write down
what they were called with; the slow tests run the real torchrun."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from torch.distributed.run import get_args_parser

from videoai.cli.jobs import find
from videoai.compose.multirun import split_config_dir
from videoai.compose.settings import from_arguments
from videoai.settings.training import TrainSettings

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/scaling.md").read_text().replace("\\\n", " ")
TORCHRUN = [line for line in PAGE.splitlines() if line.startswith("torchrun ")]


@pytest.mark.parametrize("line", TORCHRUN)
def test_torchrun_understands_its_part_and_videoai_the_rest(line):
    options = get_args_parser().parse_args(shlex.split(line)[1:])
    assert options.module and options.training_script == "videoai"
    job = find(options.training_script_args)
    if job.name == "train":
        trainer = from_arguments(TrainSettings, job.rest).settings().trainer
        nodes = int(options.nnodes.partition(":")[2] or options.nnodes)
        assert trainer.accumulate >= nodes * int(options.nproc_per_node)


def test_the_batch_script_starts_what_it_is_given_and_is_queued_again_after_75(tmp_path):
    for name, code in (("srun", 75), ("scontrol", 0)):
        (tmp_path / name).write_text(f'#!/bin/bash\necho {name} "$@" >> {tmp_path}/calls\nexit {code}\n')
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "42"}
    line = next(line for line in PAGE.splitlines() if line.startswith("sbatch "))
    words = shlex.split(line)
    script = words.index("scripts/train.sbatch")
    done = subprocess.run(["bash", ROOT / words[script], *words[script + 1 :]], env=environment, check=False)
    started, queued = (tmp_path / "calls").read_text().splitlines()
    assert (done.returncode, queued) == (75, "scontrol requeue 42")
    assert started.endswith(" ".join(["python -m videoai train", *words[script + 1 :]]))
    assert "TERM@120" in (ROOT / words[script]).read_text()


def test_the_sweep_composes():
    line = next(line for line in PAGE.splitlines() if line.startswith("videoai train -m"))
    words = [word for word in shlex.split(line)[3:] if not re.match(r"hydra[/.]", word)]
    _, words = split_config_dir(words)
    one_run = [word.partition(",")[0] for word in words]
    assert from_arguments(TrainSettings, one_run).settings().optim["lr"] == 1e-3


SKYPILOT = yaml.safe_load((ROOT / "scripts/skypilot.yaml").read_text())
RUNTIME, TRAIN_JOB = yaml.safe_load_all((ROOT / "scripts/kubeflow.yaml").read_text())
ON_SKYPILOT = {"SKYPILOT_NUM_NODES": "1", "SKYPILOT_NODE_RANK": "0", "SKYPILOT_NUM_GPUS_PER_NODE": "2"}
ON_SKYPILOT |= {"SKYPILOT_NODE_IPS": "127.0.0.1\n127.0.0.2", **SKYPILOT["envs"]}
ON_KUBEFLOW = {"PET_NNODES": "1", "PET_NODE_RANK": "0", "PET_NPROC_PER_NODE": "2"}
ON_KUBEFLOW |= {"PET_MASTER_ADDR": "127.0.0.1", "PET_MASTER_PORT": "29541"}
ON_KUBEFLOW_NODES = {**ON_KUBEFLOW, "PET_NNODES": str(TRAIN_JOB["spec"]["trainer"]["numNodes"])}


def kubeflow_command(words: list[str]) -> str:
    return shlex.join([*TRAIN_JOB["spec"]["trainer"]["command"], *words])


@pytest.mark.parametrize(
    ("command", "variables", "gpus"),
    [
        (SKYPILOT["run"], ON_SKYPILOT, int(SKYPILOT["resources"]["accelerators"].partition(":")[2])),
        (
            kubeflow_command(TRAIN_JOB["spec"]["trainer"]["args"]),
            ON_KUBEFLOW_NODES,
            TRAIN_JOB["spec"]["trainer"]["resourcesPerNode"]["limits"]["nvidia.com/gpu"],
        ),
    ],
    ids=["skypilot", "kubeflow"],
)
def test_the_command_of_a_cluster_is_understood(tmp_path, monkeypatch, command, variables, gpus):
    (tmp_path / "torchrun").write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {tmp_path}/words\n')
    (tmp_path / "torchrun").chmod(0o755)
    for name, value in {**variables, "PATH": f"{tmp_path}:{os.environ['PATH']}"}.items():
        monkeypatch.setenv(name, value)
    subprocess.run(["bash", "-euc", command], check=True)
    options = get_args_parser().parse_args((tmp_path / "words").read_text().splitlines())
    assert (options.nnodes, options.nproc_per_node, options.master_addr) == (
        variables.get("PET_NNODES", "1"),
        "2",
        "127.0.0.1",
    )
    assert options.signals_to_handle == "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1" and options.max_restarts == 3
    job = find(options.training_script_args)
    settings = from_arguments(TrainSettings, job.rest).settings()
    assert settings.trainer.accumulate >= int(options.nnodes) * gpus
    assert settings.run_dir.startswith("/shared/")


def test_the_names_in_the_kubernetes_file_fit_each_other():
    runtime, job = RUNTIME["spec"]["template"]["spec"]["replicatedJobs"][0], TRAIN_JOB["spec"]
    assert job["runtimeRef"] == {"kind": RUNTIME["kind"], "name": RUNTIME["metadata"]["name"]}
    assert runtime["template"]["metadata"]["labels"] == {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    pod = runtime["template"]["spec"]["template"]["spec"]
    assert runtime["name"] == pod["containers"][0]["name"] == "node"  # what Kubeflow looks for
    assert {one["name"] for one in pod["containers"][0]["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


def tiny(clip_folder: Path, run_dir: Path) -> list[str]:
    data = [
        "data=folder",
        f"data.root={clip_folder}",
        "data.flip=0",
        "loading.num_workers=0",
        "clip=16x2x32",
        "logger=[]",
        "report=false",
    ]
    trainer = ["precision=fp32", "num_threads=1", "batch_size=2", "accumulate=2", "max_steps=2"]
    return [*data, "model=tiny_r3d", "device=cpu", *(f"trainer.{word}" for word in trainer), f"run_dir={run_dir}"]


@pytest.mark.slow
@pytest.mark.parametrize("cluster", ["skypilot", "kubeflow"])
def test_the_command_of_a_cluster_trains_in_two_processes(clip_folder, tmp_path, cluster):
    (tmp_path / "torchrun").write_text(f'#!/bin/bash\nexec {sys.executable} -m torch.distributed.run "$@"\n')
    (tmp_path / "torchrun").chmod(0o755)
    words = tiny(clip_folder, tmp_path / "run")
    command, variables = (kubeflow_command(["train", *words]), ON_KUBEFLOW)
    if cluster == "skypilot":
        command, variables = SKYPILOT["run"], {**ON_SKYPILOT, "WORDS": " ".join(words)}
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {**os.environ, **variables, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-euc", command], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "2 processes share the micro-batches of each step" in done.stderr
    assert (tmp_path / "run/checkpoints/last.pt").exists()


@pytest.mark.slow
def test_the_sweep_runs_by_submitit(clip_folder, tmp_path):
    """By its local executor: the job is a process of its own that gets everything by pickle."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    line = next(line for line in PAGE.splitlines() if line.startswith("videoai train -m"))
    left_out = ("hydra.launcher.gpus_per_node", "seed")
    words = [word.replace("_slurm", "_local") for word in shlex.split(line)[3:] if word.split("=")[0] not in left_out]
    started = [sys.executable, "-m", "videoai", "train", "-m", *tiny(clip_folder, tmp_path / "sweep"), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(started, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 runs" in done.stdout and (tmp_path / "sweep/sweep.csv").exists()
