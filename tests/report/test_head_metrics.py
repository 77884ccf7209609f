import math

import pytest
import torch

from videoai.report.head_metrics import HeadScores, is_joint_right, measured

NAN = math.nan


def head(name: str, scores: list[list[float]], targets: list[int]) -> HeadScores:
    return HeadScores(name, "class", torch.tensor(scores).double(), torch.tensor(targets), 0.0)


VERB = head("verb", [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [NAN, NAN]], [0, 1, 1, 0])
NOUN = head("noun", [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [NAN, NAN]], [0, 1, -1, 0])


def test_a_missing_target_counts_neither_in_its_head_nor_in_all_together():
    results = measured([VERB, NOUN])
    assert results["heads"]["verb"] == {"kind": "class", "n": 4, "n_missing": 0, "top1": 0.5, "uar": 0.5}
    assert results["heads"]["noun"] == {
        "kind": "class",
        "n": 3,
        "n_missing": 1,
        "top1": pytest.approx(1 / 3, abs=1e-6),
        "uar": 0.25,
    }
    assert results["n_joint"] == 3
    assert results["joint_top1"] == pytest.approx(1 / 3, abs=1e-6)
    assert results["mean"] == pytest.approx((0.5 + 1 / 3) / 2, abs=1e-6)


def test_all_classes_must_be_right_at_once():
    assert is_joint_right([VERB, NOUN]).tolist() == [True, False, False, False]


def test_the_best_five_count_where_a_head_has_more_than_five_classes():
    many = head("noun", [[6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1], [NAN] * 6], [4, 5, 0])
    assert measured([many])["heads"]["noun"]["top5"] == pytest.approx(1 / 3, abs=1e-6)
    assert measured([many])["joint_top5"] == pytest.approx(1 / 3, abs=1e-6)
    assert "joint_top5" not in measured([VERB])


def test_values_are_measured_beside_classes():
    value = HeadScores(
        "pain", "value", torch.tensor([[1.0], [NAN], [3.0]]).double(), torch.tensor([1.0, 2.0, NAN]), 2.0
    )
    results = measured([value])
    assert "joint_top1" not in results
    assert (results["heads"]["pain"]["n"], results["heads"]["pain"]["n_missing"]) == (2, 1)
    assert results["heads"]["pain"]["mae"] == 0  # the mean of training stands for what could not be read
