from collections.abc import Callable

import numpy as np

from videoai.tabular.folds import make_folds
from videoai.tabular.matrix import Matrix
from videoai.tabular.probes import best_penalty, few_shots, linear, nearest

HOW = {"missing": "mean", "scale": "z", "encode": "onehot"}


def separable(rows: int = 200) -> Matrix:
    rng = np.random.default_rng(0)
    y = np.arange(rows) % 4
    x = (5 * np.eye(4)[y] + rng.normal(size=(rows, 4))).astype(np.float32)
    return Matrix(x, list("abcd"), np.zeros(4, bool), y, list("wxyz"), np.arange(rows))


def test_probes_find_classes_that_lie_apart():
    fold = next(make_folds(separable(), 4, 0, **HOW))
    assert linear(fold, (0.1, 1.0)).mean() > 0.95
    assert nearest(fold, 5).mean() > 0.95
    one, ten = (np.mean(few_shots(fold, shots, 10)) for shots in (1, 10))
    assert 0.6 < one < ten


def test_more_neighbours_than_rows_are_all_rows():
    fold = next(make_folds(separable(20), 4, 0, **HOW))
    assert nearest(fold, 1000).shape == fold.y.shape


def test_useless_columns_choose_a_strong_penalty(planted: Callable[..., Matrix]):
    fold = next(make_folds(planted(), 5, 0, **HOW))
    assert best_penalty(fold, (0.01, 100.0)) == 0.01
    assert best_penalty(fold, (3.0,)) == 3.0
