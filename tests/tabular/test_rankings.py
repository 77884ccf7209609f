from collections.abc import Callable
from dataclasses import replace

import pytest

from videoai.tabular.folds import Fold, make_folds
from videoai.tabular.matrix import Matrix
from videoai.tabular.rankings import RANKINGS, NotApplicable

SLOW = pytest.param("sequential", marks=pytest.mark.slow)
HOW = {"missing": "mean", "scale": "z", "encode": "onehot"}


@pytest.fixture(scope="module")
def fold(planted: Callable[..., Matrix]) -> Fold:
    return next(make_folds(planted(), 5, 0, **HOW))


@pytest.mark.parametrize("method", ["anova", "mutual_info", "l1", "forest", "clusters", "rfecv", SLOW])
def test_a_selector_finds_the_planted_columns(fold: Fold, method: str):
    first = [fold.names[column] for column in RANKINGS[method](fold.train)[:8]]
    found = sum(name.startswith(("useful", "copy")) for name in first)
    assert found >= 6, first  # 12 of 53 columns are: at random 1.8


@pytest.mark.parametrize("method", sorted({*RANKINGS} - {"chi2", "sequential"}))
def test_a_ranking_names_no_column_twice(fold: Fold, method: str):
    order = RANKINGS[method](fold.train)
    assert len(set(order.tolist())) == len(order) <= len(fold.names)


def test_clusters_put_a_copy_behind_what_it_copies(fold: Fold):
    order = [fold.names[column] for column in RANKINGS["clusters"](fold.train)]
    for number in range(4):
        later = max(order.index(f"useful{number}"), order.index(f"copy{number}"))
        assert later >= len(order) - 4, order  # one of the two comes first, the other among the last four


def test_variance_looks_at_columns_before_they_are_scaled(fold: Fold):
    unscaled = fold.train.unscaled.copy()
    unscaled[:, 17] *= 100
    assert RANKINGS["variance"](fold.train._replace(unscaled=unscaled))[0] == 17


def test_chi2_refuses_negative_values_and_ranks_counts(planted: Callable[..., Matrix], fold: Fold):
    with pytest.raises(NotApplicable, match="some are negative"):
        RANKINGS["chi2"](fold.train)
    table = planted()
    counts = replace(table, x=table.x[:, :8], names=table.names[:8], categorical=table.categorical[:8])
    ranked = RANKINGS["chi2"](next(make_folds(counts, 5, 0, **HOW)).train)
    assert sorted(ranked.tolist()) == list(range(8))
