import pytest
import torch

from videoai.report.paired import paired_difference


def answers(both: int, first: int, second: int, neither: int) -> tuple[torch.Tensor, torch.Tensor]:
    """How often both are right, the first alone, the second alone, and neither."""
    counts = torch.tensor([both, first, second, neither])
    return tuple(torch.tensor(right).repeat_interleave(counts).bool() for right in ([1, 1, 0, 0], [1, 0, 1, 0]))


def test_the_interval_is_newcombes_method_10():
    difference = paired_difference(*answers(36, 12, 2, 0))  # table II of the paper, row 1
    assert difference.value == pytest.approx(0.2)
    assert (difference.low, difference.high) == (pytest.approx(0.0569, abs=1e-4), pytest.approx(0.3404, abs=1e-4))
    assert (difference.num_lost, difference.num_won) == (12, 2)


def test_turned_round_it_is_the_same_with_the_other_sign():
    one, other = (paired_difference(*answers(20, *only, 9)) for only in ((8, 3), (3, 8)))
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_answers_that_never_differ_leave_an_interval_around_zero():
    for same in (answers(10, 0, 0, 0), answers(5, 0, 0, 5)):
        difference = paired_difference(*same)
        assert (
            difference.value == 0.0 and difference.low < 0 < difference.high
        ) or difference.low == difference.high == 0


def test_other_videos_cannot_be_compared():
    with pytest.raises(ValueError, match=r"\[2\] and \[3\] answers"):
        paired_difference(torch.ones(2).bool(), torch.ones(3).bool())
