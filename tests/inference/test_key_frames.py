"""Key frames: one a shot first, then what differs most."""

import numpy as np
import pytest

from videoai.inference.key_frames import key_moments

EYE = np.eye(4, dtype=np.float32)
SPANS = [(float(at), at + 1.0) for at in range(8)]


def test_every_shot_has_one_as_long_as_there_are_enough():
    shots = [(0.0, 2.0), (2.0, 3.0), (3.0, 8.0)]
    features = EYE[[0, 0, 0, 1, 1, 2, 3, 1]]  # the first two shots look alike
    assert {one.shot for one in key_moments(features, SPANS, shots, 3)} == {0, 1, 2}
    more = key_moments(features, SPANS, shots, 5)
    assert [one.seconds for one in more if one.shot == 2] == [3.5, 5.5, 6.5]
    assert more == sorted(more)


def test_of_more_shots_than_pictures_those_that_differ_most_are_shown():
    shots = [(0.0, 2.0), (2.0, 3.0), (3.0, 8.0)]
    features = EYE[[0, 0, 1, 1, 1, 1, 1, 1]]
    assert {one.shot for one in key_moments(features, SPANS, shots, 2)} == {0, 2}  # the longest, and the other look


@pytest.mark.parametrize("features", [EYE[[0] * 8], np.zeros((8, 4), np.float32), 3 * EYE[[1] * 8]])
def test_windows_that_look_alike_are_shown_once(features):
    number = len(key_moments(features, SPANS, [(0.0, 8.0)], 8))
    assert number == 1 or not features.any()


def test_a_shot_between_two_middles_is_shown_at_its_own_middle():
    moments = key_moments(EYE[:2], [(0.0, 4.0), (4.0, 8.0)], [(0.0, 3.0), (3.0, 5.0), (5.0, 8.0)], 8)
    assert [(one.shot, one.seconds) for one in moments] == [(0, 2.0), (1, 4.0), (2, 6.0)]


def test_more_windows_than_asked_for_give_as_many_as_asked_for():
    features = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float16)
    spans = [(at / 2, at / 2 + 0.5) for at in range(50)]
    chosen = key_moments(features, spans, [(0.0, 25.0)], 7)
    assert len(set(chosen)) == 7
