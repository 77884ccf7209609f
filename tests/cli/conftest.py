"""What the tests of the command line share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.models import create_model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def untrained(tmp_path_factory) -> str:
    """``checkpoint=PATH`` of a model with fresh weights that knows the classes of ``clip_folder``."""
    path = tmp_path_factory.mktemp("untrained") / "best.pt"
    torch.manual_seed(0)
    classes = ["down", "left", "right", "up"]
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": "tiny_r3d"}, "data": {}},
        "classes": classes,
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": create_model("tiny_r3d", num_classes=len(classes)).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return f"checkpoint={path}"


@pytest.fixture(scope="session")
def where_files_are_limited() -> Callable[..., subprocess.CompletedProcess[str]]:
    """As ``videoai_command`` where no file can grow beyond ``kib`` (``ulimit -f``)."""

    def run(*arguments: str, cwd: Path, kib: int) -> subprocess.CompletedProcess[str]:
        limited = ["bash", "-c", f'ulimit -f {kib} && exec "$@"', "limited", sys.executable, "-m", "videoai"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [*limited, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run
