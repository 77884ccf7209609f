"""The threshold with which a person sees the best events on a split: segmental F1 at IoU 50 %."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from videoai.events.proposals import EventSettings
from videoai.events.scores import MIDDLE, Scores
from videoai.events.segmental import segmental_f1

TRIED = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())
MIN_EVENTS = 5  # by fewer a threshold is luck; judgement, as for the classes of several labels


def tuned_threshold(scores: Scores) -> dict[str, Any]:
    """``threshold``, of equally good ones the nearest to the default, and ``f1_50`` with it, for a checkpoint;
    {} where too few events are annotated."""
    num_events = sum(map(len, scores.truth))
    if num_events < MIN_EVENTS:
        return {}
    f1 = {tried: f1_with(scores, tried) for tried in TRIED}
    best = max(TRIED, key=lambda tried: (round(f1[tried], 9), -abs(tried - EventSettings.threshold)))
    return {"threshold": best, "f1_50": f1[best], "events": num_events}


def f1_with(scores: Scores, threshold: float) -> float:
    """Segmental F1 at IoU 50 % with another threshold."""
    events = replace(scores, settings=replace(scores.settings, threshold=threshold)).events
    return segmental_f1(scores.truth, events, MIDDLE)


def checked_threshold(tuned: Mapping[str, Any]) -> float | None:
    """What a checkpoint keeps; None = nothing was tuned. Raises: ValueError: a threshold that is none."""
    value = tuned.get("threshold")
    if value is not None and not (isinstance(value, float) and 0 < value < 1):
        raise ValueError(f"the checkpoint's threshold of events is {str(value)[:40]}. Set threshold=0.5.")
    return value
