"""A generator's evaluation finds the faults that were planted, and none in clips that are as good as real ones."""

import json
from pathlib import Path

import pytest

from videoai.compose.settings import from_keywords
from videoai.core import checkpoint
from videoai.run.gan.evaluate import evaluate_gan
from videoai.settings.data import DataSettings
from videoai.settings.gan import EvaluateGanSettings
from videoai.settings.parse import parse, to_dict
from videoai.settings.training import TrainSettings

FAST = {"batch_size": 6, "precision": "fp32", "num_threads": 1, "log_every": 50}


def classifier(data: DataSettings) -> TrainSettings:
    given = {"data": to_dict(data), "model": {"name": "tiny_r3d", "width": 4}, "trainer": FAST, "logger": []}
    return from_keywords(TrainSettings, given).settings()


@pytest.fixture(scope="module")
def evaluated(planted, judge_run, tmp_path_factory):
    """results.json of a planted generator, each made once."""
    made = {}

    def results(mode, **changes):
        key = (mode, *changes.items())
        if key not in made:
            folder = tmp_path_factory.mktemp(mode)
            judge = str(judge_run / "checkpoints/best.pt")
            given = {"checkpoint": planted(mode), "judge": judge, "per_class": 8, "cas": False, "run_dir": str(folder)}
            given |= {"trust": ["planted"], "num_workers": 0, **changes}
            made[key] = evaluate_gan(parse(EvaluateGanSettings, given), classifier)
        return made[key]

    return results


def kinds(results):
    return {finding["kind"] for finding in results["findings"]}


def test_a_planted_collapse_is_found_in_every_class(evaluated):
    good, bad = evaluated("diverse"), evaluated("collapsed")
    assert not kinds(good) & {"mode_collapse", "wrong_class"}
    assert "mode_collapse" in kinds(bad)
    assert bad["findings"][0]["classes"] == ["down", "left", "right", "up"]
    assert bad["diversity"] < 0.05 < 0.5 < good["diversity"]


def test_a_generator_of_the_wrong_classes_is_found_though_its_clips_are_real(evaluated):
    actual = evaluated("wrong")
    assert "wrong_class" in kinds(actual)
    assert actual["agreement"] < 0.2 < actual["judge_on_real"]
    distances = actual["distances"]
    assert distances["generated"]["fvd_own"] < distances["real"]["fvd_own"]  # no distance sees it


def test_copies_are_found(evaluated):
    assert "memorised" in kinds(evaluated("copies"))
    assert evaluated("copies")["memorised"] > evaluated("diverse")["memorised"]


def test_every_distance_lies_between_those_of_real_and_of_corrupted_clips(evaluated):
    distances = evaluated("diverse")["distances"]
    assert set(distances) == {"generated", "real", "shuffled", "frozen", "reversed"}
    assert {"fvd_own", "kvd_own", "precision", "recall", "coverage"} == set(distances["real"])
    assert distances["frozen"]["fvd_own"] > distances["real"]["fvd_own"]


def test_the_files_hold_what_is_returned_and_who_measured(evaluated):
    results = evaluated("diverse")
    folder = results["folder"]
    kept = json.loads(Path(folder, "results.json").read_text())
    assert kept == {key: value for key, value in results.items() if key != "folder"}
    assert kept["judge"]["hash"] == kept["encoder"]["hash"] and len(kept["generator"]) == 16
    lines = Path(folder, "per_class.csv").read_text().splitlines()
    assert lines[0] == "class,agreement,judge_on_real,diversity,recall"
    assert [line.split(",")[0] for line in lines[1:]] == ["down", "left", "right", "up"]


def test_results_on_other_features_are_not_compared(evaluated, tmp_path):
    results = evaluated("diverse")
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    beside = evaluated("collapsed", against=str(path))
    assert beside["earlier"]["generator"] == results["generator"]
    path.write_text(json.dumps({**results, "encoder": {"name": "other", "hash": "0" * 16}}))
    with pytest.raises(ValueError, match="features of other .*: they cannot be compared"):
        evaluated("copies", against=str(path))


def test_an_encoder_gives_the_distances_its_name(evaluated, judge_run):
    results = evaluated("diverse", encoder=str(judge_run / "checkpoints/last.pt"))
    names = set(results["distances"]["generated"])
    assert not any(name.endswith("_own") for name in names)
    assert any(name.startswith("fvd_") and name.endswith("last.pt") for name in names)


@pytest.mark.slow
def test_cas_says_what_a_classifier_learns_and_a_judge_is_trained_where_none_is_given(evaluated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = evaluated("diverse", judge=None, cas=True, steps=60, run_dir="out")
    assert results["num_train"] == {"cas": 32, "real": 16, "nas": 48}
    for name in ("cas", "real", "nas"):
        assert 0 <= results[name] <= 1
    lines = Path(results["folder"], "per_class.csv").read_text().splitlines()
    assert lines[0].endswith(",cas,real,nas")
    state = checkpoint.load(f"{results['folder']}/judge/checkpoints/best.pt")
    assert state["classes"] == ["down", "left", "right", "up"]
