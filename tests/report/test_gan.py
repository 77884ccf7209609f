"""What a person reads of a generator's evaluation, and what programs read."""

import csv
import json
from math import nan

import pytest

from videoai.gan.diagnostics import Diagnostic
from videoai.report.gan import distance_table, lines, write_gan_evaluation
from videoai.report.tables import as_text
from videoai.run.gan.classifiers import Arm

DISTANCES = {"fvd_own": 1.234567891, "recall": 0.5}
MEASURED = {
    "agreement": 0.791,
    "judge_on_real": 0.98,
    "chance": 0.5,
    "memorised": 0.04,
    "diversity": 0.25,
    "num_compared": 60,
    "distances": dict.fromkeys(("generated", "real", "shuffled", "frozen", "reversed"), DISTANCES),
    "per_class": {"agreement": [1.0, 0.582], "recall": [nan, 0.1]},
    "findings": [Diagnostic("mode_collapse", ["up"], "mode collapse: up")],
}
ARMS = {
    "cas": Arm(0.51, {"left": 0.6, "up": 0.42}, 200),
    "real": Arm(0.98, {"left": 1.0, "up": 0.96}, 200),
    "all_real": Arm(0.99, {"left": 1.0, "up": 0.98}, 800),
    "nas": Arm(0.97, {"left": 1.0, "up": 0.94}, 1000),
}


@pytest.fixture
def results(tmp_path):
    return write_gan_evaluation(tmp_path, {"split": "test", "generator": "abc"}, MEASURED, ARMS, ["left", "up"], None)


def test_the_files_are_plain_and_round(results, tmp_path):
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert results["distances"]["real"]["fvd_own"] == 1.234568
    rows = list(csv.DictReader((tmp_path / "per_class.csv").read_text().splitlines()))
    assert [row["class"] for row in rows] == ["left", "up"]
    assert rows[0]["recall"] == "" and float(rows[1]["cas"]) == 0.42


def test_each_measure_is_a_line_that_stands_for_itself(results):
    sentences = lines(results)
    assert sentences[0] == (
        "label agreement 79.1%: generated clips that the evaluator classifies as asked; "
        "98.0% of real clips, 50.0% by chance"
    )
    assert (
        "CAS 51.0%: of real test clips a classifier names after training on 200 generated clips only; 98.0% after 200 "
        "real ones" in sentences
    )
    assert "NAS 97.0%: after the generated clips and 800 real ones; 99.0% after these alone" in sentences
    assert sentences[-1] == "mode collapse: up"


def test_cas_that_was_not_measured_is_said(results):
    without = {key: value for key, value in results.items() if key not in ARMS}
    assert any(line.startswith("CAS and NAS: not measured") for line in lines(without))


def test_the_distance_table_shows_which_way_is_better_and_another_generator(results):
    table = as_text(distance_table({**results, "earlier": {**results, "generator": "0123456789abcdef"}}))
    assert "fvd_own ↓" in table and "recall ↑" in table
    assert "backwards" in table and "01234567" in table
