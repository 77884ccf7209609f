import csv

import pytest
from scipy import stats

from videoai.report.comparison import compare, comparison_bytes, mcnemar


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (3, 11), (25, 25), (400, 480)])
def test_the_p_value_is_that_of_the_exact_binomial_test(one, other):
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("wins", "losses", "verdict"),
    [(20, 2, "The second run is better"), (2, 20, "The first run is better"), (4, 3, "No difference is shown")],
)
def test_a_difference_is_called_one_only_where_the_test_shows_it(wins, losses, verdict):
    one = [False] * wins + [True] * losses + [True] * 40
    other = [True] * wins + [False] * losses + [True] * 40
    done = compare(["a"] * len(one), one, other)
    assert (done.only_one, done.only_other) == (losses, wins) and done.verdict.startswith(verdict)
    assert done.low <= done.other - done.one <= done.high
    assert (done.low > 0 or done.high < 0) == (done.p_value < 0.05)


def test_the_interval_is_that_of_videos_drawn_again():
    """The normal approximation for 400 videos; 0.003: the noise of 10,000 resamples, and steps of 1/400."""
    one, other = [True] * 300 + [False] * 100, [True] * 260 + [False] * 40 + [True] * 60 + [False] * 40
    done, error = compare(["a"] * 400, one, other), 1.96 * ((0.15 + 0.1 - 0.05**2) / 400) ** 0.5
    assert (done.low, done.high) == (pytest.approx(0.05 - error, abs=0.003), pytest.approx(0.05 + error, abs=0.003))


def test_classes_stand_by_their_gain_and_in_the_csv_file_below_all_videos():
    done = compare(["a", "a", "b", "b", "c"], [True, True, False, False, True], [True, False, True, True, True])
    assert [(row.name, row.gain) for row in done.classes] == [("b", 1.0), ("c", 0.0), ("a", -0.5)]
    rows = list(csv.reader(comparison_bytes(done).decode().splitlines()))
    assert rows[:2] == [
        ["class", "videos", "first", "second", "gain"],
        ["(all)", "5", "0.600000", "0.800000", "0.200000"],
    ]
    assert [row[0] for row in rows[2:]] == ["b", "c", "a"]


@pytest.mark.parametrize("labels", [[], ["a"], ["a"] * 3])
def test_answers_without_their_partners_are_refused(labels):
    with pytest.raises(ValueError, match="give as many of each"):
        compare(labels, [True] * len(labels), [True] * 2)
