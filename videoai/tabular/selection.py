"""Does a selection of columns pay? Accuracy over the number of columns, selected inside each fold, beside all columns,
as many at random, and as many principal components."""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from videoai.tabular.folds import Fold, fitted_accuracy
from videoai.tabular.rankings import RANKINGS, NotApplicable

logger = logging.getLogger(__name__)
ALL, RANDOM, COMPONENTS = "all", "random", "pca"
DRAWS = 5  # random subsets of each size and fold


class Cell(NamedTuple):
    """One measurement."""

    method: str
    size: int
    fold: int
    accuracy: float  # 0 .. 1; of random subsets the mean


@dataclass
class Selection:
    """What was measured."""

    cells: list[Cell]
    orders: dict[tuple[str, int], list[str]]  # (method, fold) -> names of the columns, the best first
    left_out: dict[str, str]  # method -> why
    rows: list[tuple[int, int]]  # (training, tested) of each fold

    def accuracies(self, method: str, size: int) -> list[float]:
        """One a fold."""
        return [cell.accuracy for cell in self.cells if (cell.method, cell.size) == (method, size)]

    def sizes(self, method: str) -> list[int]:
        """Those that it was measured with."""
        return sorted({cell.size for cell in self.cells if cell.method == method})

    def stability(self, method: str, size: int) -> float:
        """Mean Jaccard index of the columns that two folds chose: 1 = the same."""
        sets = [set(names[:size]) for (name, _), names in self.orders.items() if name == method]
        pairs = [len(one & other) / len(one | other) for one, other in combinations(sets, 2)]
        return float(np.mean(pairs)) if pairs else float("nan")


def select(
    folds: Iterable[Fold], methods: Sequence[str], sizes: Sequence[int], add: Callable[[int], None]
) -> Selection:
    """Measure every method at every size in every fold. ``add``: told of each fold that is done."""
    result = Selection([], {}, {}, [])
    for number, fold in enumerate(folds):
        width = fold.x.shape[1]
        result.rows.append((len(fold.train.y), len(fold.y)))
        fitting = [size for size in sizes if size < width]
        result.cells.append(Cell(ALL, width, number, fold.accuracy(slice(None))))
        for method in methods:
            _measure(result, method, fitting, number, fold)
        result.cells += _at_random(fold, fitting, number)
        result.cells += _components(fold, fitting, number)
        add(1)
    return result


def _measure(result: Selection, method: str, sizes: Sequence[int], number: int, fold: Fold) -> None:
    if method in result.left_out:
        return
    try:
        order = RANKINGS[method](fold.train)
    except NotApplicable as error:
        result.left_out[method] = str(error)
        logger.warning("%s is left out: %s", method, error)
        return
    result.orders[method, number] = [fold.names[column] for column in order]
    fitting = [size for size in sizes if size <= len(order)]
    result.cells += [Cell(method, size, number, fold.accuracy(order[:size])) for size in fitting]


def _at_random(fold: Fold, sizes: Sequence[int], number: int) -> list[Cell]:
    rng = np.random.default_rng((fold.train.seed, number))
    width = fold.x.shape[1]

    def accuracy(size: int) -> float:
        return float(np.mean([fold.accuracy(rng.choice(width, size, replace=False)) for _ in range(DRAWS)]))

    return [Cell(RANDOM, size, number, accuracy(size)) for size in sizes]


def _components(fold: Fold, sizes: Sequence[int], number: int) -> list[Cell]:
    most = min(len(fold.train.y), fold.x.shape[1])
    sizes = [size for size in sizes if size <= most]
    if not sizes:
        return []
    pca = PCA(max(sizes), random_state=fold.train.seed).fit(fold.train.x)
    x, tested = pca.transform(fold.train.x), pca.transform(fold.x)
    return [
        Cell(COMPONENTS, size, number, fitted_accuracy(x[:, :size], fold.train.y, tested[:, :size], fold.y))
        for size in sizes
    ]
