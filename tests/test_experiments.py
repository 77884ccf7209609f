"""The experiments train on the real clips they were made for, where those are at hand."""

from pathlib import Path

import pytest
import yaml

import videoai
from videoai.data.lists.from_files import from_csv

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TINY = {"max_steps": 2, "batch_size": 4, "precision": "fp32", "tensorboard": False, "eval_every": 1000}


def clips_of(name: str) -> Path:
    table = DATA / name / "clips.csv"
    if not table.exists():
        pytest.skip(f"needs the {name} clips at {table}")
    return table


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gestures", "fights"])
def test_an_experiment_trains_on_its_own_clips(name, tmp_path):
    table = clips_of(name)
    done = videoai.train(experiment=name, trainer=TINY, run_dir=str(tmp_path), **{"data.path": str(table)})
    assert done.step == 2


def test_the_test_split_of_the_fights_is_the_one_that_was_set_aside():
    where = yaml.safe_load((ROOT / "configs/experiment/fights.yaml").read_text())["data"]["test_where"]
    items = from_csv(clips_of("fights"), test_where=where).splits["test"]
    assert (len(items), len({item.group for item in items})) == (74, 17)
