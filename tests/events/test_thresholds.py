import numpy as np
import pytest

from videoai.events.event import Event, Track
from videoai.events.proposals import EventSettings
from videoai.events.scores import Scores
from videoai.events.thresholds import checked_threshold, tuned_threshold


def scores(num_events: int, right: float, wrong: float) -> Scores:
    """Videos with an event from 1 to 2 s, found with probability ``right``, and one of ``wrong`` where none is."""
    row = np.zeros(40, np.float32)
    row[10:20], row[30:36] = right, wrong
    track = Track(probability=row[None], rate=10.0, duration_seconds=4.0)
    return Scores([[Event(0, 0.95, 1.95)]] * num_events, [track] * num_events, 1, EventSettings())


@pytest.mark.parametrize(("right", "wrong", "threshold"), [(0.4, 0.22, 0.4), (0.9, 0.7, 0.75), (0.9, 0.1, 0.5)])
def test_the_threshold_lies_where_all_is_right_as_near_to_a_half_as_that_allows(right, wrong, threshold):
    tuned = tuned_threshold(scores(6, right, wrong))
    assert tuned == {"threshold": pytest.approx(threshold), "f1_50": 1.0, "events": 6}


def test_few_events_tune_nothing():
    assert tuned_threshold(scores(4, 0.4, 0.2)) == {}


@pytest.mark.parametrize("value", ["0.3", 1.5, True, [0.3], float("nan")])
def test_a_damaged_threshold_is_refused(value):
    with pytest.raises(ValueError, match="threshold of events"):
        checked_threshold({"threshold": value})
    assert checked_threshold({}) is None
