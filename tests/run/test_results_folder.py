import json

import pytest

from videoai.run.results_folder import description_folder, evaluation_folder, prediction_folder

FACTS = {"split": "test", "views": "1x1", "fingerprint": "a"}
INPUTS = {"checkpoint": "best.pt", "input": "films"}


def evaluate(root, *, run_dir=None, file="best", data=None, **changes) -> str:
    """The folder, below root, where an evaluation writes its results."""
    facts = {**FACTS, **changes}
    folder = evaluation_folder(run_dir, checkpoint=f"{root}/run/checkpoints/{file}.pt", data=data, facts=facts)
    (folder / "results.json").write_text(json.dumps({**facts, "video_top1": 0.5}))
    return str(folder.relative_to(root))


OTHERS = {
    "run/val": {"split": "val"},
    "run/test-4x3": {"views": "4x3"},
    "run/test-last": {"file": "last"},
    "run/all-fights": {"split": "all", "data": "fights", "fingerprint": "b"},
    "run/test-2": {"fingerprint": "b"},
    "run/val-10x3-last": {"split": "val", "views": "10x3", "file": "last"},
}


@pytest.mark.parametrize("folder", OTHERS)
def test_another_evaluation_leaves_the_results_of_the_first(folder, tmp_path, caplog):
    caplog.set_level("INFO")
    assert evaluate(tmp_path) == "run/test"
    assert evaluate(tmp_path, **OTHERS[folder]) == folder
    assert json.loads((tmp_path / "run/test/results.json").read_text()) == {**FACTS, "video_top1": 0.5}
    assert not caplog.text


@pytest.mark.parametrize("folder", ["run/test", *OTHERS])
def test_the_same_evaluation_replaces_its_own_results_and_says_so(folder, tmp_path, caplog):
    caplog.set_level("INFO")
    evaluate(tmp_path)
    for _ in range(2):
        assert evaluate(tmp_path, **OTHERS.get(folder, {})) == folder
    assert f"{folder}: the results there are replaced" in caplog.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"split": "val"}, "split=test"), ({"views": "4x3"}, "views=1x1"), ({"fingerprint": "b"}, "fingerprint=a")],
)
def test_a_named_folder_is_taken_and_what_is_lost_is_said(changes, said, tmp_path, caplog):
    caplog.set_level("INFO")
    for more in ({}, changes):
        assert evaluate(tmp_path, run_dir=str(tmp_path / "out"), **more) == "out"
    assert f"out: the results of other ones ({said}) there are replaced" in caplog.text


def test_a_folder_of_clips_named_test_stays_as_it_is(tmp_path):
    (tmp_path / "run/test/left").mkdir(parents=True)
    assert evaluate(tmp_path) == "run/test-2"
    assert [path.name for path in (tmp_path / "run/test").iterdir()] == ["left"]


def test_results_under_other_settings_that_change_answers_get_a_place_of_their_own(tmp_path, caplog):
    caplog.set_level("INFO")
    low, high = {"threshold": 0.3}, {"threshold": 0.7, "precision": "bf16"}
    assert [evaluate(tmp_path, settings=one) for one in ({}, low, high)] == ["run/test", "run/test-2", "run/test-3"]
    assert not caplog.text
    assert [evaluate(tmp_path, settings=one) for one in ({}, low, high)] == ["run/test", "run/test-2", "run/test-3"]
    out = str(tmp_path / "out")
    for one in (high, {}, low):
        assert evaluate(tmp_path, run_dir=out, settings=one) == "out"
    assert "out: the results of other ones (threshold=0.7, precision=bf16) there are replaced" in caplog.text
    assert "out: the results of other ones (the usual settings) there are replaced" in caplog.text


def test_results_of_a_version_that_recorded_no_settings_are_of_the_usual_ones(tmp_path):
    (tmp_path / "run/test").mkdir(parents=True)
    (tmp_path / "run/test/results.json").write_text(json.dumps(FACTS))
    assert evaluate(tmp_path, settings={}) == "run/test"
    (tmp_path / "run/test/results.json").write_text(json.dumps(FACTS))
    assert evaluate(tmp_path, settings={"threshold": 0.3}) == "run/test-2"


def predict(**changes) -> str:
    folder = prediction_folder(changes.pop("run_dir", None), {**INPUTS, **changes})
    (folder / "predictions.jsonl").write_text("{}\n")
    return str(folder)


@pytest.mark.parametrize("changes", [{"input": "other"}, {"checkpoint": "last.pt"}, {"window_seconds": 1.0}])
def test_other_predictions_get_a_folder_of_their_own(changes, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.chdir(tmp_path)
    assert [predict(), predict(**changes)] == ["runs/predict", "runs/predict-2"] and not caplog.text
    assert [predict(), predict(**changes)] == ["runs/predict", "runs/predict-2"]
    assert "runs/predict: the results there are replaced" in caplog.text
    assert predict(input="third", run_dir="runs/predict") == "runs/predict"
    assert "runs/predict: the results of other ones (input=films) there are replaced" in caplog.text


def test_predictions_of_an_earlier_version_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/predict").mkdir(parents=True)
    (tmp_path / "runs/predict/predictions.jsonl").write_text("{}\n")
    assert predict() == "runs/predict-2"


@pytest.mark.parametrize("name", ["\udcff.mp4", "films/é.mp4", "ascii.mp4"])
@pytest.mark.parametrize(
    ("folder_of", "file"), [(prediction_folder, "predictions.json"), (description_folder, "describe.json")]
)
def test_a_name_in_any_bytes_is_written_and_read_back(name, folder_of, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert json.loads((folder_of(None, {"input": name}) / file).read_text()) == {"input": name}
