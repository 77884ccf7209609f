"""ActionFormer's assignment of points to actions and its losses, against numbers worked out by hand."""

import math

import pytest
import torch

from videoai.core.types import LabelSpan, VideoItem
from videoai.data.targets import EventEnds
from videoai.models.temporal_pyramid import points_of
from videoai.tasks.localize.event_loss import EventLoss, assigned, diou_loss, focal


def target_of(*spans: LabelSpan, steps: int = 32) -> torch.Tensor:
    """float [1, 3, 2, T] of a clip of two classes at one step a second."""
    item = VideoItem("a.mp4", -1, spans=spans)
    return EventEnds([0, 1], 2)(item, [float(at) for at in range(steps)]).unflatten(0, (3, 2))[None]


def learned(*spans: LabelSpan, steps: int = 32) -> list[tuple[int, int, int, float, float]]:
    """(class, step, stride, begin, end) of each point that learns."""
    points = points_of(steps)
    found = assigned(target_of(*spans, steps=steps), points)
    return [
        (label, int(points.step[at]), int(points.stride[at]), *found.ends[0, :, at].tolist())
        for _, label, at in found.classes.nonzero().tolist()
    ]


def test_points_near_the_middle_learn_at_the_level_of_the_length():
    # 10 s to 16 s: the middle is 13. Level 1: within 1.5 of it, and the farther end below 4 steps away.
    wanted = [(0, 12, 1, 2, 4), (0, 13, 1, 3, 3), (0, 14, 1, 4, 2)]
    finest = [row for row in wanted if max(row[3:]) < 4]
    # Level 2 (stride 2) learns from 4 to 8 steps: within 3 of the middle, 10, 12, 14 and 16, which is no more inside.
    second = [(0, 10, 2, 0, 6), (0, 12, 2, 2, 4), (0, 14, 2, 4, 2)]
    assert learned(LabelSpan(0, 10.0, 16.0)) == [*finest, *second]


def test_an_action_of_seconds_beyond_all_levels_is_learned_by_the_coarsest():
    assert {row[2] for row in learned(LabelSpan(1, 0.0, 60.0), steps=64)} == {8}


def test_of_two_actions_a_point_learns_the_shorter_one():
    rows = learned(LabelSpan(0, 8.0, 20.0), LabelSpan(1, 11.0, 18.0))
    at_14 = {(label, begin, end) for label, step, stride, begin, end in rows if (step, stride) == (14, 2)}
    assert at_14 == {(1, 3.0, 4.0)}


def test_ends_outside_of_the_clip_are_learned_as_they_are():
    rows = learned(LabelSpan(0, -2.0, 3.0), steps=8)
    assert (0, 0, 1, 2.0, 3.0) in rows


def test_a_clip_shown_backwards_swaps_begin_and_end():
    item = VideoItem("a.mp4", -1, spans=(LabelSpan(0, 1.0, 4.0),))
    forward, backward = (EventEnds([0], 1)(item, seconds) for seconds in ([0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0]))
    assert forward.tolist() == [[0, 1, 1, 1], [0, 0, 1, 2], [0, 3, 2, 1]]
    assert backward.tolist() == [[1, 1, 1, 0], [1, 2, 3, 0], [2, 1, 0, 0]]


@pytest.mark.parametrize(
    ("given", "wanted", "loss"),
    [
        ((2.0, 2.0), (2.0, 2.0), 0.0),
        ((1.0, 1.0), (2.0, 2.0), 0.5),  # IoU 2 / 4, the same middle
        ((4.0, 0.0), (0.0, 4.0), 1.25),  # IoU 0; the middles are 4 apart, and 8 covers both: (4 / 8)^2
        ((3.0, 1.0), (1.0, 1.0), 1 - 2 / 4 + (1 / 4) ** 2),
    ],
)
def test_diou_of_two_stretches(given, wanted, loss):
    assert diou_loss(torch.tensor([given]), torch.tensor([wanted])).item() == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize(
    ("p", "target", "loss"), [(0.8, 1.0, 0.25 * 0.04 * -math.log(0.8)), (0.2, 0.0, 0.75 * 0.04 * -math.log(0.8))]
)
def test_focal_loss_of_one_probability(p, target, loss):
    value = focal(torch.tensor([p]).logit(), torch.tensor([target]), 2.0)
    assert value.item() == pytest.approx(loss, rel=1e-5)


def test_the_loss_is_the_sum_of_both_over_the_points_with_an_action():
    target = target_of(LabelSpan(0, 10.0, 16.0))
    found = assigned(target, points_of(32))
    count = int((found.classes.amax(1) > 0).sum())
    outputs = torch.cat([torch.full((1, 2, found.classes.shape[-1]), -4.0), found.ends + 1], 1)
    by_hand = focal(outputs[:, :2], found.classes, 2.0).sum()
    is_action = found.classes.amax(1) > 0
    by_hand = by_hand + diou_loss((found.ends + 1).mT[is_action], found.ends.mT[is_action]).sum()
    loss = EventLoss()(outputs[:, None], target.flatten(1, 2))
    assert loss.item() == pytest.approx(by_hand.item() / count, rel=1e-6)


def test_a_batch_without_an_action_has_a_loss():
    outputs = torch.full((1, 1, 4, len(points_of(32).step)), -4.0, requires_grad=True)
    loss = EventLoss()(outputs, target_of().flatten(1, 2))
    loss.backward()
    assert loss.item() > 0 and outputs.grad is not None and bool(outputs.grad.isfinite().all())
