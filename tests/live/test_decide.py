"""When events begin, go on and end."""

import numpy as np
import pytest

from videoai.live.decide import Decider, Rules


def changes_of(scores, **rules):
    """(kind, label, start, end) for windows of 1 s, half a second apart, with these scores [W, K]."""
    rules = {"on": [0.6] * len(scores[0]), "off": [0.4] * len(scores[0])} | rules
    decider = Decider(Rules(**rules))
    found = [
        change for at, row in enumerate(scores) for change in decider.feed(at / 2, at / 2 + 1, np.array(row, float))[1]
    ]
    return [(one.kind, one.label, one.start_seconds, one.end_seconds) for one in found + decider.close()]


def test_an_event_goes_on_between_the_thresholds():
    told = changes_of([[0.5], [0.7], [0.5], [0.45], [0.3], [0.5]])
    assert told == [("start", 0, 0.5, 1.5), ("update", 0, 0.5, 2.0), ("update", 0, 0.5, 2.5), ("end", 0, 0.5, 2.5)]


def test_the_end_of_the_stream_ends_what_runs():
    assert changes_of([[0.9]]) == [("start", 0, 0.0, 1.0), ("end", 0, 0.0, 1.0)]


def test_short_events_are_not_told_and_others_late():
    rows = [[0.9], [0.1], [0.9], [0.9], [0.9], [0.1]]
    assert changes_of(rows, min_seconds=1.6) == [
        ("start", 0, 1.0, 3.0),
        ("end", 0, 1.0, 3.0),
    ]


def test_several_classes_hold_at_a_time_and_quiet_ones_never():
    told = changes_of([[0.9, 0.9, 0.9]], quiet=[1])
    assert [one[:2] for one in told] == [("start", 0), ("start", 2), ("end", 0), ("end", 2)]


@pytest.mark.parametrize(("smoothing", "expected"), [("mean", 0.5), ("ema", 0.5)])
def test_two_windows_are_smoothed(smoothing, expected):
    decider = Decider(Rules(on=[2], off=[1], smoothing=smoothing, smooth_windows=2 if smoothing == "mean" else 3))
    decider.feed(0, 1, np.array([1.0]))
    assert decider.feed(0, 1, np.array([0.0]))[0].tolist() == [expected]


def test_an_average_forgets_after_a_gap():
    decider = Decider(Rules(on=[0.6], off=[0.4], smoothing="ema", smooth_windows=9))
    decider.feed(0, 1, np.array([1.0]))
    decider.close()
    assert decider.feed(5, 6, np.array([0.2]))[0].tolist() == [0.2]


def test_the_score_of_an_end_is_the_mean_of_its_event():
    decider = Decider(Rules(on=[0.5], off=[0.4]))
    for at, score in enumerate((0.6, 0.8)):
        decider.feed(at, at + 1, np.array([score]))
    (end,) = decider.close()
    assert end.score == pytest.approx(0.7)
