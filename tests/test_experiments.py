"""The experiments train on the real clips they were made for, where those are at hand."""

from pathlib import Path

import pytest

import videoai

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TINY = {"max_steps": 2, "batch_size": 4, "precision": "fp32", "tensorboard": False, "eval_every": 1000}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gestures", "fights"])
def test_an_experiment_trains_on_its_own_clips(name, tmp_path):
    table = DATA / name / "clips.csv"
    if not table.exists():
        pytest.skip(f"needs the {name} clips at {table}")
    done = videoai.train(experiment=name, trainer=TINY, run_dir=str(tmp_path), **{"data.path": str(table)})
    assert done["step"] == 2
