"""The launch commands of ``docs/scaling.md`` are understood by torchrun, by videoai and by the shell. There is no
second machine and no SLURM here: ``srun`` and ``scontrol`` are scripts that write down what they were called with."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
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
