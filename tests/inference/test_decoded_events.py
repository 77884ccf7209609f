"""Events from classes and distances, against events worked out by hand."""

import numpy as np
import pytest

from videoai.events.proposals import EventSettings, proposals, timeline
from videoai.inference.decoded_events import decoded, nearest_window
from videoai.models.temporal_pyramid import points_of

STEPS = 16
POINTS = points_of(STEPS)


def outputs_of(*said: tuple[int, int, int, float, float, float], windows: int = 1, classes: int = 2) -> np.ndarray:
    """[M, K + 2, P] that says: (window, class, point, score, begin, end)."""
    outputs = np.zeros((windows, classes + 2, len(POINTS.step)))
    for window, label, point, score, begin, end in said:
        outputs[window, label, point] = score
        outputs[window, -2:, point] = begin, end
    return outputs


def test_a_point_is_an_event_from_its_time_less_begin_to_its_time_and_end():
    seconds = np.arange(STEPS)[None] / 10
    coarse = STEPS + 3  # the fourth point of the second level, which lies on step 6
    track = decoded(outputs_of((0, 1, coarse, 0.9, 2.0, 3.5)), seconds, 1.6, 10.0)
    (event,) = track.candidates
    assert (event.label, event.start_seconds, event.end_seconds) == (1, pytest.approx(0.4), pytest.approx(0.95))
    assert event.score == pytest.approx(0.9)
    assert track.probability[1].nonzero()[0].tolist() == [4, 5, 6, 7, 8, 9]
    assert not track.probability[0].any()


def test_ends_stay_within_the_video_and_low_scores_are_no_candidates():
    seconds = np.arange(STEPS)[None] / 10
    said = [(0, 0, 2, 0.8, 9.0, 30.0), (0, 1, 5, 0.0009, 1.0, 1.0)]
    (event,) = decoded(outputs_of(*said), seconds, 1.55, 10.0).candidates
    assert (event.start_seconds, event.end_seconds) == (0.0, 1.55)


def test_a_moment_is_read_in_the_window_whose_middle_is_nearest():
    seconds = np.stack([np.arange(STEPS), np.arange(STEPS) + 8]) / 10  # middles at 0.75 and 1.55 s
    # Step 13 of the first window and 5 of the second are 1.3 s: nearer to the second.
    said = [(0, 0, 13, 0.9, 1.0, 1.0), (1, 0, 5, 0.6, 2.0, 2.0)]
    (event,) = decoded(outputs_of(*said, windows=2), seconds, 2.4, 10.0).candidates
    assert (event.score, event.start_seconds) == (pytest.approx(0.6), pytest.approx(1.1))
    own = nearest_window(seconds, seconds)
    assert own[0].tolist() == [True] * 12 + [False] * 4  # 1.15 s lies between both middles
    assert own[1].tolist() == [False] * 4 + [True] * 12


def test_steps_that_repeat_the_last_frame_are_no_candidates():
    seconds = np.minimum(np.arange(STEPS), 9)[None] / 10
    track = decoded(outputs_of((0, 0, 12, 0.9, 1.0, 1.0)), seconds, 1.0, 10.0)
    assert track.candidates == ()


def test_what_no_window_read_stays_unknown():
    track = decoded(outputs_of(), np.arange(STEPS)[None] / 10, 4.0, 10.0)
    assert not np.isnan(track.probability[:, :16]).any()
    assert np.isnan(track.probability[:, 20:]).all()


def test_a_person_sees_the_best_of_candidates_that_overlap_and_all_classes():
    seconds = np.arange(STEPS)[None] / 10
    said = [(0, 0, 5, 0.9, 3.0, 3.0), (0, 0, 6, 0.8, 3.0, 3.0), (0, 1, 7, 0.7, 2.0, 2.0), (0, 1, 8, 0.3, 2.0, 2.0)]
    track = decoded(outputs_of(*said), seconds, 1.6, 10.0)
    seen = timeline(track, EventSettings(threshold=0.2))
    assert [(event.label, round(event.score, 3)) for event in seen] == [(0, 0.9), (1, 0.7)]
    ranked = proposals(track, EventSettings(nms_sigma=0.4))
    assert [event.label for event in ranked] == [0, 1, 0, 1]
    iou = 5 / 7  # 0.2 to 0.8 s and 0.3 to 0.9 s: Soft-NMS lowers the second by exp(-IoU^2 / sigma)
    assert ranked[2].score == pytest.approx(0.8 * np.exp(-(iou**2) / 0.4), rel=1e-4)
    assert timeline(track, EventSettings(threshold=0.2, min_seconds=0.5)) == seen[:1]
