"""What the result files of an evaluation share: bytes that do not change, and the videos that could not be read."""

import json
from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from videoai.core.files import csv_bytes

NO_SCORES = "no usable scores: the model's output holds NaN, or no view of the video was evaluated"


def settle_reasons(scores: Tensor, errors: Sequence[str]) -> tuple[Tensor, list[str]]:
    """bool [N], the videos without usable scores, and why, "" = the others. Whatever has a reason has no scores."""
    unreadable = scores.isnan().any(dim=1) | torch.tensor([reason != "" for reason in errors])
    return unreadable, [
        (reason or NO_SCORES) if bad else "" for reason, bad in zip(errors, unreadable.tolist(), strict=True)
    ]


def bad_videos(paths: Sequence[str], reasons: Sequence[str]) -> list[dict[str, str]]:
    """The list in results.json."""
    return [{"path": path, "reason": reason} for path, reason in zip(paths, reasons, strict=True) if reason]


def json_bytes(results: dict[str, Any]) -> bytes:
    text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


# a file name that is not UTF-8 reaches Python as lone surrogates; they are written as \udcff
csv_for_people = partial(csv_bytes, errors="backslashreplace")


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
