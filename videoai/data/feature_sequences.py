"""The windows of a table of features as sequences over time, one a video.

A window stands at the middle of its time. Steps lie at 0, 1 / rate, 2 / rate, ... as frames do, and features between
the middles of two windows are on the straight line between theirs: exact where half a window is a number of strides.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from videoai.core.messages import command_line, pluralize, truncated_list
from videoai.core.paths import composed
from videoai.data.feature_table import FeatureRow, FeatureTable, read_features
from videoai.data.media import BadVideo

MARK = "#/"  # features.parquet#/films/a.mp4
TABLES = (".parquet", ".npz")
MOST_MISSING = 0.5  # share of a video's windows; judgement: more between two known ones would be made up
OFF_STRIDE = 0.01  # strides that the start of a window may be off; times are rounded to microseconds


@dataclass(frozen=True, eq=False)
class FeatureSequence:
    """The features of one video."""

    features: ndarray  # float32 [T, D], step t at t / rate
    rate: float  # steps a second
    duration_seconds: float  # to the end of the last window; the video is longer by less than half of one
    window_seconds: float
    file: str  # the video


@dataclass(frozen=True, eq=False)
class FeatureSequences:
    """All videos of a table."""

    path: str
    table: FeatureTable
    rows: dict[str, list[int]]  # the numbers of each video's rows, by its name, in order of time
    window_seconds: float
    stride_seconds: float

    @property
    def width(self) -> int:
        """D."""
        return self.table.features.shape[1]

    @property
    def facts(self) -> dict[str, Any]:
        """What made the features."""
        return self.table.provenance

    def file_of(self, name: str) -> str:
        """Where a video lay when the table was made."""
        return os.path.abspath(
            os.path.join(str(self.facts.get("root") or ""), self.table.rows[self.rows[name][0]].video)
        )

    @property
    def files(self) -> dict[str, str]:
        """The path of each sequence, ``features.parquet#/films/a.mp4``, by the file of its video."""
        return {self.file_of(name): f"{self.path}{MARK}{name}" for name in self.rows}

    def missing(self, name: str) -> tuple[int, int]:
        """Windows of a video without features, and all that its time has."""
        at = self.rows[name]
        expected = round((self._start(at[-1]) - self._start(at[0])) / self.stride_seconds) + 1
        expected = max(len(at), expected + round(self._start(at[0]) / self.stride_seconds))
        return expected - int(self._is_known(at).sum()), expected

    def sequence(self, name: str) -> FeatureSequence:
        """Those asked for last are kept. Raises: BadVideo: as ``made``."""
        return _kept(self, name)

    def made(self, name: str) -> FeatureSequence:
        """Raises: BadVideo: not in the table, or too few of its windows have features."""
        if name not in self.rows:
            raise BadVideo(f"{self.path}{MARK}{name}", "missing", "open", "the table has no such video")
        at, (missing, expected) = self.rows[name], self.missing(name)
        if missing > MOST_MISSING * expected:
            why = next((row.error for row in map(self.table.rows.__getitem__, at) if row.error), "")
            detail = f"{missing} of {pluralize(expected, 'window')} have no features{': ' if why else ''}{why}"
            raise BadVideo(self.file_of(name), "short", "sample", detail)
        known, spans = self._is_known(at), np.array([(self._start(row), self._end(row)) for row in at])
        made = sequence_of(self.table.features[at][known], spans[known], self.stride_seconds, self.file_of(name))
        return replace(made, duration_seconds=float(spans[:, 1].max()))

    def _start(self, row: int) -> float:
        return self.table.rows[row].start_seconds or 0.0

    def _end(self, row: int) -> float:
        end = self.table.rows[row].end_seconds
        return self._start(row) + self.window_seconds if end is None else end

    def _is_known(self, at: Sequence[int]) -> ndarray:
        return np.isfinite(self.table.features[at]).min(axis=1)


@lru_cache(maxsize=256)
def _kept(sequences: FeatureSequences, name: str) -> FeatureSequence:
    return sequences.made(name)


def sequence_of(features: ndarray, spans: ndarray, stride: float, file: str) -> FeatureSequence:
    """The sequence of a video to the end of its last window; ``stride``: seconds from step to step.

    Args:
        features: float32 [N, D]. spans: float64 [N, 2], seconds in which each window starts and ends, by start.
    """
    duration = float(spans[:, 1].max())
    times = np.arange(max(1, int(duration / stride + 1e-6))) * stride
    length = float((spans[:, 1] - spans[:, 0]).max())
    return FeatureSequence(interpolated(features, spans.mean(1), times), 1 / stride, duration, length, file)


def interpolated(features: ndarray, middles: ndarray, times: ndarray) -> ndarray:
    """float32 [T, D] at ``times`` [T], linear between ``middles`` [N], which rise; the first and the last hold beyond.

    Args:
        features: [N, D].
    """
    after = np.searchsorted(middles, times).clip(1, max(1, len(middles) - 1))
    before, after = after - 1, np.minimum(after, len(middles) - 1)
    apart = np.maximum(middles[after] - middles[before], 1e-9)
    share = ((times - middles[before]) / apart).clip(0, 1)[:, None]
    return (features[before] * (1 - share) + features[after] * share).astype(np.float32)


def open_sequences(path: str | Path) -> FeatureSequences:
    """A table of windows; kept in memory, and read again where the file has changed.

    Raises: FileNotFoundError; ValueError: no windows, another file, or a damaged one; ImportError: no pyarrow.
    """
    path = os.path.abspath(path)
    return _opened(path, os.stat(path).st_mtime_ns if os.path.isfile(path) else 0)


@lru_cache(maxsize=2)
def _opened(path: str, changed: int) -> FeatureSequences:
    table = read_features(path)
    spans = [(row.end_seconds or 0.0) - (row.start_seconds or 0.0) for row in table.rows if row.end_seconds is not None]
    length = table.provenance.get("window_seconds") or (float(np.median(spans)) if spans else 0.0)
    stride = table.provenance.get("stride_seconds") or length
    if not stride or all(row.end_seconds is None for row in table.rows):
        again = command_line(
            "features extract", "checkpoint=...", "input=...", "window_seconds=1", "stride_seconds=0.25"
        )
        raise ValueError(
            f"{path}: a row a video, and events are found over windows that follow each other. Extract again: {again}"
        )
    return FeatureSequences(path, table, rows_by_video(path, table.rows, stride), float(length), float(stride))


def rows_by_video(path: str, rows: Sequence[FeatureRow], stride: float) -> dict[str, list[int]]:
    """The numbers of each video's rows, by time.

    Raises: ValueError: two rows of one moment, or windows of another stride, as where tables were joined.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        found[sequence_name(row.video)].append(number)
    for at in found.values():
        at.sort(key=lambda number: rows[number].start_seconds or 0.0)
        starts = np.array([rows[number].start_seconds or 0.0 for number in at])
        steps = np.diff(starts) / stride
        inner = steps[:-1]  # a last window ends with its video, wherever it then begins
        wrong = np.flatnonzero((np.abs(inner - inner.round()) > OFF_STRIDE) | (inner.round() < 1))
        if len(wrong) or (len(steps) and steps[-1] <= OFF_STRIDE):
            first = int(wrong[0]) if len(wrong) else len(steps) - 1
            raise ValueError(
                f"{path}: the windows of {rows[at[first]].video} begin at {starts[first]:g} and {starts[first + 1]:g} "
                f"s, and the table says {stride:g} s from one to the next. Extract whole videos, input=FOLDER and "
                "no labelled stretches, in one run of features extract."
            )
    return dict(found)


def sequence_name(video: str) -> str:
    """How a path of the table is called behind ``MARK``: without what leads out of a folder."""
    parts = [part for part in os.path.normpath(composed(video)).split(os.sep) if part not in ("", "..")]
    return os.sep.join(parts)


def is_sequence(path: str) -> bool:
    """Whether a path names a video of a table of features. A file whose own name looks so is one."""
    return path.partition(MARK)[0].endswith(TABLES) and MARK in path and not os.path.exists(path)


def open_sequence(path: str) -> FeatureSequence:
    """``features.parquet#/films/a.mp4``. Raises: BadVideo."""
    table, _, name = path.partition(MARK)
    try:
        return open_sequences(table).sequence(name)
    except (OSError, ValueError, ImportError) as error:
        raise BadVideo(path, "corrupt", "open", str(error)) from error


def file_of(path: str) -> str:
    """The video that a path of a sequence is of; other paths stay."""
    if not is_sequence(path):
        return path
    table, _, name = path.partition(MARK)
    sequences = open_sequences(table)
    return sequences.file_of(name) if name in sequences.rows else name


def gaps_note(sequences: FeatureSequences, names: Sequence[str]) -> str:
    """How many windows of these videos have no features and are filled; "" = none."""
    missing = {name: count for name in names if name in sequences.rows and (count := sequences.missing(name)[0])}
    if not missing:
        return ""
    return (
        f"{pluralize(sum(missing.values()), 'window')} of {pluralize(len(missing), 'video')} have no features, and "
        f"take those of their neighbours; a video that lacks more than half counts as unreadable: "
        f"{truncated_list(list(missing), 3)}"
    )
