"""Two models on the same videos: McNemar's exact test, a paired bootstrap interval, and the gains of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from videoai.core.messages import pluralize
from videoai.report.result_files import table_bytes

if TYPE_CHECKING:
    from rich.table import Table

LEVEL = 0.05


class ClassGain(NamedTuple):
    """One class in both runs."""

    name: str
    num_videos: int
    one: float  # share of right answers, 0 .. 1
    other: float

    @property
    def gain(self) -> float:
        return self.other - self.one


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Top-1 of two runs on N videos."""

    num_videos: int
    one: float  # top-1, 0 .. 1
    other: float
    only_one: int  # videos that the first alone gets right
    only_other: int
    p_value: float  # McNemar's exact test, two-sided
    low: float  # 95 % interval of other - one, by paired bootstrap
    high: float
    classes: list[ClassGain]  # the largest gain first

    @property
    def differs(self) -> bool:
        """Whether the test shows a difference, at ``LEVEL``."""
        return self.p_value < LEVEL

    @property
    def verdict(self) -> str:
        """A sentence."""
        if not self.differs:
            return f"No difference is shown: by chance alone this or more is seen with p = {self.p_value:.2g}."
        better = "second" if self.other > self.one else "first"
        return f"The {better} run is better (p = {self.p_value:.2g})."

    @property
    def gain(self) -> float:
        """Top-1 of the second minus that of the first, -1 .. 1."""
        return self.other - self.one


def compare(
    labels: Sequence[str], one: Sequence[bool], other: Sequence[bool], *, resamples: int = 10_000, seed: int = 0
) -> Comparison:
    """labels: the true class of each video, [N]; one, other: whether each run was right, [N].

    Exact McNemar test: the videos on which the runs disagree fall either way like a fair coin (Dietterich 1998,
    doi:10.1162/089976698300017197). Videos of one source are taken as independent; where they are not, p is too small.

    Raises: ValueError: no videos, or lengths that differ.
    """
    if not len(labels) == len(one) == len(other) or not len(labels):
        raise ValueError(f"{len(labels)} labels, {len(one)} and {len(other)} answers: give as many of each, 1 or more.")
    first, second = np.asarray(one, bool), np.asarray(other, bool)
    only_one, only_other = int((first & ~second).sum()), int((second & ~first).sum())
    low, high = paired_interval(only_one, only_other, len(labels), resamples=resamples, seed=seed)
    return Comparison(
        num_videos=len(labels),
        one=float(first.mean()),
        other=float(second.mean()),
        only_one=only_one,
        only_other=only_other,
        p_value=mcnemar(only_one, only_other),
        low=low,
        high=high,
        classes=class_gains(labels, first, second),
    )


def mcnemar(only_one: int, only_other: int) -> float:
    """The exact two-sided p-value of so many videos that one run alone gets right."""
    total, fewer = only_one + only_other, min(only_one, only_other)
    tail = sum(comb(total, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / 2**total)


def paired_interval(only_one: int, only_other: int, total: int, *, resamples: int, seed: int) -> tuple[float, float]:
    """95 % of the differences of top-1 when N videos are drawn again with both answers, by percentiles."""
    shares = [only_one / total, only_other / total, 1 - (only_one + only_other) / total]
    drawn = np.random.default_rng(seed).multinomial(total, shares, size=resamples)
    low, high = np.percentile((drawn[:, 1] - drawn[:, 0]) / total, (2.5, 97.5))
    return float(low), float(high)


def class_gains(labels: Sequence[str], one: np.ndarray, other: np.ndarray) -> list[ClassGain]:
    """The largest gain first."""
    names = np.asarray(labels, dtype=object)
    rows = [(name, names == name) for name in sorted(set(labels))]
    gains = [ClassGain(name, int(own.sum()), float(one[own].mean()), float(other[own].mean())) for name, own in rows]
    return sorted(gains, key=lambda row: -row.gain)


def comparison_bytes(comparison: Comparison) -> bytes:
    """A CSV file: a line for all videos and one for each class, shares in 0 .. 1."""
    whole = ClassGain("(all)", comparison.num_videos, comparison.one, comparison.other)
    rows = [(row.name, row.num_videos, row.one, row.other, row.gain) for row in (whole, *comparison.classes)]
    return table_bytes(("class", "videos", "first", "second", "gain"), rows)


def comparison_table(comparison: Comparison, one: str, other: str) -> Table:
    """Both runs, named, on all videos."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Top-1 on the same {pluralize(comparison.num_videos, 'video')}", show_header=False)
    table.add_column("what", overflow="fold")
    table.add_column("value", justify="right")
    points = f"{100 * comparison.gain:+.1f} points"
    interval = f"{100 * comparison.low:+.1f} to {100 * comparison.high:+.1f} points"
    for name, value in (
        (one, f"{100 * comparison.one:.1f} %"),
        (other, f"{100 * comparison.other:.1f} %"),
        ("gain of the second", points),
        ("its 95 % interval (paired bootstrap)", interval),
        ("right in the first alone / the second alone", f"{comparison.only_one} / {comparison.only_other}"),
        ("McNemar's exact test, p", f"{comparison.p_value:.3g}"),
    ):
        table.add_row(Text(name), value)
    return table


def classes_table(comparison: Comparison) -> Table:
    """Every class, the largest gain first."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Per class")
    table.add_column("class", overflow="fold")
    for name in ("videos", "first", "second", "gain"):
        table.add_column(name, justify="right")
    for row in comparison.classes:
        shares = (f"{100 * row.one:.1f} %", f"{100 * row.other:.1f} %", f"{100 * row.gain:+.1f}")
        table.add_row(Text(row.name), str(row.num_videos), *shares)
    return table
