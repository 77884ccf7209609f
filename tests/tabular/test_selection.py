from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from videoai.tabular.folds import Fold, check_folds, make_folds
from videoai.tabular.importance import fooled, importances
from videoai.tabular.matrix import Matrix
from videoai.tabular.rankings import RANKINGS
from videoai.tabular.selection import select

HOW = {"missing": "mean", "scale": "z", "encode": "onehot"}


def test_a_selection_of_planted_columns_beats_as_many_at_random(planted: Callable[..., Matrix]):
    done: list[int] = []
    result = select(make_folds(planted(), 5, 0, **HOW), ["anova"], [8, 16, 99], done.append)
    assert sum(done) == 5
    assert result.sizes("anova") == [8, 16]  # there are 53 columns
    chosen, at_random = (np.mean(result.accuracies(method, 8)) for method in ("anova", "random"))
    assert chosen > at_random + 0.15
    assert np.mean(result.accuracies("pca", 8)) > at_random  # the copies make the useful columns a component
    assert result.stability("anova", 8) > 0.5


def test_labels_that_say_nothing_give_no_selection_an_advantage(planted: Callable[..., Matrix]):
    table = planted()
    shuffled = replace(table, y=np.random.default_rng(1).permutation(table.y))
    result = select(make_folds(shuffled, 5, 0, **HOW), ["anova", "forest"], [8], lambda number: None)
    for method in ("anova", "forest"):
        # chance is 25 %; columns chosen from all rows, the tested ones too, would give some 35
        assert np.mean(result.accuracies(method, 8)) == pytest.approx(0.25, abs=0.05)


def test_chi2_of_negative_columns_is_left_out_with_a_reason(planted: Callable[..., Matrix]):
    result = select(make_folds(planted(), 2, 0, **HOW), ["chi2", "anova"], [8], lambda number: None)
    assert "negative" in result.left_out["chi2"]
    assert not result.sizes("chi2")
    assert result.sizes("anova") == [8]


@pytest.mark.slow
def test_impurity_is_fooled_by_noise_with_many_values_and_permutation_is_not(planted: Callable[..., Matrix]):
    table = planted(900)

    def order_of(number: int, fold: Fold) -> list[str]:
        return [fold.names[column] for column in RANKINGS["forest"](fold.train)]

    rows = importances(make_folds(table, 5, 0, **HOW), order_of)
    by_name = {row.name: row for row in rows}
    order = [row.name for row in rows]
    assert order.index("number") < 14  # above all 40 useless columns
    assert by_name["number"].permutation <= 2 * by_name["number"].permutation_error
    assert "number" in [row.name for row in fooled(rows)]
    useful = [row for row in rows if row.name.startswith("useful")]
    assert sum(not row.is_useless for row in useful) >= 5


def test_a_table_that_cannot_be_divided_is_refused(planted: Callable[..., Matrix]):
    table = planted(60)
    with pytest.raises(ValueError, match="one video or group alone"):
        check_folds(replace(table, groups=np.where(table.y == 2, 0, table.groups)), 5)
    with pytest.raises(ValueError, match="one class alone"):
        check_folds(replace(table, y=np.zeros(60, int), classes=["only"]), 5)
    with pytest.raises(ValueError, match="there are 20 groups"):
        check_folds(table, 21)


def test_groups_are_never_learned_and_tested_at_once(planted: Callable[..., Matrix]):
    table = planted(90)
    for fold in make_folds(table, 3, 0, **HOW):
        assert len(np.unique(fold.train.groups)) + len(fold.y) // 3 == 30
