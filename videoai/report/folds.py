"""The table of a cross-validation."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from rich.table import Table

CONFIDENCE = 0.95
# Scores that are no shares, and so not written in percent.
NUMBERS = ("ccc", "pearson", "rmse", "mae", "quadratic_weighted_kappa", "mean_level_error", "mean")


def fold_interval(values: Sequence[float], overlap: float) -> tuple[float, float]:
    """Ends of the 95 % interval of a mean over folds. Training sets of folds overlap, so the variance of the mean is
    that of Nadeau and Bengio (2003, doi:10.1023/A:1024068626366): (1 / k + n_test / n_train) sd^2.

    Args:
        overlap: n_test / n_train.
    """
    from scipy import stats

    k = len(values)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, k - 1)) * stdev(values) * math.sqrt(1 / k + overlap)
    return mean(values) - half, mean(values) + half


def folds_table(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Mapping[str, float]]) -> Table:
    """A row a fold, then the mean, the standard deviation and the 95 % interval of each score; shares in percent."""
    table = Table(title="Each fold tested on clips that its network has not seen")
    for name in ("fold", "train", "test", *(key if key in NUMBERS else f"{key} %" for key in summary)):
        table.add_column(name, justify="right")
    for row in rows:
        scores = [_written(key, row[key]) for key in summary]
        table.add_row(str(row["fold"]), str(row["n_train"]), str(row["n_test"]), *scores)
    table.add_section()
    means = [f"{_written(key, one['mean'])} ± {_written(key, one['sd'])}" for key, one in summary.items()]
    table.add_row("mean ± sd", "", "", *means)
    ends = [f"{_written(key, one['low'])} .. {_written(key, one['high'])}" for key, one in summary.items()]
    table.add_row("95 %", "", "", *ends)
    return table


def _written(key: str, value: float) -> str:
    return f"{value:.3f}" if key in NUMBERS else f"{100 * value:.1f}"
