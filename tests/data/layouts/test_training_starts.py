"""From an unknown folder to a training step, by what is printed alone."""

import json
import shlex

import numpy as np
import pytest

from videoai.data.encode import write_clip

SHORT = (
    "trainer.max_steps=1",
    "trainer.batch_size=2",
    "data.num_workers=0",
    "device=cpu",
    "run_dir=run",
    "report=false",
    "trainer.precision=fp32",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tree",
    [
        "charades",
        "kinetics",
        "ucf101",
        "ssv2",
        "path_list",
        "json_lines",
        "crema_d",
        "label_studio",
        "cvat",
        "elan",
        "via",
    ],
)
def test_the_command_that_inspect_prints_trains(write_tree, tmp_path, videoai_command, tree):
    frames = np.random.default_rng(0).integers(0, 256, (30, 32, 40, 3), dtype=np.uint8)
    write_clip(tmp_path / "clip.mp4", frames)
    root = write_tree(tree, video=(tmp_path / "clip.mp4").read_bytes())
    spaced = root.rename(tmp_path / "my data")
    asked = videoai_command("data", "inspect", spaced.name, "json=true", "look=4", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    report = json.loads(asked.stdout)
    assert report["videos"]["unreadable"] == {}
    command = shlex.split(report["command"])
    assert command[:2] == ["videoai", "train"]
    done = videoai_command(*command[1:], *SHORT, cwd=tmp_path, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    assert "at step 1" in done.stdout
    assert (tmp_path / "run" / "checkpoints" / "last.pt").exists()
