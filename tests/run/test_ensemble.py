from pathlib import Path
from typing import Any

import pytest
import torch

import videoai
from videoai.core import checkpoint
from videoai.run.ensemble import make_ensemble
from videoai.settings.runs import EnsembleSettings


def member(run: Path, path: Path, *, seed: int = 1, **changed: Any) -> str:
    """A checkpoint of other weights, on the data of ``run``; ``changed``: keys of it."""
    state = checkpoint.load(run / "checkpoints" / "best.pt")
    torch.manual_seed(seed)
    model = videoai.create_model("tiny_r3d", num_classes=len(state["classes"])).state_dict()
    checkpoint.save(path / "checkpoints" / "best.pt", {**state, "model": model, **changed})
    return str(path)


def test_the_ensemble_gives_the_mean_of_the_probabilities(evaluated_run: Path, tmp_path: Path):
    other = member(evaluated_run, tmp_path / "other", trained_on=torch.tensor([5, 7]))
    third = member(evaluated_run, tmp_path / "third", seed=2, trained_on=torch.tensor([7, 9]))
    runs = (str(evaluated_run), other, third)
    done = make_ensemble(EnsembleSettings(runs=runs, out=str(tmp_path / "all.pt")))
    assert done.shares_test
    video = torch.randn(2, 3, 8, 32, 32)
    with torch.inference_mode():
        one = torch.stack([videoai.load(f"{run}/checkpoints/best.pt")(video).softmax(1) for run in runs]).mean(0)
        torch.testing.assert_close(videoai.load(done.path)(video).softmax(1), one)
    assert checkpoint.load(done.path)["trained_on"].tolist() == [5, 7, 9]


def test_the_ensemble_is_scored_on_the_test_split_that_is_new_to_all(evaluated_run: Path, tmp_path: Path):
    other = member(evaluated_run, tmp_path / "other")
    done = make_ensemble(EnsembleSettings(runs=(str(evaluated_run), other), out=str(tmp_path / "e" / "best.pt")))
    results = videoai.evaluate(done.path, num_workers=0, report=False, run_dir=str(tmp_path / "results")).results
    assert results["split"] == "test"


def test_runs_of_different_lists_share_no_test_split(evaluated_run: Path, tmp_path: Path):
    other = member(evaluated_run, tmp_path / "other", versions={**checkpoint.versions(), "data": "another"})
    done = make_ensemble(EnsembleSettings(runs=(str(evaluated_run), other), out=str(tmp_path / "all.pt")))
    assert not done.shares_test


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"classes": ["down", "left", "right", "upp"]}, "differ in their classes: upp and up"),
        ({"clip": {"num_frames": 4, "size": 32, "stride": 2}}, "differ in their clip: num_frames=4 and 8"),
        ({"config": {"task": "gan", "data": {}}}, "models of the zoo"),
    ],
)
def test_what_cannot_answer_together_is_refused(
    evaluated_run: Path, tmp_path: Path, changed: dict[str, Any], message: str
):
    other = member(evaluated_run, tmp_path / "other", **changed)
    with pytest.raises(ValueError, match=message):
        make_ensemble(EnsembleSettings(runs=(str(evaluated_run), other), out=str(tmp_path / "all.pt")))
    assert not (tmp_path / "all.pt").exists()


@pytest.mark.parametrize("twice", ["{run}", "{run}/", "{run}/checkpoints/best.pt"])
def test_one_run_under_two_names_is_no_ensemble(evaluated_run: Path, tmp_path: Path, twice: str):
    runs = (str(evaluated_run), twice.format(run=evaluated_run))
    with pytest.raises(ValueError, match="one is named twice"):
        make_ensemble(EnsembleSettings(runs=runs, out=str(tmp_path / "all.pt")))


def test_a_file_that_exists_is_replaced_on_request_alone(evaluated_run: Path, tmp_path: Path):
    runs, out = (str(evaluated_run), member(evaluated_run, tmp_path / "other")), tmp_path / "all.pt"
    out.write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        make_ensemble(EnsembleSettings(runs=runs, out=str(out)))
    assert out.read_text() == "mine"
    make_ensemble(EnsembleSettings(runs=runs, out=str(out), overwrite=True))
    assert videoai.load(out).classes == ["down", "left", "right", "up"]
