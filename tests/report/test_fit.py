"""Is a run judged as a person who looks at its curves would?"""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from videoai.core.curves import rise
from videoai.core.seeding import generator_for
from videoai.report.fit import Curves, judge


def curve(value: Callable[[float], float], points: int, noise: float = 0.0) -> list[tuple[float, float]]:
    """``value`` of 0 .. 1 at ``points`` steps up to 1,000, with normal noise."""
    import torch

    drawn = noise * torch.randn(points, generator=generator_for(0, "curve"))
    places = [(place + 1) / points for place in range(points)]
    return [(1000 * at, value(at) + float(more)) for at, more in zip(places, drawn, strict=True)]


def run(**changes: object) -> Curves:
    """A run that fits: training 95 %, validation 92 %, both losses flat at the end."""
    learned = Curves(
        train_loss=curve(lambda at: 0.5 + math.exp(-6 * at), 50, 0.05),
        val_loss=curve(lambda at: 0.4 + math.exp(-12 * at), 20, 0.01),
        train_metric=curve(lambda at: 0.95 - 0.7 * math.exp(-6 * at), 50, 0.05),
        val_metric=curve(lambda at: 0.92 - 0.7 * math.exp(-12 * at), 20, 0.01),
        title="top-1",
        num_val=400,
        batch=16,
        num_classes=5,
    )
    return replace(learned, **changes)


def u_shape(height: float) -> list[tuple[float, float]]:
    """A validation loss that is lowest at step 300."""
    return curve(lambda at: 0.6 + (0.3 - at if at < 0.3 else height * (at - 0.3) / 0.7), 20, 0.005)


def test_flat_curves_that_lie_together_fit():
    fit = judge(run())
    assert fit.kind == "fits" and "does not rise" in fit.why


def test_validation_loss_that_rises_while_training_loss_falls_is_overfitting_with_step_and_size():
    fit = judge(run(val_loss=u_shape(0.3)))
    assert fit.kind == "overfitting"
    assert "lowest at step 300" in fit.why and "rose by 48 %" in fit.why  # (0.6 + .3 * .95) / 0.6, less its noise


def test_a_rise_that_few_clips_cannot_tell_from_noise_is_said_and_not_judged():
    fit = judge(run(val_loss=u_shape(0.3), num_val=12))
    assert fit.kind == "fits" and "12 validation clips cannot tell from noise" in fit.why
    assert "smaller differences between runs are noise" in fit.why


def test_a_rise_with_a_training_loss_that_rises_too_is_no_overfitting():
    fit = judge(run(val_loss=u_shape(0.3), train_loss=curve(lambda at: 0.5 + at, 50)))
    assert fit.kind == "fits" and "training loss did not fall" in fit.why


def test_a_wide_gap_is_overfitting_unless_labels_are_mixed_or_chance_explains_it():
    val = curve(lambda at: 0.7, 20, 0.01)
    assert judge(run(val_metric=val)).kind == "overfitting"
    assert judge(run(val_metric=val, is_mixed=True)).kind == "fits"
    assert judge(run(val_metric=val, num_val=8)).kind == "fits"  # 2 x 0.16 of standard error


def test_clips_that_are_learned_by_heart_with_validation_at_chance_are_told_from_a_gap():
    """As with random labels."""
    fit = judge(run(val_metric=curve(lambda at: 0.21, 20, 0.01)))
    assert fit.kind == "overfitting" and fit.at_chance and "of validation clips 21 %, no better than chance" in fit.why
    assert not judge(run(val_metric=curve(lambda at: 0.5, 20, 0.01))).at_chance


def test_training_clips_that_are_not_learned_are_underfitting_and_a_rising_curve_is_said():
    metric = curve(lambda at: 0.1 + 0.38 * at, 50, 0.01)
    fit = judge(run(train_metric=metric, val_metric=curve(lambda at: 0.45 * at, 20)))
    assert fit.kind == "underfitting" and not fit.at_chance
    assert "with 5 classes and still rising" in fit.why
    flat = judge(run(train_metric=curve(lambda at: 0.6, 50, 0.03), val_metric=curve(lambda at: 0.58, 20)))
    assert flat.kind == "underfitting" and "still rising" not in flat.why


def test_a_model_at_chance_is_told_from_one_that_learns_slowly():
    chance = judge(run(train_metric=curve(lambda at: 0.21, 50, 0.05), val_metric=curve(lambda at: 0.2, 20)))
    assert chance.at_chance and "no better than chance" in chance.why


def test_validation_loss_that_falls_to_the_end_is_still_improving():
    assert judge(run(val_loss=curve(lambda at: 1 - 0.5 * at, 20, 0.005))).kind == "improving"
    assert judge(run(val_loss=curve(lambda at: 1 - 0.02 * at, 20, 0.005))).kind == "fits"  # too little to matter
    done = run(val_loss=curve(lambda at: 1 - 0.5 * at, 20, 0.005), val_metric=curve(lambda at: 1.0, 20))
    assert judge(done).kind == "fits"


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], "from 0 evaluations"),
        ([(10.0, 0.5)], "from 1 evaluation:"),
        ([(step, math.nan) for step in range(9)] + [(9.0, 0.5)], "from 1 evaluation, 9 more were not finite"),
    ],
)
def test_too_few_points_are_no_curve(losses, said):
    fit = judge(run(val_loss=losses))
    assert fit.kind == "unknown" and said in fit.why


def test_a_task_without_a_training_metric_is_judged_by_its_losses():
    assert judge(run(train_metric=[])).kind == "fits"
    assert judge(run(train_metric=[], val_loss=u_shape(0.3))).kind == "overfitting"


def test_several_labels_are_compared_with_each_other_but_no_accuracy_is_expected_of_them():
    """hit@1 cannot be 100 % where clips have no label."""
    low = {"train_metric": curve(lambda at: 0.5, 50, 0.03), "val_metric": curve(lambda at: 0.48, 20), "num_classes": 0}
    assert judge(run(**low)).kind == "fits"
    gap = judge(run(**low | {"val_metric": curve(lambda at: 0.2, 20)}))
    assert gap.kind == "overfitting" and not gap.at_chance


def test_values_that_are_not_finite_are_passed_over():
    losses = u_shape(0.3)
    assert judge(run(val_loss=[*losses[:5], (260.0, math.nan), *losses[5:]])).kind == "overfitting"


def test_a_single_high_evaluation_is_no_rise():
    losses = [(step, 0.5) for step in range(10)]
    assert rise([*losses, (10, 2.0)], 400) is None
    assert rise([*losses, (10, 2.0), (11, 2.0), (12, 2.0)], 400) is not None
