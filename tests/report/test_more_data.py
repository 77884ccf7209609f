"""Does the law find what made the errors, and is the interval wide where nothing can be told?"""

import math

import numpy as np
import pytest

from videoai.report.more_data import Gain, Law, fit_law, gain, gains_table, verdict
from videoai.report.tables import as_text

SIZES = np.array([50, 100, 200, 400])


@pytest.mark.parametrize("law", [Law(0.1, 2.0, 0.5), Law(0.0, 1.0, 0.3), Law(0.2, 3.0, 0.8)])
def test_a_law_is_found_again_from_its_own_errors(law):
    found = fit_law(SIZES.astype(float), np.asarray(law(SIZES)))
    assert found(800) == pytest.approx(float(law(800)), abs=1e-6)  # on the grid of exponents, so to rounding


def test_an_error_that_grows_gives_a_negative_gain_and_one_that_stays_none():
    grows, stays = np.array([0.2, 0.3, 0.35, 0.4]), np.full(4, 0.3)
    assert fit_law(SIZES.astype(float), grows).b < 0
    law = fit_law(SIZES.astype(float), stays)
    assert law(400) - law(800) == pytest.approx(0, abs=1e-9)


def answers(law: Law, num_val: int, seeds: int = 4, draw: int = 0) -> np.ndarray:
    """Answers [seeds, sizes, M] of classifiers with the errors of a law: a hard clip is wrong up to some size."""
    rng = np.random.default_rng(draw)
    hardness = np.clip(rng.random((1, 1, num_val)) + 0.02 * rng.standard_normal((seeds, len(SIZES), num_val)), 0, 1)
    return (hardness > np.asarray(law(SIZES))[None, :, None]).astype(float)


def test_a_steep_curve_with_many_clips_is_sure_and_its_interval_holds_the_truth():
    law = Law(0.05, 3.0, 0.5)
    for draw in range(3):
        one = gain("all", SIZES.tolist(), answers(law, 2000, draw=draw), np.arange(2000), more=400)
        true = 100 * float(law(400) - law(800))  # 4.4 points
        assert one.is_sure
        assert one.points == pytest.approx(true, abs=1.5)  # binomial error of 2,000 clips: 1 point, paired less


def test_a_flat_curve_and_few_clips_are_not_sure():
    flat = gain("all", SIZES.tolist(), answers(Law(0.3, 0.0, 0.5), 2000), np.arange(2000), more=400)
    few = gain("all", SIZES.tolist(), answers(Law(0.25, 1.0, 0.5), 10), np.arange(10), more=400)
    assert not flat.is_sure and not few.is_sure
    assert few.high - few.low > flat.high - flat.low


def test_clips_of_one_group_count_together():
    right = answers(Law(0.05, 3.0, 0.5), 200)
    alone = gain("all", SIZES.tolist(), right, np.arange(200), more=400)
    order = np.argsort(right.mean((0, 1)))  # groups of equally hard clips
    together = gain("all", SIZES.tolist(), right[:, :, order], np.arange(200) // 20, more=400)
    assert together.high - together.low > 1.2 * (alone.high - alone.low)


def test_the_verdict_names_the_classes_that_profit_and_says_where_nothing_can_be_told():
    whole = Gain("all", 100, 40, (50.0, 60.0, 70.0), 3.0, 1.5, 4.5)
    fall, run = Gain("fall", 25, 40, (), 6.0, 3.0, 9.0), Gain("run", 25, 40, (), 2.0, -3.0, 8.0)
    assert verdict(whole, [fall, run]) == (
        "40 more clips, in all classes alike, would give about +3.0 points (90 %: +1.5 .. +4.5). "
        "40 more of fall about +6.0 points (90 %: +3.0 .. +9.0) of its own."
    )
    unsure = whole._replace(low=-1.0)
    assert "cannot tell from this" in verdict(unsure, [run]) and "For no single class" in verdict(unsure, [run])
    assert "never tried that far" in verdict(whole._replace(more=101), [])


def test_a_class_without_validation_clips_has_no_gain():
    one = gain("rare", [5, 10, 20], np.zeros((3, 3, 0)), np.zeros(0), more=10)
    assert math.isnan(one.points) and not one.is_sure
    assert "too few clips in val" in as_text(gains_table([one], [0.25, 0.5, 1.0]))


@pytest.mark.parametrize("sizes", [[1, 1, 1], [1, 1, 2]])
def test_a_class_whose_parts_are_alike_has_a_score_and_no_gain(sizes):
    with np.errstate(all="raise"):
        one = gain("rare", sizes, np.ones((2, 3, 6)), np.arange(6), more=1)
    assert one.accuracy == (100.0, 100.0, 100.0) and math.isnan(one.points) and not one.is_sure
    assert "too few clips in train" in as_text(gains_table([one], [0.25, 0.5, 1.0]))
