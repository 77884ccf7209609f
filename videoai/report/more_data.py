"""What more clips would give: an inverse power law through the errors of growing parts, with an honest interval.

Error over the number of training clips n follows a + b n^-c over wide ranges (Hestness et al. 2017, arXiv:1712.00409).
From three sizes of a small set it is known badly, which the interval shows: seeds and validation groups are drawn
again, and the law is fitted to each draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

EXPONENTS = np.linspace(0.1, 1.0, 10)  # values of c; the paper finds 0.07 to 0.35 for networks, theory 0.5 to 1
DRAWS = 2000  # bootstrap; the ends of a 90 % interval rest on 100 draws each
CONFIDENCE = 0.9
FEWEST = 5  # validation clips of a class below which nothing is said of it; judgement
FEWEST_SIZES = 3  # different numbers of clips, as the law has three unknowns
POINT = 0.005  # gain that rounds to a point; less is no profit whatever the interval; judgement


class Law(NamedTuple):
    """error(n) = a + b n^-c."""

    a: float
    b: float
    c: float

    def __call__(self, clips: float | ndarray) -> float | ndarray:
        """The error at a number of clips, 0 .. 1."""
        return self.a + self.b * np.asarray(clips, float) ** -self.c


class Gain(NamedTuple):
    """What more clips would give, in points of accuracy (100 = everything)."""

    name: str  # a class, or "all"
    clips: int  # training clips now
    more: int
    accuracy: tuple[float, ...]  # mean of each part, in percent; NaN without validation clips
    points: float  # NaN where clips are too few to tell
    low: float  # lower end of the interval
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the effect is larger than what is not known of it: the interval is narrower, and lies above 0."""
        return self.points > 100 * POINT and self.low > 0 and self.high - self.low < 2 * self.points

    @property
    def said(self) -> str:
        """``3.0 points (90 %: 1.2 .. 5.1)``"""
        return f"{self.points:+.1f} points (90 %: {self.low:+.1f} .. {self.high:+.1f})"


def fit_law(clips: ndarray, errors: ndarray) -> Law:
    """The law with the least squares: for each c a line, with a >= 0. clips, errors: [sizes]. An error that grows
    with n gives a negative b."""
    a, b, c = fit_laws(clips, errors[None])
    return Law(float(a[0]), float(b[0]), float(c[0]))


def fit_laws(clips: ndarray, errors: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """a, b and c, [N] each, of the errors [N, sizes] of N draws."""
    fits = []
    for c in EXPONENTS:
        x = clips**-c
        centred = x - x.mean()
        b = (errors * centred).sum(1) / (centred**2).sum()
        a = errors.mean(1) - b * x.mean()
        b = np.where(a < 0, (errors * x).sum(1) / (x**2).sum(), b)
        a = np.maximum(a, 0.0)
        left = ((a[:, None] + b[:, None] * x - errors) ** 2).sum(1)
        fits.append(np.stack([left.round(12), a, b, np.full(len(a), c)]))
    table = np.stack(fits)  # [C, 4, N]
    best = table[:, 0].argmin(0)
    _, a, b, c = table[best, :, np.arange(table.shape[2])].T
    return a, b, c


def gain(name: str, clips: Sequence[int], right: ndarray, groups: ndarray, more: int, seed: int = 0) -> Gain:
    """The gain of ``more`` clips; unknown without answers, or from fewer than three different sizes.

    Args:
        clips: [sizes], in ascending order; those of a small class may be alike.
        right: [seeds, sizes, M] of 0 and 1, whether an answer was right.
        groups: [M], the group of each validation clip; whole groups are drawn again.
    """
    if right.shape[2] == 0:
        return Gain(name, clips[-1], more, (np.nan,) * len(clips), np.nan, np.nan, np.nan)
    sizes, errors = np.asarray(clips, float), 1 - right.mean((0, 2))
    accuracy = tuple(float(100 * (1 - error)) for error in errors)
    if len(set(clips)) < FEWEST_SIZES:
        return Gain(name, clips[-1], more, accuracy, np.nan, np.nan, np.nan)
    middle = _gained(sizes, errors[None], more)[0]
    draws = _gained(sizes, drawn_errors(right, groups, np.random.default_rng(seed)), more)
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Gain(name, clips[-1], more, accuracy, float(100 * middle), float(100 * low), float(100 * high))


def drawn_errors(right: ndarray, groups: ndarray, rng: np.random.Generator) -> ndarray:
    """float [DRAWS, sizes]: errors of as many seeds and groups, drawn with replacement."""
    names, of_group = np.unique(groups, return_inverse=True)
    member = np.eye(len(names))[of_group.reshape(-1)]  # [M, G]
    seeds = rng.multinomial(len(right), np.full(len(right), 1 / len(right)), DRAWS) / len(right)  # [DRAWS, seeds]
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)  # [DRAWS, G]
    number_right = np.einsum("ds,szg,dg->dz", seeds, right @ member, times)
    return 1 - number_right / (times @ member.sum(0))[:, None]


def _gained(sizes: ndarray, errors: ndarray, more: int) -> ndarray:
    _, b, c = fit_laws(sizes, errors)
    return b * (sizes[-1] ** -c - (sizes[-1] + more) ** -c)


def verdict(whole: Gain, classes: Sequence[Gain]) -> str:
    """Three sentences at most."""
    said = [f"{whole.more} more clips, in all classes alike, would give about {whole.said}."]
    if not whole.is_sure:
        said = [f"{whole.more} more clips: {whole.said}: cannot tell from this whether they would help."]
    sure = sorted((one for one in classes if one.is_sure), key=lambda one: -one.points)
    if sure:
        said.append("; ".join(f"{one.more} more of {one.name} about {one.said} of its own" for one in sure[:5]) + ".")
    else:
        said.append("For no single class can the study tell whether more clips would help.")
    if whole.more > whole.clips:
        said.append("This is more than the set was grown by here: the law was never tried that far.")
    return " ".join(said)


def gains_table(gains: Sequence[Gain], sizes: Sequence[float]) -> Table:
    """A row for the whole set and each class."""
    from rich.table import Table

    table = Table(title="Accuracy on val over parts of train, and what more clips would give; intervals of 90 %")
    for column in ("class", "clips", *(f"at {share:.0%}" for share in sizes), "more", "points", "interval", ""):
        table.add_column(column, justify="left" if column in ("class", "") else "right", no_wrap=True)
    for one in gains:
        scores = ["–" if value != value else f"{value:.1f}" for value in one.accuracy]
        table.add_row(one.name, str(one.clips), *scores, f"+{one.more}", *_points(one))
    return table


def _points(one: Gain) -> tuple[str, str, str]:
    """The last three columns of a row."""
    if math.isnan(one.points):
        return "–", "–", f"too few clips in {'val' if math.isnan(one.accuracy[-1]) else 'train'}"
    return f"{one.points:+.1f}", f"{one.low:+.1f} .. {one.high:+.1f}", "profits" if one.is_sure else "cannot tell"


def curve_figure(clips: Sequence[int], right: ndarray, groups: ndarray, more: int, title: str) -> Figure:
    """Errors of each seed, the law through their mean, and where it leads. right, groups: as of ``gain``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    errors = 100 * (1 - right.mean(2))
    law = fit_law(np.asarray(clips, float), errors.mean(0) / 100)
    for row in errors:
        axes.plot(clips, row, "o", color="tab:blue", alpha=0.4, markersize=4)
    axes.plot(clips, errors.mean(0), "o", color="tab:blue", label="measured: mean of the seeds")
    inside, beyond = np.linspace(clips[0], clips[-1], 50), np.linspace(clips[-1], clips[-1] + more, 50)
    axes.plot(inside, 100 * law(inside), color="tab:blue")
    axes.plot(beyond, 100 * law(beyond), "--", color="tab:orange", label=f"{law.a:.2f} {law.b:+.2f} n^-{law.c:.1f}")
    a, b, c = fit_laws(np.asarray(clips, float), drawn_errors(right, groups, np.random.default_rng(0)))
    likely = np.quantile(a + b * beyond[:, None] ** -c, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
    axes.fill_between(beyond, *(100 * likely), color="tab:orange", alpha=0.15, linewidth=0, label="90 % of the draws")
    axes.set(xlabel="training clips", ylabel="error on validation, %")
    axes.set_title(title, parse_math=False, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def as_json(gains: Sequence[Gain]) -> list[Mapping[str, object]]:
    """Plain data; null for what is not known."""
    plain = [{**one._asdict(), "accuracy": list(one.accuracy), "is_sure": bool(one.is_sure)} for one in gains]
    return [{key: _known(value) for key, value in one.items()} for one in plain]


def _known(value: object) -> object:
    if isinstance(value, list):
        return [_known(one) for one in value]
    return None if isinstance(value, float) and value != value else value
