from typing import Any

import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.gan.feature_space import AUGMENTERS, MIN_SHOTS, Gaussian, augmenter, class_means

NAMES = tuple(AUGMENTERS)
QUICK: dict[str, dict[str, Any]] = {"feature_gan": {"num_steps": 20}}
CENTRES = torch.tensor([[0.0, 0.0, 5.0], [8.0, 0.0, 5.0], [0.0, 8.0, 5.0]])  # the last dimension never varies
STRETCH = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.0]])


def clouds(shots: int, num_classes: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Features [N, 3] of normal clouds and their labels [N]."""
    labels = torch.arange(num_classes).repeat_interleave(shots)
    noise = torch.randn(len(labels), 3, generator=generator_for(0, "clouds", shots))
    return CENTRES[labels] + noise @ STRETCH, labels


def drawn_of(name: str, shots: int, label: int, count: int = 4000, **settings) -> torch.Tensor:
    features, labels = clouds(shots)
    fitted = augmenter(name, features, labels, num_classes=3, **{**QUICK.get(name, {}), **settings})
    return fitted.draw(torch.full((count,), label), generator_for(0, "draw")).features


@pytest.mark.parametrize("name", NAMES)
def test_every_augmenter_draws_finite_features_and_targets_that_sum_to_one(name):
    features, labels = clouds(6)
    wanted = torch.tensor([2, 0, 0, 1])
    drawn = augmenter(name, features, labels, num_classes=3, **QUICK.get(name, {})).draw(wanted, generator_for(0))
    assert drawn.features.shape == (4, 3)
    assert drawn.features.isfinite().all()
    assert torch.allclose(drawn.target.sum(1), torch.ones(4))
    assert torch.equal(drawn.target.argmax(1), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_fit_and_draw_from_the_same_seed_is_bitwise_the_same(name):
    torch.manual_seed(1)
    first = drawn_of(name, 6, label=1, count=8)
    torch.manual_seed(2)  # nothing may come from here
    assert torch.equal(first, drawn_of(name, 6, label=1, count=8))


@pytest.mark.parametrize("name", NAMES)
def test_fitting_and_drawing_leave_the_global_generator_alone(name):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    drawn_of(name, 6, label=0, count=8)
    assert torch.equal(before, torch.get_rng_state())


def test_gaussian_has_the_mean_of_the_class_and_the_pooled_covariance():
    features, labels = clouds(50)
    drawn = drawn_of("gaussian", 50, label=1, count=20_000)
    residuals = features - class_means(features, labels, 3)[labels]
    pooled = residuals.T @ residuals / (150 - 3)
    assert torch.allclose(drawn.mean(0), features[labels == 1].mean(0), atol=0.03)  # 3 standard errors: 3 / sqrt(2e4)
    assert torch.allclose(drawn.T.cov(), pooled, atol=0.04)


def test_gaussian_takes_the_spread_of_other_classes_where_its_own_have_one_clip_each():
    features, labels = clouds(1)
    others = clouds(200)
    drawn = Gaussian(features, labels, num_classes=3, others=others).draw(torch.zeros(20_000).long(), generator_for(0))
    assert torch.allclose(drawn.features.mean(0), features[0], atol=0.03)
    assert torch.allclose(drawn.features.T.cov(), STRETCH.T @ STRETCH, atol=0.15)  # 600 residuals: 1.2 * sqrt(2/600)


def test_gaussian_of_one_clip_a_class_and_nothing_else_is_refused():
    with pytest.raises(ValueError, match="no class has two clips"):
        augmenter("gaussian", *clouds(1), num_classes=3)


def test_smote_points_lie_between_two_features_of_the_class():
    features, labels = clouds(7)
    own = features[labels == 2]
    for point in drawn_of("smote", 7, label=2, count=50):
        pairs = torch.cdist(own, point[None]) + torch.cdist(own, point[None]).T - torch.cdist(own, own)
        pairs.fill_diagonal_(float("inf"))
        assert pairs.min() < 1e-4  # |a - p| + |p - b| = |a - b|, up to rounding of 8.0


def test_smote_goes_to_near_neighbours_only():
    line = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [100.0]])
    fitted = augmenter("smote", line, torch.zeros(7, dtype=torch.int64), num_classes=1)
    drawn = fitted.draw(torch.zeros(2000, dtype=torch.int64), generator_for(0)).features
    beyond = ((drawn > 5) & (drawn < 100)).float().mean()
    assert 0.05 < beyond < 0.2  # only from the far one, which is drawn every seventh time


def test_mixup_mixes_the_target_as_it_mixes_the_feature():
    corners = torch.eye(3)
    fitted = augmenter("feature_mixup", corners, torch.arange(3), num_classes=3)
    drawn = fitted.draw(torch.arange(3).repeat(100), generator_for(0))
    assert torch.allclose(drawn.features, drawn.target)
    assert (drawn.target.max(1).values < 0.99).any()
    assert torch.equal(drawn.target.argmax(1), torch.arange(3).repeat(100))


def test_augmenters_with_too_few_clips_say_how_many_and_why():
    with pytest.raises(ValueError, match=r"smote needs 2 or more clips of a class, but class number 0 has 1: .*line"):
        augmenter("smote", *clouds(1), num_classes=3)
    with pytest.raises(ValueError, match=r"feature_gan needs 5 or more .* has 4: .*Use augment.features=gaussian"):
        augmenter("feature_gan", *clouds(4), num_classes=3)
    with pytest.raises(ValueError, match=r"feature_mixup needs 1 or more .* number 3 has 0"):
        augmenter("feature_mixup", *clouds(4), num_classes=4)


def test_every_augmenter_has_a_least_number_of_shots_and_another_may_be_asked_for():
    assert set(MIN_SHOTS) == set(AUGMENTERS)
    features, labels = clouds(2)
    augmenter("feature_gan", features, labels, num_classes=3, min_shots=2, num_steps=1)


def test_an_unknown_augmenter_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown name 'gausian'. Did you mean gaussian"):
        augmenter("gausian", *clouds(3), num_classes=3)
