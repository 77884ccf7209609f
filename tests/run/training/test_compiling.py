from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import videoai
from videoai.engine import compile as compiling


@pytest.fixture(autouse=True)
def traced_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aot_eager traces forward and backward as Inductor has it, and needs no C++ compiler."""
    torch.compiler.reset()
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")


def run(clip_folder: Path, run_dir: Path, **changes: Any) -> dict[str, Any]:
    """Train tiny_r3d; returns the last checkpoint."""
    trainer = {"batch_size": 3, "precision": "fp32", "num_threads": 1, "max_steps": 2, "max_epochs": None}
    given = {
        "data": {"name": "folder", "root": str(clip_folder), "num_workers": 0},
        "model": "tiny_r3d",
        "clip": "16x2x32",
        "logger": [],
        "run_dir": str(run_dir),
        "trainer": trainer | changes.pop("trainer", {}),
    }
    videoai.train({**given, **changes})
    return torch.load(run_dir / "checkpoints" / "last.pt", weights_only=True)


@pytest.mark.slow
def test_a_compiled_run_ends_with_the_weights_of_an_eager_one(clip_folder: Path, tmp_path: Path) -> None:
    """With everything that calls a block again: accumulated micro-batches, checkpointing, a thaw, an average."""
    more = {"accumulate": 2, "activation_checkpointing": True, "ema_decay": 0.5, "eval_every": 1}
    states = []
    for units in ("off", "blocks"):
        changes = {"trainer": {**more, "compile": units}, "finetune": {"freeze": True, "unfreeze_epoch": 0.01}}
        states.append(run(clip_folder, tmp_path / units, **changes))
    eager, compiled = states
    assert compiled["config"]["trainer"]["compile"] == "blocks"
    for part in ("model", "ema"):
        assert compiled[part].keys() == eager[part].keys()
        for key, value in eager[part].items():
            # float32 sums in another order, which two steps of AdamW carry on
            torch.testing.assert_close(compiled[part][key], value, rtol=1e-4, atol=1e-5)
    assert compiled["metrics"] == pytest.approx(eager["metrics"], rel=1e-4)


def test_auto_is_off_on_a_cpu_and_recorded(clip_folder: Path, tmp_path: Path) -> None:
    run(clip_folder, tmp_path / "run", trainer={"max_steps": 1})
    recorded = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert recorded["trainer"]["compile"] == "off"
    with pytest.raises(ValueError, match=r"trainer\.compile was off, is blocks"):
        run(clip_folder, tmp_path / "run", trainer={"compile": "blocks"})


def no_compiler(graph: object, inputs: object) -> object:
    raise RuntimeError("no C++ compiler\nand a long story")


def test_a_model_that_does_not_compile_is_refused_with_what_to_do(
    clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", no_compiler)
    wanted = (
        r"^trainer\.compile=blocks: stages\.0 \(ResidualBlock\) does not compile: no C\+\+ compiler\. "
        r"Set trainer\.compile=model, which takes graph breaks, or trainer\.compile=off\.$"
    )
    with pytest.raises(ValueError, match=wanted):
        run(clip_folder, tmp_path / "run", trainer={"compile": "blocks"})
