"""Near-duplicates in a table of features: pairs of videos of which two rows are nearly equal."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from videoai.core.messages import pluralize, truncated_list
from videoai.core.progress import counting
from videoai.data.feature_index import FeatureIndex
from videoai.data.feature_table import FeatureRow
from videoai.run.features.columns import Column, Columns
from videoai.run.features.nearest import Nearest, nearest

NAMED = 3
ROUNDING = 1e-6  # in float32, so that equal rows reach threshold=1
RANDOM_PAIRS = 100_000
HIGHEST = 0.9999  # a threshold above it asks for equal features
TOO_MANY = 0.01  # share of random pairs that reach the threshold, from which on it tells nothing
COLUMNS = (
    *("leak", "similarity", "video", "other", "split", "other_split", "label", "other_label"),
    *("start_seconds", "other_start_seconds", "rows"),
)


class Pair(NamedTuple):
    """Two videos, by their most similar rows."""

    similarity: float
    one: FeatureRow
    other: FeatureRow
    num_rows: int  # pairs of rows that reach the threshold

    @property
    def leaks(self) -> bool:
        """Whether the two are in different splits."""
        return None not in (self.one.split, self.other.split) and self.one.split != self.other.split

    def line(self) -> list[object]:
        """A line of pairs.csv, in the order of COLUMNS."""
        one, other = self.one, self.other
        said = (one.video, other.video, one.split, other.split, one.label, other.label)
        return [
            *("yes" if self.leaks else "no", f"{self.similarity:.6f}", *said),
            *(one.start_seconds, other.start_seconds, self.num_rows),
        ]


def find_pairs(index: FeatureIndex, columns: Columns, threshold: float, device: torch.device) -> list[Pair]:
    """Each row with its nearest row of another video, and with its nearest one of another split, where they reach the
    threshold: one pair for two videos, those across splits first, then the most similar."""
    ways = [(columns.videos,), (columns.videos, columns.splits)][: 2 if len(columns.splits.values) > 1 else 1]
    rows: dict[tuple[int, int], float] = {}
    with counting("neighbors", len(index) * len(ways), "rows") as add:
        for barring in ways:
            for part in nearest(index.vectors, index.vectors, 1, device, partial(_barred, barring, device)):
                rows |= _near(part, threshold)
                add(part.queries.stop - part.queries.start)
    videos: dict[tuple[int, ...], list[tuple[float, int, int]]] = {}
    for (one, other), similarity in rows.items():
        key = tuple(sorted((int(index.videos[one]), int(index.videos[other]))))
        videos.setdefault(key, []).append((similarity, one, other))
    pairs = [_pair(index, found) for found in videos.values()]
    return sorted(pairs, key=lambda pair: (not pair.leaks, -pair.similarity, pair.one.video, pair.other.video))


def _barred(barring: tuple[Column, ...], device: torch.device, queries: slice, rows: slice) -> Tensor:
    first, *others = (column.same(queries, rows, device) for column in barring)
    for other in others:
        first |= other
    return first


def _near(part: Nearest, threshold: float) -> dict[tuple[int, int], float]:
    """The pairs of rows that reach the threshold, the lower number first."""
    found = {}
    for place in (part.similarity[:, 0] >= threshold - ROUNDING).nonzero()[:, 0].tolist():
        one, other = sorted((part.queries.start + place, int(part.rows[place, 0])))
        found[one, other] = float(part.similarity[place, 0])
    return found


def _pair(index: FeatureIndex, found: list[tuple[float, int, int]]) -> Pair:
    similarity, one, other = max(found, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    return Pair(similarity, index.rows[one], index.rows[other], len(found))


@dataclass(frozen=True)
class Background:
    """How similar rows of different videos are that were paired at random, but for the pairs that were found."""

    share: float  # that reach the threshold
    one_in_ten_thousand: float  # the similarity that so few reach


def background(index: FeatureIndex, pairs: list[Pair], threshold: float) -> Background:
    """The random pairs of a table are always the same ones."""
    found = {frozenset((pair.one.video, pair.other.video)) for pair in pairs}
    one, other = np.random.default_rng(0).integers(len(index), size=(2, RANDOM_PAIRS))
    differ = index.videos[one] != index.videos[other]
    one, other = one[differ], other[differ]
    blocks = zip(np.array_split(one, 100), np.array_split(other, 100), strict=True)
    cosine = np.concatenate([np.einsum("nd,nd->n", index.vectors[a], index.vectors[b]) for a, b in blocks])
    for place in np.flatnonzero(cosine >= threshold - ROUNDING).tolist():
        if frozenset((index.rows[one[place]].video, index.rows[other[place]].video)) in found:
            cosine[place] = np.nan
    rest = cosine[~np.isnan(cosine)]
    if not len(rest):
        return Background(0.0, 1.0)
    return Background(float((rest >= threshold - ROUNDING).mean()), float(np.quantile(rest, 1 - 1e-4)))


def verdict(pairs: list[Pair], threshold: float, about: Background, columns: Columns) -> list[str]:
    """What the pairs say, in sentences."""
    num_videos, has_splits = len(columns.videos.values), len(columns.splits.values) > 1
    what = f"Near-duplicates (cosine similarity {threshold:g} or more)"
    if not pairs:
        return [f"{what}: none among {pluralize(num_videos, 'video')}."]
    leaks = [pair for pair in pairs if pair.leaks]
    across = f", {len(leaks)} across splits" if has_splits else ""
    shown = truncated_list([f"{_name(pair.one)} = {_name(pair.other)}" for pair in leaks or pairs], NAMED)
    said = [f"{what}: {pluralize(len(pairs), 'pair')} among {num_videos} videos{across}: {shown}."]
    other_label = sum(pair.one.label != pair.other.label for pair in pairs)
    if other_label:
        said.append(f"Labels differ in {pluralize(other_label, 'pair')}.")
    if about.share > TOO_MANY:
        said.append(_too_many(threshold, about))
    return said


def _name(row: FeatureRow) -> str:
    start = "" if row.start_seconds is None else f" at {row.start_seconds:g} s"
    return f"{row.video}{start}" + (f" ({row.split})" if row.split else "")


def _too_many(threshold: float, about: Background) -> str:
    level = f"threshold={about.one_in_ten_thousand:.4f} is reached by 1 in 10,000"
    if about.one_in_ten_thousand > HIGHEST:
        level = "no threshold does better, but other features may: layer=, a longer window, another network"
    return (
        f"But {100 * about.share:.1f} % of random pairs of other videos reach {threshold:g} too, so it hardly tells "
        f"copies from others in these features; {level}."
    )
