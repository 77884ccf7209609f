"""What the result files of an evaluation share: bytes that do not change, and the videos that could not be read."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import isfinite, nan
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from videoai.core.files import csv_bytes, write_atomic, write_together
from videoai.core.paths import display_path
from videoai.report.thresholds import THRESHOLD

logger = logging.getLogger(__name__)

PREDICTIONS = "predictions.csv"
MADE_OF_PREDICTIONS = ("report.html", "fiftyone/*.json", "comparison-*.csv", "comparison-*.html")
NO_SCORES = "no usable scores: the model's output holds NaN, or no view of the video was evaluated"


class Report(NamedTuple):
    """What an evaluation writes."""

    results: dict[str, Any]  # the content of results.json
    files: dict[str, bytes]  # the others, by name
    pictures: Mapping[str, Callable[[], bytes]] = {}  # by name, what draws them: after all else is written


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """One evaluated split: what every report begins with.

    Raises: ValueError: no videos, or lengths that differ.
    """

    scores: Tensor  # float [N, K] of each video; float64 once it is held here, and NaN where a video has a reason
    targets: Tensor  # [N, ...]
    paths: Sequence[str]  # [N], as they should appear in the files
    errors: Sequence[str]  # [N], "" = the video was read; one with a reason has no scores, whatever came out
    names: list[str]  # [K], names of the outputs
    views: str  # temporal x spatial, such as "4x3"
    split: str
    checkpoint: str
    fingerprint: str  # identifies what was evaluated: a hash of the manifest
    settings: Mapping[str, Any] = field(default_factory=dict)  # those that change answers, where they are not the usual
    checkpoint_sha256: str | None = None  # None = there is no file: published weights
    by_class: bool = False  # chosen by mean class accuracy: UAR and the recall of each class come first
    thresholds: Sequence[float] = ()  # [K], of several labels: from which score on each holds; () = 0.5

    def __post_init__(self) -> None:
        check_videos(self.scores, paths=self.paths, errors=self.errors, classes=self.names, split=self.split)
        scores = self.scores.detach().double().cpu()
        object.__setattr__(self, "scores", scores.masked_fill(self.unreadable[:, None], nan))
        object.__setattr__(self, "targets", self.targets.cpu())
        object.__setattr__(self, "thresholds", list(self.thresholds or [THRESHOLD] * len(self.names)))

    @cached_property
    def unreadable(self) -> Tensor:
        """bool [N], the videos without usable scores."""
        return self.scores.cpu().isnan().any(dim=1) | torch.tensor([reason != "" for reason in self.errors])

    @property
    def reasons(self) -> list[str]:
        """Why a video has no scores; "" = it has."""
        bad = self.unreadable.tolist()
        return [(reason or NO_SCORES) if is_bad else "" for reason, is_bad in zip(self.errors, bad, strict=True)]

    def results(self, *, about: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
        """The content of results.json. about: what the numbers are of, such as the count of classes."""
        bad = [{"path": path, "reason": why} for path, why in zip(self.paths, self.reasons, strict=True) if why]
        return {
            "split": self.split,
            "views": self.views,
            **about,
            "n_total": len(self.paths),
            "n_bad": len(bad),
            **metrics,
            "checkpoint": self.checkpoint,
            "checkpoint_sha256": self.checkpoint_sha256,
            "fingerprint": self.fingerprint,
            **({"settings": dict(self.settings)} if self.settings else {}),
            "bad_videos": bad,
        }


def write_report(folder: Path, report: Report) -> dict[str, Any]:
    """Write the files of an evaluation into ``folder`` (created if missing): all of them or none. What was made of
    other predictions there goes. Pictures follow; one that cannot be drawn is named in a warning and costs no other.

    Returns: the content of results.json. Raises: OSError: no room, or not writable.
    """
    files = {**report.files, "results.json": json_bytes(report.results)}  # last: it stands for a complete folder
    outdated = made_of_others(folder, files)
    write_together({folder / name: data for name, data in files.items()})
    _remove(folder, outdated)
    for name, draw in report.pictures.items():
        (folder / name).unlink(missing_ok=True)  # it would be of another evaluation
        try:
            write_atomic(folder / name, draw())
        except OSError:
            raise
        except Exception as error:  # matplotlib knows no limit to what it may raise
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            logger.warning("%s could not be drawn (%s); the other files are complete", folder / name, reason)
    return report.results


def made_of_others(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """What lies in ``folder`` and was made of other predictions than those in ``files``, which do not replace it."""
    former = folder / PREDICTIONS
    if PREDICTIONS not in files or not former.is_file() or former.read_bytes() == files[PREDICTIONS]:
        return []
    found = {path.relative_to(folder).as_posix() for pattern in MADE_OF_PREDICTIONS for path in folder.glob(pattern)}
    return sorted(found - {*files})


def _remove(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    if names:
        said = (display_path(folder), ", ".join(names))
        logger.info("%s: other predictions now; removed what was made of the former: %s", *said)


def json_bytes(results: dict[str, Any]) -> bytes:
    text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


# a file name that is not UTF-8 reaches Python as lone surrogates; they are written as \udcff
csv_for_people = partial(csv_bytes, errors="backslashreplace")


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """As ``csv_for_people``; floats at six decimals."""
    return csv_for_people(header, ([cell(v) if isinstance(v, float) else v for v in row] for row in rows))


def cell(value: float) -> str:
    """Six decimals; nothing for what is not finite."""
    return f"{value:.6f}" if isfinite(value) else ""


def rounded(value: float) -> float | None:
    """Six decimals; null for what is not finite."""
    return round(value, 6) if isfinite(value) else None


def check_videos(
    scores: Tensor, *, paths: Sequence[str], errors: Sequence[str], classes: Sequence[str], split: str
) -> None:
    """Raises: ValueError: no videos, or lengths that differ."""
    if scores.ndim != 2 or scores.shape[1] != len(classes):
        raise ValueError(f"evaluation: scores {list(scores.shape)}, but there are {len(classes)} classes.")
    if len(scores) == 0:
        raise ValueError(f"evaluation: split {split!r} has no videos. Check the manifest and the split's name.")
    if len(scores) != len(paths) or len(scores) != len(errors):
        counts = f"{len(scores)} scores, {len(paths)} paths and {len(errors)} errors"
        raise ValueError(f"evaluation: {counts}, but there must be one of each per video.")
