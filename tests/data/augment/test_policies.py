from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videoai.core.seeding import generator_for
from videoai.core.types import Op
from videoai.data.augment.operations import OPERATIONS, kernel_of
from videoai.data.augment.policies import (
    CHOICES,
    IMAGENET,
    MAX_MAGNITUDE,
    ONE_WAY,
    POLICIES,
    TWO_WAYS,
    draw_policy,
    operation,
)

NOISE = torch.randint(0, 256, (1, 2, 3, 24, 24), dtype=torch.uint8, generator=generator_for(0, "noise"))


def operate(video: torch.Tensor, op: Op) -> torch.Tensor:
    kernel, values = kernel_of(op, (24, 24))
    return kernel(video, torch.tensor([values])).to(torch.uint8)


def draws(policy: str, count: int = 400, **settings) -> list[list[Op]]:
    return [draw_policy(policy, generator_for(seed, "p"), **settings) for seed in range(count)]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_draw_is_a_function_of_its_generator(policy):
    assert draws(policy, 20) == draws(policy, 20)
    assert len({tuple(ops) for ops in draws(policy, 50)}) > 10


@given(policy=st.sampled_from(POLICIES), magnitude=st.integers(0, MAX_MAGNITUDE), seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_can_be_carried_out(policy, magnitude, seed):
    video = NOISE
    for op in draw_policy(policy, generator_for(seed, "any"), num_ops=3, magnitude=magnitude):
        video = operate(video, op)
    assert (video.dtype, video.shape) == (torch.uint8, NOISE.shape)


def test_randaugment_draws_as_many_as_asked_and_every_one_of_the_list():
    counts = Counter(op.name for ops in draws("randaugment", num_ops=3, magnitude=15) for op in ops)
    assert set(counts) == set(CHOICES) - {"identity"}
    assert max(len(ops) for ops in draws("randaugment", num_ops=3, magnitude=15)) == 3
    # 1200 draws of 14: 86 each, give or take 9 (one sd); half or twice as many would be a broken draw.
    assert all(43 < count < 172 for count in counts.values())


def test_randaugment_keeps_one_magnitude_and_takes_both_directions():
    angles = {op.values[0] for ops in draws("randaugment", magnitude=15) for op in ops if op.name == "rotate"}
    assert angles == {15.0, -15.0}


def test_randaugment_of_magnitude_zero_leaves_only_what_has_no_magnitude():
    assert {op.name for ops in draws("randaugment", magnitude=0) for op in ops} == {"autocontrast", "equalize"}


def test_trivial_draws_one_operation_of_any_strength():
    drawn = draws("trivial", 2000)
    assert {len(ops) for ops in drawn} == {0, 1}  # none: identity, or without strength
    angles = {round(op.values[0], 6) for ops in drawn for op in ops if op.name == "rotate"}
    assert len(angles) > 30
    assert max(angles) <= 30


def test_autoaugment_is_the_published_policy_and_keeps_its_probabilities():
    from torchvision.transforms import AutoAugment, AutoAugmentPolicy

    theirs = AutoAugment()._get_policies(AutoAugmentPolicy.IMAGENET)
    names = {"ShearX": "shear_x", "Color": "saturation"}
    given_names = [[(names.get(op, op.lower()), p, m or 0) for op, p, m in pair] for pair in theirs]
    assert [list(pair) for pair in IMAGENET] == given_names
    counts = Counter(op.name for ops in draws("autoaugment", 2000) for op in ops)
    expected = sum(chance for pair in IMAGENET for op, chance, _ in pair if op == "equalize") / len(IMAGENET)
    assert counts["equalize"] / 2000 == pytest.approx(expected, abs=0.06)  # four standard deviations


def test_level_nine_of_autoaugment_is_full_strength():
    angles = {round(abs(op.values[0]), 4) for ops in draws("autoaugment", 600) for op in ops if op.name == "rotate"}
    assert angles == {30.0, round(30 * 8 / 9, 4), 10.0}  # the policy turns at levels 9, 8 and 3


@pytest.mark.parametrize("kind", [*TWO_WAYS, *ONE_WAY])
def test_no_strength_is_no_operation_and_more_strength_changes_more(kind):
    assert operation(kind, 0.0) == []
    changes = []
    for strength in (1 / 30, 0.5, 1.0):
        (op,) = operation(kind, strength)
        changes.append(float((operate(NOISE, op).int() - NOISE.int()).abs().float().mean()))
    assert changes == sorted(changes)
    assert changes[-1] > 0


def test_every_name_has_a_kernel():
    assert {*CHOICES, *(op for pair in IMAGENET for op, _, _ in pair)} - {"identity"} <= set(OPERATIONS)
