"""Metrics of numbers against formulas written out anew."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error

from videoai.report.value_metrics import concordance, filled, pearson, per_value, value_score

numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30)


def ccc_written_out(one: list[float], other: list[float]) -> float:
    n = len(one)
    a, b = sum(one) / n, sum(other) / n
    covariance = sum((x - a) * (y - b) for x, y in zip(one, other, strict=True)) / n
    spread = sum((x - a) ** 2 for x in one) / n + sum((y - b) ** 2 for y in other) / n + (a - b) ** 2
    return 2 * covariance / spread if spread else 0.0


@given(pairs)
def test_ccc_is_that_of_its_definition(rows):
    one, other = map(list, zip(*rows, strict=True))
    expected = ccc_written_out(one, other)
    found = concordance(torch.tensor(one, dtype=torch.float64), torch.tensor(other, dtype=torch.float64))
    assert found == pytest.approx(expected, abs=1e-6)
    assert -1.000001 <= found <= 1.000001


@given(pairs)
def test_errors_are_those_of_scikit_learn(rows):
    said, known = map(list, zip(*rows, strict=True))
    score = value_score(torch.tensor(said, dtype=torch.float64), torch.tensor(known, dtype=torch.float64), "x")
    assert score.rmse == pytest.approx(math.sqrt(mean_squared_error(known, said)), abs=1e-6)
    assert score.mae == pytest.approx(mean_absolute_error(known, said), abs=1e-6)
    assert score.sagr == sum((x > 0) - (x < 0) == (y > 0) - (y < 0) for x, y in rows) / len(rows)


def test_ccc_knows_a_shift_and_a_scale_that_pearson_does_not():
    truth = torch.tensor([0.0, 1.0, 2.0, 3.0])
    assert pearson(truth + 2, truth) == pytest.approx(1)
    assert concordance(truth + 2, truth) == pytest.approx(2 * 1.25 / (1.25 + 1.25 + 4))
    assert concordance(truth, truth) == pytest.approx(1)


def test_what_does_not_vary_has_nothing_in_common():
    same, truth = torch.ones(4), torch.tensor([0.0, 1.0, 2.0, 3.0])
    assert concordance(same, truth) == 0
    assert pearson(same, truth) == 0
    assert concordance(same, same) == 0


def test_ccc_of_a_set_is_not_the_mean_over_its_batches():
    said, truth = torch.tensor([0.0, 0.1, 1.0, 1.1]), torch.tensor([0.1, 0.0, 1.1, 1.0])
    whole = value_score(said, truth, "x").ccc
    assert whole > 0.97
    assert (concordance(said[:2], truth[:2]) + concordance(said[2:], truth[2:])) / 2 == pytest.approx(-1)


def test_missing_truths_are_left_out_and_counted():
    said, truth = (
        torch.tensor([[1.0, 5.0], [2.0, 6.0], [9.0, 7.0]]),
        torch.tensor([[1.0, 5.0], [2.0, 6.0], [math.nan] * 2]),
    )
    for score in per_value(said, truth, ["a", "b"]):
        assert (score.num, score.num_missing, score.mae) == (2, 1, 0)
    nothing = value_score(said[:, 0], torch.full((3,), math.nan), "a")
    assert (nothing.num, nothing.ccc, nothing.rmse) == (0, 0, 0)


def test_an_unread_video_counts_as_the_mean_of_training():
    assert filled(torch.tensor([[math.nan, 2.0]]), [0.5, 1.0]).tolist() == [[0.5, 2.0]]
