"""Which columns a selector puts first: statistical, filter, wrapper and embedded methods, each fitted on training rows
alone.

A ranking is an order of the columns, the best first, so that one fit answers for every number of columns.
"""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFECV, chi2, f_classif, mutual_info_classif
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.svm import LinearSVC

from videoai.core.cores import available_cores

BINS = 16  # mutual information is counted in so many equally filled bins of a column
ALIKE = 0.8  # |correlation| of columns that repeat each other; judgement
L1_COLUMNS = 512  # the best by F that the L1 machine sees: its time grows with rows x columns x classes
SEQUENTIAL_COLUMNS, SEQUENTIAL_STEPS = 64, 16  # the best by F that sequential selection sees, and how many it takes
TREES = 100  # scikit-learn's default
INNER_FOLDS = 3


class Training(NamedTuple):
    """Training rows of one fold."""

    x: ndarray  # float32 [N, D], filled, encoded and scaled
    unscaled: ndarray  # float32 [N, D], before scaling
    y: ndarray  # int64 [N]
    groups: ndarray  # int64 [N]
    seed: int


class NotApplicable(Exception):
    """A selector that makes no sense for these columns; the message says why."""


Ranking = Callable[[Training], ndarray]  # -> int64 [at most D], columns, the best first


def variance(data: Training) -> ndarray:
    """Before scaling, after which all are alike. It looks at no label."""
    return np.argsort(-data.unscaled.var(0), kind="stable")


def anova(data: Training) -> ndarray:
    """F of an analysis of variance: how far class means are apart, against the spread within classes."""
    return np.argsort(-f_values(data), kind="stable")


def f_values(data: Training) -> ndarray:
    """float64 [D]"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(f_classif(data.x, data.y)[0], nan=0.0, posinf=np.finfo(np.float64).max)


def mutual_information(data: Training) -> ndarray:
    """Between the class and the column in 16 equally filled bins: also bends and bumps that F does not see."""
    edges = np.quantile(data.x, np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
    columns = range(data.x.shape[1])
    binned = np.stack([np.searchsorted(edges[:, column], data.x[:, column]) for column in columns], axis=1)
    scores = mutual_info_classif(binned, data.y, discrete_features=True, random_state=data.seed)
    return np.argsort(-scores, kind="stable")


def chi_squared(data: Training) -> ndarray:
    """Chi2 of sums against classes, which means something for counts alone.

    Raises: NotApplicable: there are negative values.
    """
    if data.unscaled.min() < 0:
        raise NotApplicable("chi2 is for counts and other values from 0 up, and some are negative")
    return np.argsort(-np.nan_to_num(chi2(data.unscaled, data.y)[0]), kind="stable")


def clusters(data: Training) -> ndarray:
    """Columns that go together (average linkage, |correlation| above 0.8) are a cluster. The best by F of each cluster
    comes first, in the order of F; then the others, which repeat them."""
    order = anova(data)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = 1 - np.abs(np.nan_to_num(np.corrcoef(data.x, rowvar=False)))
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance.clip(0), checks=False), method="average")
    member = fcluster(tree, 1 - ALIKE, criterion="distance")
    _, first = np.unique(member[order], return_index=True)
    is_first = np.isin(np.arange(len(order)), first)
    return np.concatenate([order[is_first], order[~is_first]])


def l1(data: Training) -> ndarray:
    """Weights of a linear support-vector machine with an L1 penalty, which sets most of them to zero."""
    seen = anova(data)[:L1_COLUMNS]
    machine = LinearSVC(penalty="l1", dual=False, C=0.05, tol=1e-2, max_iter=200, random_state=data.seed)
    weights = np.abs(machine.fit(data.x[:, seen], data.y).coef_).sum(0)
    return seen[np.argsort(-weights, kind="stable")]


def forest(data: Training) -> ndarray:
    """Mean decrease in impurity (Gini importance) of a random forest."""
    return np.argsort(-new_forest(data.seed).fit(data.x, data.y).feature_importances_, kind="stable")


def new_forest(seed: int) -> RandomForestClassifier:
    """A random forest (Breiman 2001, doi:10.1023/A:1010933404324)."""
    return RandomForestClassifier(TREES, n_jobs=available_cores(), random_state=seed)


def recursive(data: Training) -> ndarray:
    """Recursive elimination with cross-validation by group: a ridge classifier loses the weakest fifth of the columns
    each time; those that it keeps come first."""
    splits = list(StratifiedGroupKFold(INNER_FOLDS).split(data.x, data.y, data.groups))
    selector = RFECV(RidgeClassifier(), step=0.2, cv=splits).fit(data.x, data.y)
    weights = np.zeros(data.x.shape[1])
    weights[selector.support_] = np.abs(np.atleast_2d(selector.estimator_.coef_)).sum(0)
    return np.lexsort((-weights, selector.ranking_))


def sequential(data: Training) -> ndarray:
    """Forward selection by cross-validation by group among the best 64 by F, one column after the other: 16 at most."""
    seen = anova(data)[:SEQUENTIAL_COLUMNS]
    splits = list(StratifiedGroupKFold(INNER_FOLDS).split(data.x, data.y, data.groups))

    def score(columns: list[int]) -> float:
        return cross_val_score(RidgeClassifier(), data.x[:, columns], data.y, cv=splits).mean()

    order: list[int] = []
    while len(order) < min(SEQUENTIAL_STEPS, len(seen)):
        left = [int(column) for column in seen if column not in order]
        order.append(max(left, key=lambda column: score([*order, column])))
    return np.array(order)


RANKINGS: dict[str, Ranking] = {
    "variance": variance,
    "clusters": clusters,
    "anova": anova,
    "mutual_info": mutual_information,
    "chi2": chi_squared,
    "rfecv": recursive,
    "sequential": sequential,
    "l1": l1,
    "forest": forest,
}
