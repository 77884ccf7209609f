"""What the rows of a study say: paired differences with intervals, a table, a plot, a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from videoai.core.files import write_together

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

CONFIDENCE = 0.95
MIN_SEEDS = 2  # one difference has no interval
RESAMPLES = 9999  # bootstrap resamples: scipy's own default


class Difference(NamedTuple):
    """An arm against the baseline at one number of shots, in points of accuracy (100 = everything)."""

    arm: str
    shots: int
    mean: float
    low: float  # the interval's lower end
    high: float
    wins: int  # seeds in which the arm was better
    losses: int
    num_seeds: int

    @property
    def sign(self) -> int:
        """1 = better, -1 = worse, 0 = the interval holds 0."""
        return (self.low > 0) - (self.high < 0)


def differences(rows: Sequence[Mapping[str, Any]], baseline: str, interval: str = "t") -> list[Difference]:
    """Paired differences of every arm to the baseline, over the seeds of both; arms refused everywhere are missing.

    interval: ``t`` of Student over seeds, or ``bootstrap`` (BCa). Seeds share test clips and encoder: it says what
    another choice of training clips would change, not what other data would.
    """
    score = {(row["arm"], row["shots"], row["seed"]): row["accuracy"] for row in rows if row["accuracy"] is not None}
    results = []
    for arm, shots in dict.fromkeys((row["arm"], row["shots"]) for row in rows if row["arm"] != baseline):
        seeds = [seed for (a, k, seed) in score if (a, k) == (arm, shots) and (baseline, shots, seed) in score]
        points = np.array([100 * (score[arm, shots, seed] - score[baseline, shots, seed]) for seed in seeds])
        if len(points) >= MIN_SEEDS:
            low, high = interval_of_mean(points, interval)
            wins, losses = int((points > 0).sum()), int((points < 0).sum())
            results.append(Difference(arm, shots, float(points.mean()), low, high, wins, losses, len(points)))
    return results


def verdict(results: Sequence[Difference], baseline: str) -> str:
    """One sentence."""
    parts = []
    for arm in dict.fromkeys(one.arm for one in results):
        of_arm = [one for one in results if one.arm == arm]
        said = [
            f"{word} at {_listed(hits)} shots"
            for word, sign in (("helps", 1), ("hurts", -1), ("makes no difference that shows", 0))
            if (hits := [one for one in of_arm if one.sign == sign])
        ]
        parts.append(f"{arm} {', '.join(said)}")
    if not parts:
        return f"Nothing to compare with {baseline}: each arm needs {MIN_SEEDS} seeds that were not refused."
    chance = len(results) * (1 - CONFIDENCE)
    return (
        f"Against {baseline}, {'; '.join(parts)} (intervals of {CONFIDENCE:.0%}; of {len(results)}, {chance:.1f} would "
        "exclude 0 by chance)."
    )


def study_table(rows: Sequence[Mapping[str, Any]], baseline: str, results: Sequence[Difference]) -> Table:
    """A row for each number of shots and arm: accuracy, and what it adds to that of the baseline."""
    from rich.table import Table

    table = Table(title=f"Points are paired differences to {baseline}, their intervals of {CONFIDENCE:.0%}")
    for name in ("shots", "arm", "accuracy %", "points", "interval", "better/worse"):
        table.add_column(name, justify="left" if name == "arm" else "right", no_wrap=True)
    of_arm = {(one.arm, one.shots): one for one in results}
    before = None
    for arm, shots in dict.fromkeys((row["arm"], row["shots"]) for row in rows):
        if before not in (None, shots):
            table.add_section()
        table.add_row("" if shots == before else str(shots), arm, *_cells(rows, arm, shots, of_arm.get((arm, shots))))
        before = shots
    return table


def study_figure(results: Sequence[Difference], baseline: str, title: str) -> Figure:
    """Differences over shots, an interval each; beside each other where they share a number of shots."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    shots, arms = sorted({one.shots for one in results}), list(dict.fromkeys(one.arm for one in results))
    for number, arm in enumerate(arms):
        of_arm = [one for one in results if one.arm == arm]
        shift = 0.12 * (number - (len(arms) - 1) / 2)
        mean = np.array([one.mean for one in of_arm])
        errors = [mean - [one.low for one in of_arm], [one.high for one in of_arm] - mean]
        axes.errorbar([shots.index(one.shots) + shift for one in of_arm], mean, errors, fmt="o", capsize=3, label=arm)
    axes.axhline(0, color="0.5", linewidth=1)
    axes.set_xticks(range(len(shots)), [str(number) for number in shots])
    axes.set(xlabel="clips a class", ylabel=f"accuracy minus {baseline}, points")
    axes.set_title(title, parse_math=False, fontsize=11)
    if arms:
        axes.legend(frameon=False)
    return figure


def write_study(
    folder: Path, rows: Sequence[Mapping[str, Any]], baseline: str, facts: Mapping[str, Any], interval: str, title: str
) -> dict[str, Any]:
    """``results.json`` and ``study.png``, both or none. Returns: the content of the first. Raises: OSError."""
    compared = differences(rows, baseline, interval)
    results = {
        "facts": dict(facts),
        "baseline": baseline,
        "interval": interval,
        "differences": [one._asdict() for one in compared],
        "refused": {f"{row['arm']} at {row['shots']}": row["refused"] for row in rows if row["accuracy"] is None},
        "verdict": verdict(compared, baseline),
    }
    picture = BytesIO()
    study_figure(compared, baseline, title).savefig(picture, format="png", metadata={"Software": None})
    text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_together({folder / "results.json": text.encode(), folder / "study.png": picture.getvalue()})
    return results


def interval_of_mean(points: np.ndarray, interval: str) -> tuple[float, float]:
    """``t`` of Student, or ``bootstrap`` (BCa); 95 %."""
    from scipy import stats

    if np.ptp(points) == 0:  # no spread: both would divide by it
        return float(points[0]), float(points[0])
    if interval == "bootstrap":
        result = stats.bootstrap((points,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, rng=0)
        return float(result.confidence_interval.low), float(result.confidence_interval.high)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(points) - 1) * points.std(ddof=1) / len(points) ** 0.5
    return float(points.mean() - half), float(points.mean() + half)


def _cells(rows: Sequence[Mapping[str, Any]], arm: str, shots: int, one: Difference | None) -> tuple[str, ...]:
    chosen = [row["accuracy"] for row in rows if (row["arm"], row["shots"]) == (arm, shots)]
    scores = 100 * np.array([accuracy for accuracy in chosen if accuracy is not None])
    if not len(scores):
        return ("refused", "", "", "")
    accuracy = f"{scores.mean():.1f}" + (f" ± {scores.std(ddof=1):.1f}" if len(scores) > 1 else "")
    if one is None:
        return (accuracy, "", "", "")
    return (accuracy, f"{one.mean:+.1f}", f"{one.low:+.1f} .. {one.high:+.1f}", f"{one.wins}/{one.losses}")


def _listed(hits: Sequence[Difference]) -> str:
    return ", ".join(str(one.shots) for one in hits)
