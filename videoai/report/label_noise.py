"""Which labels are probably wrong, from probabilities of classifiers that have not seen the clips.

Two steps. *Confident disagreement* (confident learning, Northcutt et al. 2021, arXiv:1911.00068): a clip whose
probability for another class reaches what clips of that class get on average. That alone names every confident mistake
of a weak model. So the *share of wrong labels* is fitted: a label is the true class, drawn with the probabilities at a
temperature T (Guo et al., arXiv:1706.04599), and in a share q of the clips a class drawn at random (the classification
noise of Angluin and Laird 1988, doi:10.1007/BF00116829). A model that errs makes its mistakes where it is unsure, which
T explains; a wrong label is as frequent where it is sure, which only q explains. Each disagreement gets the probability
that its label is wrong. Where people mistook one class for another, labels are not wrong at random, and q tells less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.messages import pluralize, whole_percent

if TYPE_CHECKING:
    from rich.table import Table

TEMPERATURES = np.geomspace(0.3, 30.0, 41)
SHARES = np.concatenate([[0.0], np.geomspace(0.002, 0.6, 40)])  # shares of labels drawn at random
# Twice the difference of log-likelihoods: a 90 % interval, and the 5 % level for a share that cannot be negative (Self
# and Liang 1987, doi:10.1080/01621459.1987.10478472), so that the interval leaves out 0 exactly where noise is seen.
LIKELY = 2.71
TINY = 1e-6  # probabilities are rounded in predictions.csv
MAX_ROWS = 20  # in the table on the console


class Suspect(NamedTuple):
    """A clip that confident learning names."""

    index: int  # number of the clip
    given: int  # its label
    suggested: int
    given_probability: float
    suggested_probability: float
    is_wrong: float  # probability that the label is wrong, by the fitted share

    @property
    def margin(self) -> float:
        """By how much the suggested class is more probable."""
        return self.suggested_probability - self.given_probability


class Noise(NamedTuple):
    """The fitted share of wrong labels."""

    share: float  # share of labels that are wrong
    low: float  # 90 % interval
    high: float
    temperature: float
    is_seen: bool  # whether the answers show it: likelihood ratio against none


def disagreements(probabilities: ndarray, labels: ndarray) -> list[tuple[int, int]]:
    """(clip, suggested class) of confident learning: the most probable of the classes whose probability reaches the
    mean of that class's own clips is not the label. probabilities: float [N, K], a NaN row = none; labels: int [N]."""
    known = np.asarray(np.isfinite(probabilities).all(1))
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in np.unique(labels[known]):
        thresholds[label] = probabilities[known & (labels == label), label].mean()
    confident = np.where(known[:, None] & (probabilities >= thresholds), np.nan_to_num(probabilities), -1.0)
    suggested = confident.argmax(1)
    named = np.flatnonzero((confident.max(1) >= 0) & (suggested != labels))
    return [(int(index), int(suggested[index])) for index in named]


def fit_noise(probabilities: ndarray, labels: ndarray) -> Noise:
    """The most likely share of wrong labels, of clips that could be read."""
    known = ~np.isnan(probabilities).any(1)
    fitted = np.array([log_likelihoods(probabilities[known], labels[known], t) for t in TEMPERATURES])  # [T, S]
    num_classes = probabilities.shape[1]
    best = fitted.max(0)  # the best fit for each share
    place = int(best.argmax())
    is_seen = bool(2 * (best[place] - best[0]) > LIKELY)
    likely = SHARES[2 * (best.max() - best) <= LIKELY] * (num_classes - 1) / num_classes
    place = place if is_seen else 0
    wrong = float(SHARES[place]) * (num_classes - 1) / num_classes  # a class drawn at random may be the true one
    low = float(likely.min()) if is_seen else 0.0
    return Noise(wrong, low, float(likely.max()), float(TEMPERATURES[fitted[:, place].argmax()]), is_seen)


def log_likelihoods(probabilities: ndarray, labels: ndarray, temperature: float) -> ndarray:
    """float [len(SHARES)]: of the labels, for each share of random ones."""
    own = at_temperature(probabilities, temperature)[np.arange(len(labels)), labels]
    return np.log(np.outer(1 - SHARES, own) + SHARES[:, None] / probabilities.shape[1]).sum(1)


def at_temperature(probabilities: ndarray, temperature: float) -> ndarray:
    """Probabilities softened (above 1) or sharpened (below 1)."""
    logs = np.log(np.clip(probabilities, TINY, 1.0)) / temperature
    powers = np.exp(logs - logs.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def find_suspects(probabilities: ndarray, labels: ndarray, noise: Noise) -> list[Suspect]:
    """The disagreements, the largest margin first."""
    num_classes = probabilities.shape[1]
    calibrated = at_temperature(np.nan_to_num(probabilities, nan=1.0), noise.temperature)
    share = noise.share * num_classes / (num_classes - 1)
    found = []
    for index, suggested in disagreements(probabilities, labels):
        given, own = int(labels[index]), calibrated[index, labels[index]]
        is_wrong = share * (1 - own) / num_classes / ((1 - share) * own + share / num_classes)
        both = float(probabilities[index, given]), float(probabilities[index, suggested])
        found.append(Suspect(index, given, suggested, *both, float(is_wrong)))
    return sorted(found, key=lambda one: -one.margin)


def expected_by_chance(probabilities: ndarray, labels: ndarray, noise: Noise) -> float:
    """Disagreements that the model's own mistakes would make if every label were right: of each clip with a confident
    answer, the probability that this is not the true class."""
    named = dict(disagreements(probabilities, labels))
    thresholds = {int(k): np.nanmean(probabilities[labels == k, k]) for k in np.unique(labels)}
    calibrated = at_temperature(np.nan_to_num(probabilities, nan=1.0), noise.temperature)
    total = 0.0
    for index in np.flatnonzero(~np.isnan(probabilities).any(1)):
        reached = [k for k, mean in thresholds.items() if probabilities[index, k] >= mean]
        if reached:
            answer = named.get(int(index), max(reached, key=lambda k: probabilities[index, k]))
            total += 1 - calibrated[index, answer]
    return total


def probable(suspects: Sequence[Suspect]) -> list[Suspect]:
    """Those whose label is more probably wrong than right."""
    return [one for one in suspects if one.is_wrong > 0.5]


def verdict(probabilities: ndarray, labels: ndarray, suspects: Sequence[Suspect], noise: Noise) -> str:
    """What was found, how much of it the model's own mistakes explain, and how sure the share is."""
    known = ~np.isnan(probabilities).any(1)
    wrong = float((probabilities[known].argmax(1) != labels[known]).mean())
    chance = expected_by_chance(probabilities, labels, noise)
    said = [
        f"The classifiers contradict {whole_percent(wrong)} of {pluralize(int(known.sum()), 'label')}; {len(suspects)} "
        f"of the contradictions are confident, and about {chance:.0f} would be by the classifiers' own mistakes alone."
    ]
    if not noise.is_seen:
        said.append(
            f"No wrong labels show beyond these: at most {whole_percent(noise.high)} of the labels (95 %). The list is "
            "then one of hard clips."
        )
        return " ".join(said)
    number = len(probable(suspects))
    right = number - math.fsum(one.is_wrong for one in probable(suspects))
    said.append(
        f"About {whole_percent(noise.share)} of the labels are wrong (90 %: {100 * noise.low:.0f} .. "
        f"{whole_percent(noise.high)}). "
        f"{pluralize(number, 'suspect')}, of which about {right:.0f} will turn out to be right: look before you "
        "change one."
    )
    return " ".join(said)


def headline(suspects: Sequence[Suspect], noise: Noise, num_clips: int) -> str:
    """One sentence."""
    if not noise.is_seen:
        return f"No wrong labels show among {pluralize(num_clips, 'clip')}."
    return f"{len(probable(suspects))} of {pluralize(num_clips, 'label')} are probably wrong."


def suspects_table(rows: Sequence[Mapping[str, object]]) -> Table:
    """Rows of suspects.csv for the console."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Labels that are probably wrong: the first {min(MAX_ROWS, len(rows))} of {len(rows)}")
    for column in ("clip", "label", "suggested", "probability", "label wrong"):
        table.add_column(
            column, overflow="fold", justify="right" if column in ("probability", "label wrong") else "left"
        )
    for row in rows[:MAX_ROWS]:
        numbers = [f"{float(str(row[key])):.2f}" for key in ("suggested_probability", "label_wrong")]
        table.add_row(Text(str(row["path"])), Text(str(row["label"])), Text(str(row["suggested"])), *numbers)
    return table
