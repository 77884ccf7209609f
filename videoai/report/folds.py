"""The table of a cross-validation."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from rich.table import Table

CONFIDENCE = 0.95


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
    """A row a fold, then the mean, the standard deviation and the 95 % interval of each score, in percent."""
    table = Table(title="Each fold tested on clips that its network has not seen")
    for name in ("fold", "train", "test", *(f"{key} %" for key in summary)):
        table.add_column(name, justify="right")
    for row in rows:
        scores = [f"{100 * row[key]:.1f}" for key in summary]
        table.add_row(str(row["fold"]), str(row["n_train"]), str(row["n_test"]), *scores)
    table.add_section()
    means = [f"{100 * one['mean']:.1f} ± {100 * one['sd']:.1f}" for one in summary.values()]
    table.add_row("mean ± sd", "", "", *means)
    table.add_row("95 %", "", "", *(f"{100 * one['low']:.1f} .. {100 * one['high']:.1f}" for one in summary.values()))
    return table
