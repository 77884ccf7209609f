"""What every test may use."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture
def golden() -> Callable[[str, Sequence[float], float], None]:
    """Compare numbers with the stored ones. VIDEOAI_GOLDEN=write stores them anew: only for a change that is meant
    to."""

    def compare(name: str, values: Sequence[float], tolerance: float) -> None:
        path = GOLDEN / f"{name}.json"
        if os.environ.get("VIDEOAI_GOLDEN") == "write":
            path.write_text(json.dumps([round(value, 6) for value in values], indent=1) + "\n")
        assert list(values) == pytest.approx(json.loads(path.read_text()), abs=tolerance)

    return compare


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real mp4 files in class folders: 4 motions x 6 clips of 32 px, 32 frames."""
    from videoai.data.motion import CLASSES, render
    from videoai.data.synthetic import write_clip

    root = tmp_path_factory.mktemp("clips")
    for name in ("left", "right", "up", "down"):
        (root / name).mkdir()
        for index in range(6):
            frames, _ = render(label=CLASSES.index(name), seed=0, split="train", index=index, level="easy", size_px=32)
            write_clip(root / name / f"{name}_{index}.mp4", frames)
    return root


MOTIONS = {"left": "horizontal|leftwards", "right": "horizontal|rightwards", "up": "vertical|upwards", "down": ""}


@pytest.fixture(scope="session")
def multi_label_csv(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips of ``clip_folder`` with two labels each, or none: 3 of a motion in train, 1 in val, 2 in test."""
    lines = ["path,label,split"]
    for name, labels in MOTIONS.items():
        for index, split in enumerate(("train", "train", "train", "val", "test", "test")):
            lines.append(f"{clip_folder / name / name}_{index}.mp4,{labels},{split}")
    table = tmp_path_factory.mktemp("multi_label") / "clips.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


@pytest.fixture(scope="session")
def videoai_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``videoai ...`` as a person does: a subprocess, in a folder of its own."""

    def run(*arguments: str, cwd: Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "videoai", *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
