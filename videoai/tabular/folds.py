"""Cross-validation by group: each fold's preprocessing is fitted on its training rows alone."""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOptionalIterable=false

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from videoai.tabular.matrix import Matrix
from videoai.tabular.preprocess import preprocessor
from videoai.tabular.rankings import Training

MAX_ITERATIONS = 200  # L-BFGS; accuracy is the same to a tenth of a point long before


class Fold(NamedTuple):
    """Rows to learn from and rows to test on, in the same prepared columns."""

    train: Training
    x: ndarray  # float32 [M, D], rows to test on
    y: ndarray  # int64 [M]
    names: list[str]  # [D]

    def accuracy(self, columns: ndarray | slice) -> float:
        """Share of the tested rows that a classifier on these columns gets right."""
        return fitted_accuracy(self.train.x[:, columns], self.train.y, self.x[:, columns], self.y)


def make_folds(matrix: Matrix, num_folds: int, seed: int, **how: Any) -> Iterator[Fold]:
    """``num_folds`` folds, groups whole, classes spread evenly.

    Args:
        how: of preprocess.preprocessor.
    Raises: ValueError: fewer groups than folds, or a class that a fold would not learn.
    """
    check_folds(matrix, num_folds)
    splitter = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(matrix.x, matrix.y, matrix.groups):
        yield prepared(matrix.rows(train), matrix.rows(test), seed, **how)


def prepared(train: Matrix, test: Matrix, seed: int, **how: Any) -> Fold:
    """Both filled, encoded and scaled by what the training rows say. Raises: ValueError: all columns are constant."""
    pipeline = preprocessor(train.categorical, seed=seed, **how)
    try:
        x = pipeline.fit_transform(train.x, train.y).astype(np.float32)
    except ValueError as error:
        if "variance threshold" not in str(error):
            raise
        raise ValueError(
            "every column is constant or empty in the rows to learn from: nothing to tell apart."
        ) from error
    unscaled = pipeline[:-1].transform(train.x).astype(np.float32)
    names = [str(name) for name in pipeline.get_feature_names_out(train.names)]
    learned = Training(x, unscaled, train.y, train.groups, seed)
    return Fold(learned, pipeline.transform(test.x).astype(np.float32), test.y, names)


def check_folds(matrix: Matrix, num_folds: int) -> None:
    """Raises: ValueError: as ``make_folds``."""
    groups_of = {name: len(np.unique(matrix.groups[matrix.y == k])) for k, name in enumerate(matrix.classes)}
    if len(groups_of) < 2:
        raise ValueError(f"there is one class alone, {', '.join(groups_of)}: nothing to tell apart.")
    name = min(groups_of, key=lambda name: groups_of[name])
    if groups_of[name] < 2:
        raise ValueError(
            f"class '{name}' comes from one video or group alone, so it cannot be learned from some and tested on "
            "others. Add videos, or leave the class out."
        )
    if num_folds > (most := len(np.unique(matrix.groups))):
        raise ValueError(f"folds={num_folds}: there are {most} groups of rows. Use fewer folds.")


def fitted_accuracy(x: ndarray, y: ndarray, tested: ndarray, truth: ndarray) -> float:
    """Accuracy of a logistic regression."""
    return float((fit_logistic(x, y).predict(tested) == truth).mean())


def fit_logistic(x: ndarray, y: ndarray, c: float = 1.0) -> LogisticRegression:
    """A logistic regression with an L2 penalty of 1 / c, near its optimum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # MAX_ITERATIONS says why
        return LogisticRegression(C=c, max_iter=MAX_ITERATIONS, tol=1e-3).fit(x, y)
