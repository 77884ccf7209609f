import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videoai.report.thresholds import MIN_EACH, check_thresholds, tune_thresholds, tuning_note

FEW = MIN_EACH - 1


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values).double()[:, None]


def test_a_class_whose_scores_are_all_low_gets_a_low_threshold_between_both_kinds():
    scores = column(0.3, 0.31, 0.32, 0.33, 0.34, 0.1, 0.11, 0.12, 0.13, 0.2)
    labels = torch.tensor([True] * 5 + [False] * 5)[:, None]
    values, is_tuned = tune_thresholds(scores, labels)
    assert values == [pytest.approx(0.25)] and is_tuned == [True]


def test_of_equally_good_thresholds_the_nearest_to_a_half_is_taken():
    labels = torch.tensor([True] * 5 + [False] * 5)[:, None]
    values, _ = tune_thresholds(column(*[0.9] * 5, *[0.7] * 5), labels)
    assert values == [pytest.approx(0.8)]  # every threshold in (0.7, 0.9] finds the same; this is the one between
    values, _ = tune_thresholds(column(*[0.9] * 4, 0.4, *[0.2] * 5), labels)
    assert values == [pytest.approx(0.3)]


@pytest.mark.parametrize("positives", [0, FEW, 20 - FEW, 20])
def test_a_class_with_few_videos_of_either_kind_keeps_a_half(positives):
    labels = torch.arange(20)[:, None] < positives
    values, is_tuned = tune_thresholds(torch.rand(20, 1), labels)
    assert values == [0.5] and is_tuned == [False]


@pytest.mark.parametrize("nothing", [math.nan, -math.inf])
def test_what_is_not_known_decides_nothing(nothing):
    scores = column(*[0.3] * 5, *[0.1] * 5)
    labels = torch.tensor([True] * 5 + [False] * 5)[:, None]
    more = torch.cat([scores, column(*[nothing] * 30)]), torch.cat([labels, torch.ones(30, 1).bool()])
    assert tune_thresholds(*more) == tune_thresholds(scores, labels)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.6, 1.0]), st.booleans()), min_size=10, max_size=40))
def test_no_other_threshold_has_a_better_f1(rows):
    scores, labels = torch.tensor([row[0] for row in rows]).double(), torch.tensor([row[1] for row in rows])
    (value,), (is_tuned,) = tune_thresholds(scores[:, None], labels[:, None])

    def f1(at: float) -> float:
        found = scores >= at
        return 2 * int((found & labels).sum()) / max(1, int(found.sum() + labels.sum()))

    others = [0.5, *(score + step for score in scores.tolist() for step in (-1e-6, 1e-6))]
    if is_tuned:
        best = max(map(f1, others))
        assert f1(value) == pytest.approx(best)


@pytest.mark.parametrize("damaged", [None, [0.5], [0.5, 2.0], [0.5, math.nan], ["a", "b"], 0.5])
def test_thresholds_of_a_file_are_checked(damaged):
    with pytest.raises(ValueError, match=r"not 2 numbers from 0 to 1.*threshold=0\.5"):
        check_thresholds(damaged, 2, "best.pt")


def test_what_was_too_rare_is_named():
    assert "of 1 of 2 classes tuned" in tuning_note(["run", "jump"], [True, False])
    assert "0.5 for jump" in tuning_note(["run", "jump"], [True, False])
    assert "0.5 for jump" not in tuning_note(["run", "jump"], [True, True])
