"""Cross-validation: a run a fold, a table that sums up, an ensemble that predicts."""

import json

import pytest

import videoai
from videoai.compose.settings import from_keywords
from videoai.run.folds import summed_up, train_folds
from videoai.settings.training import TrainSettings


def test_the_interval_knows_that_training_sets_overlap():
    rows = [{"video_top1": value, "n_test": 20, "n_train": 80} for value in (0.6, 0.7, 0.8)]
    summary = summed_up(rows, "video_top1")
    assert summary["mean"] == pytest.approx(0.7) and summary["sd"] == pytest.approx(0.1)
    half = 4.302653 * 0.1 * (1 / 3 + 1 / 4) ** 0.5  # t of Student, two degrees of freedom
    assert summary["low"] == pytest.approx(0.7 - half, abs=1e-5) and summary["high"] == 1.0


@pytest.mark.slow
def test_two_folds_are_tested_each_and_go_on_and_their_ensemble_predicts(clip_folder, tmp_path):
    trainer = {"max_steps": 2, "batch_size": 6, "precision": "fp32", "num_threads": 1}
    given = {"data": {"name": "folder", "root": str(clip_folder), "folds": 2}, "model": "tiny_r3d", "trainer": trainer}
    settings = from_keywords(
        TrainSettings, {**given, "loading": {"num_workers": 0}, "report": False, "run_dir": str(tmp_path / "cv")}
    ).settings()
    done = train_folds(settings)
    assert [row["n_test"] for row in done.rows] == [12, 12]
    assert (tmp_path / "cv/folds.csv").read_text().splitlines()[0].startswith("fold,n_train,n_test,video_top1")
    assert json.loads((tmp_path / "cv/folds.json").read_text())["summary"].keys() >= {"video_top1"}
    assert train_folds(settings).rows == done.rows  # nothing is trained again
    (answer,) = videoai.load(done.ensemble).predict(clip_folder / "left/left_0.mp4")
    assert sum(one.probability for one in answer.top) == pytest.approx(1.0, abs=1e-3)
