import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from videoai.report.ordinal_metrics import (
    mean_level_error,
    quadratic_weighted_kappa,
    within_one,
    worst_for_unread,
)

levels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


@given(levels)
def test_kappa_is_that_of_scikit_learn(rows):
    said, known = (torch.tensor(column) for column in zip(*rows, strict=True))
    if len({*said.tolist(), *known.tolist()}) > 1:
        expected = cohen_kappa_score(said, known, weights="quadratic", labels=range(5))
        assert quadratic_weighted_kappa(said, known) == pytest.approx(expected, abs=1e-9)


def test_levels_off_are_counted():
    said, known = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 2, 2, 0])
    assert mean_level_error(said, known) == 0.75
    assert within_one(said, known) == 0.75


def test_kappa_is_one_where_all_is_right_and_zero_where_nothing_varies():
    known = torch.tensor([0, 1, 2])
    assert quadratic_weighted_kappa(known, known) == 1
    assert quadratic_weighted_kappa(torch.ones(3).long(), torch.ones(3).long()) == 0


def test_what_could_not_be_read_is_as_wrong_as_can_be():
    said, known = torch.tensor([-1, -1, -1, 1]), torch.tensor([0, 1, 2, 1])
    assert worst_for_unread(said, known, 3).tolist() == [2, 0, 0, 1]
