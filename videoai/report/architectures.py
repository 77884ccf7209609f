"""What the rows of ``study architectures`` say: UAR and WAR of each model with intervals, beside size and speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from videoai.report.study import Difference, interval_of_mean

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Measured:
    """A model over the seeds; scores in points, 100 = everything."""

    model: str
    uar: float
    uar_sd: float
    low: float  # the interval of the mean UAR, 95 %
    high: float
    war: float
    war_sd: float
    params: int
    clips_per_second: float  # the median over seeds
    worst: str  # the class of the lowest mean recall
    worst_recall: float


def summed_up(rows: Sequence[Mapping[str, Any]], model: str, interval: str) -> Measured:
    """The rows of one model."""
    own = [row for row in rows if row["arm"] == model]
    uar, war = (100 * np.array([row[key] for row in own], float) for key in ("accuracy", "war"))
    low, high = interval_of_mean(uar, interval)
    recall = {name: np.mean([row["recall"][name] for row in own if row["recall"].get(name) is not None] or [np.inf])
              for name in own[0]["recall"]}  # fmt: skip
    worst = min(recall, key=lambda name: recall[name])
    return Measured(
        model=model,
        uar=float(uar.mean()),
        uar_sd=float(uar.std(ddof=1)),
        low=max(0.0, low),
        high=min(100.0, high),
        war=float(war.mean()),
        war_sd=float(war.std(ddof=1)),
        params=own[0]["params"],
        clips_per_second=float(np.median([row["clips_per_second"] for row in own])),
        worst=worst,
        worst_recall=100 * float(recall[worst]),
    )


def architectures_table(table: Sequence[Measured], gaps: Sequence[Difference]) -> Table:
    """A row a model; points are paired differences of UAR to the first."""
    from rich.table import Table

    drawn = Table(title=f"On test, mean ± sd over seeds [95 %]; points: UAR minus that of {table[0].model}")
    for name in ("model", "M", "UAR %", "WAR %", "points", "clips/s"):
        drawn.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    gap_of = {one.arm: one for one in gaps}
    for one in table:
        gap = gap_of.get(one.model)
        drawn.add_row(
            one.model,
            f"{one.params / 1e6:.2f}",
            f"{one.uar:.1f} ± {one.uar_sd:.1f} \\[{one.low:.0f} .. {one.high:.0f}]",
            f"{one.war:.1f} ± {one.war_sd:.1f}",
            f"{gap.mean:+.1f} \\[{gap.low:+.0f} .. {gap.high:+.0f}]" if gap else "",
            f"{one.clips_per_second:.0f}",
        )
    return drawn


def lowest_recalls(table: Sequence[Measured]) -> str:
    """The class that each model knows least."""
    return "lowest recall: " + ", ".join(f"{one.model} {one.worst} {one.worst_recall:.0f} %" for one in table)


def verdict(table: Sequence[Measured], gaps: Sequence[Difference], chance: float) -> str:
    """One sentence: the best model, and whether its lead over the first shows."""
    best = max(table, key=lambda one: one.uar)
    said = f"{best.model} has the highest UAR, {best.uar:.1f} % (chance {100 * chance:.1f} %)"
    told = []
    for one in gaps:
        word = {1: "better than", -1: "worse than", 0: "no different that shows from"}[one.sign]
        told.append(f"{one.arm} is {word} {table[0].model} ({one.mean:+.1f} points, {one.low:+.1f} .. {one.high:+.1f})")
    seeds = f" over {gaps[0].num_seeds} seeds" if gaps else ""
    return f"{said}; {'; '.join(told)}{seeds}." if told else f"{said}."
