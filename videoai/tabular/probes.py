"""Simple classifiers that say what frozen features know: linear, nearest neighbours, and a few rows of a class."""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

from collections.abc import Sequence

import numpy as np
from numpy import ndarray
from sklearn.model_selection import StratifiedGroupKFold

from videoai.tabular.folds import Fold, fit_logistic

INNER_FOLDS = 3


def linear(fold: Fold, penalties: Sequence[float]) -> ndarray:
    """bool [M], whether each tested row is right, by a logistic regression whose C the training rows chose."""
    return fit_logistic(fold.train.x, fold.train.y, best_penalty(fold, penalties)).predict(fold.x) == fold.y


def best_penalty(fold: Fold, penalties: Sequence[float]) -> float:
    """The C of the best accuracy in an inner cross-validation; among equals the simplest classifier."""
    train = fold.train
    if len(penalties) == 1:
        return penalties[0]
    splits = list(StratifiedGroupKFold(INNER_FOLDS).split(train.x, train.y, train.groups))

    def accuracy(c: float) -> float:
        right = [fit_logistic(train.x[a], train.y[a], c).predict(train.x[b]) == train.y[b] for a, b in splits]
        return float(np.concatenate(right).mean())

    return max(sorted(penalties), key=accuracy)


def nearest(fold: Fold, k: int) -> ndarray:
    """bool [M]: the vote of the k most alike rows by cosine, weighted by it (the k-NN of arXiv:1805.01978 without its
    temperature)."""
    similarity = _unit(fold.x) @ _unit(fold.train.x).T
    k = min(k, similarity.shape[1])
    best = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    weight = np.take_along_axis(similarity, best, axis=1)
    votes = np.zeros((len(fold.x), int(max(fold.train.y.max(), fold.y.max())) + 1))
    for place in range(k):
        np.add.at(votes, (np.arange(len(votes)), fold.train.y[best[:, place]]), weight[:, place] + 1)
    return votes.argmax(1) == fold.y


def few_shots(fold: Fold, shots: int, draws: int) -> list[float]:
    """Accuracy of the nearest mean of ``shots`` rows of each class (arXiv:1703.05175), a draw each. A class that has
    fewer gives all."""
    rng = np.random.default_rng((fold.train.seed, shots))
    x, tested = _unit(fold.train.x), _unit(fold.x)
    labels = np.unique(fold.train.y)
    accuracies = []
    for _ in range(draws):
        means = [x[_some(rng, np.flatnonzero(fold.train.y == label), shots)].mean(0) for label in labels]
        answers = labels[(tested @ _unit(np.stack(means)).T).argmax(1)]
        accuracies.append(float((answers == fold.y).mean()))
    return accuracies


def _some(rng: np.random.Generator, rows: ndarray, number: int) -> ndarray:
    return rng.choice(rows, min(number, len(rows)), replace=False)


def _unit(x: ndarray) -> ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
