"""Three answers to "which columns matter", because the quickest one is fooled.

Mean decrease in impurity is counted on training rows, and inflates columns with many different values: noise looks
useful. Permutation is counted on rows that were held out, and says little of correlated columns.
Leaving a column out and training again tells both apart, and costs a training each. scikit-learn's guide, "Permutation
feature importance", shows the first two; Strobl et al. 2007 (doi:10.1186/1471-2105-8-25) the bias.
"""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from videoai.tabular.folds import Fold
from videoai.tabular.rankings import new_forest

LOOKED_AT = 24  # the first columns of a ranking, which are compared with each other
DROPPED = 8  # the first of these by impurity that are left out once
REPEATS = 5  # permutations of a column in a fold
SURE = 2.0  # standard errors above 0, or the effect is none; judgement


class Importance(NamedTuple):
    """A column in the forest, means over folds."""

    name: str
    impurity: float  # shares that add up to 1 over all columns
    permutation: float  # accuracy lost, 0 .. 1
    permutation_error: float  # standard error over folds
    drop_column: float  # accuracy lost without it; NaN = not tried

    @property
    def is_useless(self) -> bool:
        """Whether shuffling it costs no accuracy that shows on held-out rows."""
        return self.permutation <= SURE * self.permutation_error


def importances(
    folds: Iterable[Fold], order_of: Callable[[int, Fold], Sequence[str]], always: Iterable[str] = ()
) -> list[Importance]:
    """The first columns of each fold's order, and those called ``always``, in a forest of these alone; by impurity.

    Args:
        order_of: (number of the fold, fold) -> names of columns, the best first.
    """
    kept = {*always}
    firsts = ((fold, order_of(number, fold)[:LOOKED_AT]) for number, fold in enumerate(folds))
    parts = [_of_fold(_only(fold, [*first, *kept])) for fold, first in firsts]
    names = dict.fromkeys(name for part in parts for name in part)
    rows = [_mean(name, [part[name] for part in parts if name in part]) for name in names]
    return sorted(rows, key=lambda row: -row.impurity)


def fooled(rows: list[Importance]) -> list[Importance]:
    """Columns that impurity calls important, above half the average of those compared, and permutation does not."""
    return [row for row in rows if row.impurity > 0.5 / len(rows) and row.is_useless]


def _only(fold: Fold, names: Sequence[str]) -> Fold:
    """The columns of these names; encoded ones belong to the name they begin with."""
    columns = [place for place, name in enumerate(fold.names) if name in names or name.rpartition("_")[0] in names]
    train = fold.train._replace(x=fold.train.x[:, columns], unscaled=fold.train.unscaled[:, columns])
    return fold._replace(train=train, x=fold.x[:, columns], names=[fold.names[column] for column in columns])


def _of_fold(fold: Fold) -> dict[str, tuple[float, float, float]]:
    """name -> impurity, permutation, drop-column."""
    forest = new_forest(fold.train.seed).fit(fold.train.x, fold.train.y)
    impurity = forest.feature_importances_
    shown = np.argsort(-impurity, kind="stable").tolist()
    whole = float((forest.predict(fold.x) == fold.y).mean())
    lost = _permuted(forest, fold, shown)
    dropped = {column: whole - _without(fold, column) for column in shown[:DROPPED]}
    return {
        fold.names[column]: (float(impurity[column]), lost[place], dropped.get(column, np.nan))
        for place, column in enumerate(shown)
    }


def _permuted(forest: RandomForestClassifier, fold: Fold, columns: list[int]) -> list[float]:
    """Accuracy lost on held-out rows where one column is shuffled, the mean of ``REPEATS``."""
    rng, whole = np.random.default_rng(fold.train.seed), (forest.predict(fold.x) == fold.y).mean()
    lost = []
    for column in columns:
        x = np.tile(fold.x, (REPEATS, 1))  # one call, as starting the trees' threads takes longer than their work
        x[:, column] = np.concatenate([rng.permutation(fold.x[:, column]) for _ in range(REPEATS)])
        lost.append(float(whole - (forest.predict(x) == np.tile(fold.y, REPEATS)).mean()))
    return lost


def _without(fold: Fold, column: int) -> float:
    """Accuracy of a forest that never saw the column."""
    kept = np.delete(np.arange(fold.x.shape[1]), column)
    forest = new_forest(fold.train.seed).fit(fold.train.x[:, kept], fold.train.y)
    return float((forest.predict(fold.x[:, kept]) == fold.y).mean())


def _mean(name: str, parts: list[tuple[float, float, float]]) -> Importance:
    impurity, permutation, dropped = np.array(parts, np.float64).T
    error = float(permutation.std(ddof=1) / np.sqrt(len(parts))) if len(parts) > 1 else 0.0
    drop = float(np.nanmean(dropped)) if not np.isnan(dropped).all() else float("nan")
    return Importance(name, float(impurity.mean()), float(permutation.mean()), error, drop)
