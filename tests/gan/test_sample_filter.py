"""The filter against generators that are wrong in one known way each, class by class."""

import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.gan.sample_filter import SampleFilter, recall_per_class

REAL_LABEL = torch.arange(120) % 3
LABEL = torch.arange(60) % 3


def blobs(label: torch.Tensor, name: str) -> torch.Tensor:
    """Three classes of clips, ten units apart, in eight dimensions."""
    noise = torch.randn(len(label), 8, generator=generator_for(0, name), dtype=torch.float64)
    return noise + 10 * torch.nn.functional.one_hot(label, 8)


def sure(label: torch.Tensor, confidence: float = 0.9) -> torch.Tensor:
    rest = torch.full((len(label), 3), (1 - confidence) / 2)
    return rest.scatter(1, label[:, None], confidence)


REAL = blobs(REAL_LABEL, "real")
GOOD = blobs(LABEL, "good")


def verdict(features=GOOD, probability=None, **limits):
    return SampleFilter(**limits)(
        features, sure(LABEL) if probability is None else probability, LABEL, REAL, REAL_LABEL
    )


def test_good_clips_pass_but_for_the_few_that_lie_like_copies_by_chance():
    passed = verdict()
    assert passed.excluded == {}
    assert sum(map(bool, passed.reason)) <= 6  # a twentieth of real clips lie as near to each other
    assert passed.agreement.tolist() == [1, 1, 1]
    assert passed.recall.min() > 0.5


def test_clips_the_judge_is_unsure_of_are_left_out_one_by_one():
    probability = sure(LABEL)
    probability[:9] = sure(LABEL[:9], 0.5)
    passed = verdict(probability=probability)
    assert passed.reason[:9] == ["confidence 0.50 is below min_confidence 0.7"] * 9
    assert sum(bool(reason) for reason, label in zip(passed.reason, LABEL, strict=True) if label == 0) >= 3


def test_a_class_that_shows_something_else_is_excluded_as_a_whole():
    probability = sure(torch.where(LABEL == 1, 2, LABEL))
    passed = verdict(probability=probability)
    assert passed.excluded == {1: "agreement 0.00 is below 0.67, twice chance"}
    assert all(reason.startswith("agreement") for reason in passed.reason[1::3])


def test_a_collapsed_class_is_excluded_however_sure_the_judge_is():
    features = GOOD.clone()
    features[LABEL == 2] = features[2] + 1e-3 * features[LABEL == 2]
    passed = verdict(features)
    assert list(passed.excluded) == [2]
    assert passed.excluded[2].startswith("recall 0.") and "too few kinds of clips" in passed.excluded[2]
    assert not any("recall" in reason for reason in passed.reason[0::3])


def test_copies_of_training_clips_are_left_out_unless_they_are_wanted():
    features = GOOD.clone()
    features[:12] = REAL[:12] + 1e-6
    assert verdict(features).reason[:12] == ["a copy of a training clip"] * 12
    assert verdict(features, drop_copies=False).reason[:12] == [""] * 12
    assert verdict(features).nearest[:12].max() < 1e-4


def test_recall_of_too_few_real_clips_is_unknown_and_excludes_nothing():
    few = torch.cat([torch.where(REAL_LABEL == 1)[0][:3], torch.where(REAL_LABEL != 1)[0]])
    passed = SampleFilter()(GOOD, sure(LABEL), LABEL, REAL[few], REAL_LABEL[few])
    assert passed.recall.isnan().tolist() == [False, True, False]
    assert passed.excluded == {}


def test_recall_does_not_rise_with_the_number_of_made_clips():
    """It is of as many clips on both sides: copies of all real clips, made beyond that number, change nothing."""
    made = blobs(REAL_LABEL, "made")
    as_many = recall_per_class(REAL, REAL_LABEL, made, REAL_LABEL, 3)
    more = recall_per_class(REAL, REAL_LABEL, torch.cat([made, REAL]), REAL_LABEL.repeat(2), 3)
    assert torch.equal(as_many, more)
    assert as_many.max() < 1


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_the_limits_are_those_that_are_set(limit):
    passed = verdict(min_confidence=limit, drop_copies=False)
    assert all(bool(reason) == (limit == 1) for reason in passed.reason)
