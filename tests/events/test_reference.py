"""Metrics of events against public reference code, on the random inputs of scripts/make_event_fixtures.py."""

import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from videoai.events.average_precision import TIOUS, class_precisions
from videoai.events.event import Event
from videoai.events.segmental import OVERLAPS, edit_score, segmental_counts

VALUES = json.loads((Path(__file__).parents[1] / "fixtures" / "events" / "reference.json").read_text())


def events_in(frames: list[str]) -> list[Event]:
    """Stretches of equal labels; background is none."""
    events, at = [], 0
    for label, run in groupby(frames):
        length = len(list(run))
        events += [] if label == "background" else [Event(int(label), at, at + length)]
        at += length
    return events


@pytest.mark.parametrize("case", VALUES["sequences"])
def test_segmental_f1_and_edit_score_are_those_of_ms_tcn(case):
    truth, found = events_in(case["truth"]), events_in(case["found"])
    assert [list(segmental_counts(truth, found, least)) for least in OVERLAPS] == case["counts"]
    assert 100 * edit_score(truth, found) == pytest.approx(case["edit"])


def test_average_precision_is_that_of_activitynet():
    case = VALUES["detection"]
    truth = [[Event(0, start, end) for start, end, _ in video] for video in case["truth"]]
    found = [[Event(0, *segment) for segment in video] for video in case["found"]]
    assert class_precisions(truth, found, TIOUS) == pytest.approx(case["ap"], abs=1e-12)
    assert 0.2 < np.mean(case["ap"]) < 0.9  # neither trivial
