import numpy as np
import pytest

from videoai.events.event import Event, Track, overlap, step_labels, stretches
from videoai.events.proposals import EventSettings, merged, proposals, runs, soft_nms, timeline
from videoai.events.scores import Scores


def track(row, rate=10.0):
    row = np.array(row, np.float32)
    return Track(probability=row[None], rate=rate, duration_seconds=len(row) / rate)


def test_an_event_reaches_the_high_threshold_and_goes_as_far_as_the_low_one():
    probability = [0.1, 0.4, 0.6, 0.4, 0.1, 0.4, 0.4, 0.1]
    (event,) = timeline(track(probability), EventSettings(threshold=0.5, low_threshold=0.35))
    assert (event.start_seconds, event.end_seconds) == pytest.approx((0.05, 0.35))  # half a step around its steps
    assert event.score == pytest.approx(np.mean([0.4, 0.6, 0.4]))


@pytest.mark.parametrize(("threshold", "found"), [(0.3, 1), (0.32, 1), (0.34, 0)])
def test_a_threshold_below_the_low_one_is_what_an_event_reaches(threshold, found):
    assert len(timeline(track([0.0, 0.33, 0.0]), EventSettings(threshold=threshold))) == found


def test_short_gaps_are_closed_and_short_events_dropped():
    probability = [0.9, 0.9, 0.0, 0.9, 0.9, 0.0, 0.0, 0.0, 0.9, 0.0]
    found = timeline(track(probability), EventSettings(merge_seconds=0.1, min_seconds=0.3))
    assert [(event.start_seconds, event.end_seconds) for event in found] == [(0.0, 0.45)]


def test_what_could_not_be_read_holds_no_event():
    found = timeline(track([np.nan, np.nan, 0.9, 0.9, np.nan]), EventSettings())
    assert [(event.start_seconds, event.end_seconds) for event in found] == [pytest.approx((0.15, 0.35))]
    assert timeline(track([np.nan] * 4), EventSettings()) == []


def test_an_event_ends_no_later_than_its_video():
    cut = Track(probability=np.ones((1, 5), np.float32), rate=10.0, duration_seconds=0.43)
    assert timeline(cut, EventSettings())[0].end_seconds == 0.43


def test_runs_and_merged_are_inverse_to_painting():
    rng = np.random.default_rng(0)
    for _ in range(50):
        holds = rng.random(40) < 0.5
        painted = np.zeros(40, bool)
        for first, end in runs(holds):
            painted[first:end] = True
        assert (painted == holds).all()
        assert merged(runs(holds), 0) == runs(holds)
        gaps = [b - a for (_, a), (b, _) in zip(merged(runs(holds), 2), merged(runs(holds), 2)[1:], strict=False)]
        assert all(gap > 2 for gap in gaps)


def test_the_best_proposal_of_a_clean_action_is_the_action():
    best = proposals(track([0.05] * 10 + [0.95] * 20 + [0.05] * 10), EventSettings())[0]
    assert (best.start_seconds, best.end_seconds) == (0.95, 2.95)


def test_soft_nms_lowers_what_overlaps_and_keeps_what_does_not():
    events = [Event(0, 0, 10, 0.9), Event(0, 0.5, 10, 0.8), Event(0, 20, 30, 0.5)]
    kept = soft_nms(events, sigma=0.4)
    assert kept[0] == events[0]
    assert kept[1] == events[2]
    assert kept[2].score == pytest.approx(0.8 * np.exp(-(0.95**2) / 0.4))


def test_overlap_is_intersection_over_union():
    one, others = stretches([Event(0, 0, 4)]), stretches([Event(0, 2, 6), Event(0, 5, 6), Event(0, 0, 4)])
    assert overlap(one, others).tolist() == [[pytest.approx(2 / 6), 0.0, 1.0]]


def test_perfect_probabilities_give_perfect_scores_and_none_give_none():
    rng = np.random.default_rng(1)
    truth, tracks, blank = [], [], []
    for _ in range(5):
        events = [Event(int(rng.integers(3)), float(at), float(at + rng.integers(2, 5))) for at in range(0, 40, 8)]
        labels = step_labels(events, num_classes=3, num_steps=480, rate=10)
        truth.append(events)
        tracks.append(Track(probability=labels.astype(np.float32), rate=10.0, duration_seconds=48.0))
        blank.append(Track(probability=np.zeros((3, 480), np.float32), rate=10.0, duration_seconds=48.0))
    right, nothing = Scores(truth, tracks, 3, EventSettings()), Scores(truth, blank, 3, EventSettings())
    assert all(value == pytest.approx(1) for value in right.metrics().values())
    assert right.loss() < 1e-5
    metrics = nothing.metrics()
    assert metrics["map"] == metrics["f1_50"] == metrics["edit"] == 0
    assert 0 < metrics["frame_accuracy"] < 1  # background is right
    assert [found for *_, found in right.recall_by_length()] == [1.0, 1.0, 1.0]


def test_a_class_without_an_event_has_no_average_precision_and_costs_nothing():
    truth = [[Event(0, 0, 2)]]
    probability = np.zeros((2, 40), np.float32)
    probability[0, :20] = 0.9
    scores = Scores(truth, [Track(probability=probability, rate=10.0, duration_seconds=4.0)], 2, EventSettings())
    assert np.isnan(scores.precisions[1]).all()
    assert scores.metrics()["map"] == pytest.approx(1)
