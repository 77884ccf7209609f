import math

import pytest
import torch

from videoai.report.calibration import calibration


def test_the_error_is_the_mean_gap_between_confidence_and_accuracy_of_the_bins():
    confidence = torch.tensor([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    is_right = torch.tensor([True, True, True, False, True, False])
    measured = calibration(confidence, is_right, num_bins=10)
    assert measured.ece == pytest.approx((4 * abs(0.75 - 0.95) + 2 * abs(0.5 - 0.55)) / 6)
    assert [one.num_videos for one in measured.bins] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 4]
    assert (measured.mean_confidence, measured.accuracy) == (pytest.approx(4.9 / 6), pytest.approx(4 / 6))


def test_an_edge_belongs_to_the_bin_below_it_and_unreadable_videos_to_none():
    measured = calibration(torch.tensor([0.5, 1.0, math.nan]), torch.tensor([True, True, False]), num_bins=2)
    assert [one.num_videos for one in measured.bins] == [1, 1]
    assert measured.accuracy == 1.0
    assert math.isnan(calibration(torch.tensor([math.nan]), torch.tensor([False])).ece)
