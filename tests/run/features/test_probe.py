import pytest

from videoai.report.metrics import confidence_interval
from videoai.run.features.probe import Score, summary


def test_a_test_split_has_wilsons_interval_which_does_not_collapse_at_nothing_or_all():
    for right in (0, 1, 3):
        low, high = confidence_interval(right, 3)
        said = summary([Score(right / 3, 3)])
        assert (said["low"], said["high"]) == pytest.approx((low, high))
        assert said["high"] - said["low"] > 0.5


def test_draws_that_differ_widen_the_interval():
    alike, apart = (summary([Score(0.5, 40, spread)]) for spread in (0.0, 0.1))
    assert apart["low"] < alike["low"] < alike["accuracy"] < alike["high"] < apart["high"]
    assert summary([Score(0.02, 5, 0.4)])["low"] >= 0


def test_folds_that_are_alike_leave_the_interval_of_all_their_rows():
    assert summary([Score(0.0, 3)] * 5)["high"] == pytest.approx(confidence_interval(0, 15)[1])
    apart = summary([Score(accuracy, 100) for accuracy in (0.1, 0.9, 0.5)])
    assert (apart["low"], apart["high"]) == (0, 1)
