"""The measures against closed forms, and against the ways in which generators go wrong, planted."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videoai.core.seeding import generator_for
from videoai.gan.metrics import (
    MAX_DIMENSIONS,
    copy_distance,
    diversity,
    frechet_distance,
    kernel_distance,
    memorisation,
    nearest,
    overlap,
    principal,
    typical_distance,
)


def normal(rows: int, width: int, *where: int | str, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(rows, width, generator=generator_for(0, *where), dtype=torch.float64)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(1, 30), st.floats(-3, 3), st.floats(0.2, 3))
def test_frechet_distance_is_the_closed_form_of_moved_and_stretched_gaussians(rows, width, shift, stretch):
    one = normal(rows, width, rows, width)
    other = (one - one.mean(0)) * stretch + one.mean(0) + shift
    spread = float(one.var(0).sum())  # covariances commute: |shift|^2 + (1 - stretch)^2 tr S
    assert frechet_distance(one, other) == pytest.approx(shift**2 * width + (1 - stretch) ** 2 * spread, abs=1e-8)


def test_frechet_distance_of_covariances_that_do_not_commute():
    one, other = normal(50, 3, "a"), normal(40, 3, "b") @ normal(3, 3, "mix")
    covariances = torch.cov(one.T) @ torch.cov(other.T)
    root = torch.linalg.eigvals(covariances).real.sqrt().sum()  # the definition, of which only the trace is needed
    shift = (one.mean(0) - other.mean(0)).square().sum()
    expected = shift + torch.cov(one.T).trace() + torch.cov(other.T).trace() - 2 * root
    assert frechet_distance(one, other) == pytest.approx(float(expected), rel=1e-9)


def test_kernel_distance_is_the_double_sum_it_is_defined_by():
    one, other = normal(5, 4, "a"), normal(7, 4, "b") + 1

    def mean(x, y, *, leave_out_self):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(y)) if not (leave_out_self and i == j)]
        return sum(float(x[i] @ y[j] / 4 + 1) ** 3 for i, j in pairs) / len(pairs)

    within = mean(one, one, leave_out_self=True) + mean(other, other, leave_out_self=True)
    assert kernel_distance(one, other) == pytest.approx(within - 2 * mean(one, other, leave_out_self=False))


def test_kernel_distance_of_two_draws_of_one_distribution_does_not_depend_on_their_number():
    distances = [kernel_distance(normal(20, 8, "a", draw), normal(20, 8, "b", draw)) for draw in range(200)]
    mean, spread = torch.tensor(distances).mean(), torch.tensor(distances).std()
    assert abs(float(mean)) < 3 * float(spread) / 200**0.5  # unbiased: zero within three standard errors
    moved = kernel_distance(normal(20, 8, "a"), normal(20, 8, "b") + 2)
    assert moved > 10 * float(spread)


def test_a_set_overlaps_with_itself_and_is_at_no_distance():
    real = normal(60, 10, "real")
    assert overlap(real, real) == (1.0, 1.0, 1.0)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
    assert nearest(real, real).max() == 0


def test_two_draws_of_one_distribution_overlap_and_distant_ones_do_not():
    real, same, far = normal(300, 4, "real"), normal(300, 4, "same"), normal(300, 4, "far") + 50
    assert min(overlap(real, same)) > 0.8  # k = 3 in four dimensions: 0.9 and more is usual
    assert overlap(real, far) == (0, 0, 0)


def test_a_planted_collapse_is_precise_and_has_neither_recall_nor_diversity():
    real, label = normal(200, 8, "real"), torch.arange(200) % 2
    collapsed = real[:2][label] + normal(200, 8, "jitter", scale=1e-3)  # one clip a class, hardly changed
    actual = overlap(real, collapsed)
    assert actual.precision == 1
    assert actual.recall < 0.02
    assert actual.coverage < 0.1
    assert diversity(collapsed, label, real, label, 2).max() < 0.01
    assert diversity(real[:100], label[:100], real[100:], label[100:], 2).tolist() == pytest.approx([1, 1], abs=0.15)


def test_one_outlier_among_the_generated_raises_precision_only_where_real_clips_are():
    real = normal(100, 4, "real")
    generated = torch.cat([real[:50], real[:50] + 100])
    assert overlap(real, generated).precision == pytest.approx(0.5)


def test_copies_of_training_clips_are_memorised_and_new_ones_are_not():
    train, test, new = (normal(400, 6, name) for name in ("train", "test", "new"))
    assert memorisation(train, test, train[:100] + 1e-6) == 1
    assert memorisation(train, test, new) == pytest.approx(0.05, abs=0.04)  # the share that defines the limit
    assert memorisation(train, test, test) == pytest.approx(0.05, abs=0.005)
    assert copy_distance(train, train) == 0


def test_diversity_of_a_class_without_two_clips_is_unknown():
    features = normal(5, 3, "few")
    ratio = diversity(features, torch.tensor([0, 0, 0, 1, 2]), features, torch.tensor([0, 0, 1, 1, 1]), 3)
    assert ratio.isnan().tolist() == [False, True, True]


def test_principal_directions_keep_the_distances_that_the_reference_has():
    flat = normal(50, 3, "flat") @ normal(3, 100, "up") + 7  # three dimensions in a hundred
    reference, other = principal(flat, flat[:10] + 0.0)
    assert reference.shape[1] <= MAX_DIMENSIONS
    torch.testing.assert_close(torch.cdist(reference, other), torch.cdist(flat, flat[:10]), atol=1e-5, rtol=0)
    torch.testing.assert_close(reference[:10], other)


def test_float32_features_give_the_same_within_their_precision():
    one, other = normal(50, 8, "a"), normal(50, 8, "b") + 1
    assert frechet_distance(one.float(), other.float()) == pytest.approx(frechet_distance(one, other), rel=1e-5)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match=r"features are \[1, 4\], but \[N, D\] with N >= 2"):
        frechet_distance(normal(1, 4, "a"), normal(5, 4, "b"))
    with pytest.raises(ValueError, match=r"features are \[5, 3\], but \[N, 4\] with N >= 2"):
        kernel_distance(normal(5, 4, "a"), normal(5, 3, "b"))
    with pytest.raises(ValueError, match=r"features are \[3, 4\], but \[N, D\] with N >= 4"):
        overlap(normal(3, 4, "a"), normal(5, 4, "b"))
    with pytest.raises(ValueError, match=r"features are \[3, 4\], but \[N, 4\] with N >= 4"):
        overlap(normal(5, 4, "a"), normal(3, 4, "b"))


def test_the_measures_are_what_they_were(golden):
    """Closed forms hold for special cases; here every number of a general one."""
    train, test, made = (normal(30, 5, name) for name in ("train", "test", "made"))
    made = made * 1.3 + 0.4
    label = torch.arange(30) % 3
    numbers = [frechet_distance(train, made), kernel_distance(train, made), *overlap(train, made, k=3)]
    numbers += [memorisation(train, test, made), copy_distance(train, test), typical_distance(train)]
    numbers += [*nearest(made, train).tolist()[:3], *diversity(made, label, train, label, 3).tolist()]
    golden("gan_metrics", numbers, 1e-5)
