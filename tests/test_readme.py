"""Every block of the README runs. ``.ci/run`` runs the marked ones as they are; here the others run in a short form."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[\w-]+): (?P<value>[\w-]+) -->\s*\n)?```(?P<language>\w+)\n(?P<text>.*?)\n```", re.DOTALL
)
BLOCKS = [match.groupdict() for match in BLOCK.finditer((ROOT / "README.md").read_text())]
# The command itself, with the settings that make it short.
SHORT = """#!/bin/sh
verb=$1; shift
short="trainer.max_steps=2 trainer.batch_size=4 loading.num_workers=0 trainer.precision=fp32"
case "$verb $*" in
  train*data=*) extra=$short ;;
  train*) extra="data.size=tiny $short" ;;
  evaluate*) extra="num_workers=0" ;;
esac
exec "{python}" -m videoai "$verb" "$@" $extra
"""
MYNET = """
import torch


class MyNet(torch.nn.Module):
    def __init__(self, num_classes, width):
        super().__init__()
        self.conv, self.head = torch.nn.Conv3d(3, width, 3), torch.nn.Linear(width, num_classes)

    def forward(self, video):
        return self.head(self.conv(video).relu().mean((2, 3, 4)))
"""


@pytest.fixture(scope="session")
def project(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: clips with a table, films, a custom model."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(clip_folder, folder / "clips")
    (folder / "films").symlink_to(clip_folder / "left")
    files = sorted(clip_folder.rglob("*.mp4"))
    rows = [f"{file.relative_to(clip_folder)},{file.parent.name},1,{number % 5}" for number, file in enumerate(files)]
    (folder / "clips" / "clips.csv").write_text("\n".join(["path,label,clean,fold", *rows]) + "\n")
    (folder / "mynet.py").write_text(MYNET)
    (folder / "bin").mkdir()
    (folder / "bin" / "videoai").write_text(SHORT.format(python=sys.executable))
    (folder / "bin" / "videoai").chmod(0o755)
    return folder


def run(text: str, project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}"
    cache = os.environ.get("VIDEOAI_CACHE", str(project / "cache"))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "VIDEOAI_CACHE": cache}
    return subprocess.run([*command, text], cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if block["language"] == "bash" and not block["mark"]],
    ids=lambda b: b["text"][:40],
)
def test_a_bash_block_runs(block, project):
    done = run(block["text"], project, "bash", "-euo", "pipefail", "-c")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block["language"] == "python"], ids=lambda b: b["text"][:40]
)
def test_a_python_block_runs(block, project):
    done = run(block["text"], project, sys.executable, "-c")
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_numbers_of_layouts_models_and_weights_are_those_of_the_code():
    from videoai.data.layouts.detect import DETECTORS
    from videoai.models.published import all_weights
    from videoai.models.table import MODELS
    from videoai.settings.layouts import LAYOUTS

    text = (ROOT / "README.md").read_text()
    assert f"recognises {len(DETECTORS)} layouts" in text
    assert len(DETECTORS) == len(LAYOUTS) - 2  # nobody's folder is the built-in data; data prepare names its shards
    assert f"{len(MODELS)} models, {len(all_weights())} published checkpoints" in text
    described = "".join((ROOT / "docs" / name).read_text() for name in ("data.md", "preparing.md"))
    assert [name for name in LAYOUTS if f"`{name}`" not in described and f"data={name}" not in described] == [
        "motion16"
    ]


@pytest.fixture(autouse=True)
def own_yaml(project: Path) -> None:
    """The YAML blocks name their file in their first line."""
    for block in BLOCKS:
        if block["language"] == "yaml":
            target = project / block["text"].splitlines()[0].removeprefix("# ")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["text"])


@pytest.mark.slow
def test_weights_that_cannot_be_downloaded_are_one_clear_line(project):
    """The block that needs a network, without one: a proxy that nobody listens to."""
    (block,) = [block for block in BLOCKS if block["mark"] == "needs"]
    offline = "export https_proxy=http://127.0.0.1:9 TORCH_HOME=$PWD/empty; " + block["text"]
    done = run(offline, project, "bash", "-euo", "pipefail", "-c")
    assert done.returncode == 1
    assert "cannot download https://download.pytorch.org/models/mvit_v2_s" in done.stderr
    assert "Traceback" not in done.stderr
