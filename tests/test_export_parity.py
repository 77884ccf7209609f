"""``scripts/export_parity.py`` goes on where it stopped."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_a_row_is_written_for_each_model_and_not_twice(tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    table = tmp_path / "parity.md"
    table.write_text("| model | clip |\n|---|---|\n| `tiny_r3d` | kept |\n")
    command = [sys.executable, str(ROOT / "scripts" / "export_parity.py"), str(table)]
    done = subprocess.run(
        [*command, "tiny_r3d", "frame_only", "videomae2_giant"], capture_output=True, text=True, timeout=300, check=True
    )
    kept, frames, giant = table.read_text().splitlines()[2:]
    assert kept == "| `tiny_r3d` | kept |" and done.stdout == f"{frames}\n{giant}\n"
    assert float(frames.split("|")[5]) <= 1e-4  # a share of the largest logit
    assert "GB of weights; one file of ONNX holds 2 GB" in giant
