import pytest
import torch
from torch import nn

from videoai.gan.losses import discriminator_hinge, generator_hinge, r1_penalty, sameness


def test_the_hinge_is_two_without_knowledge_and_zero_beyond_the_margin():
    assert discriminator_hinge(torch.zeros(4), torch.zeros(4)) == 2
    assert discriminator_hinge(torch.full((4,), 1.5), torch.full((4,), -3.0)) == 0
    assert discriminator_hinge(torch.tensor([-1.0]), torch.tensor([0.5])) == 3.5
    assert generator_hinge(torch.tensor([1.0, 2.0])) == -1.5


class Linear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([3.0, 4.0]))

    def forward(self, video, label, conditioning):
        return (video.flatten(1) @ self.weight) * (1 + conditioning)


def test_r1_is_half_the_squared_slope_and_teaches_the_discriminator():
    model = Linear()
    penalty = r1_penalty(model, torch.zeros(5, 2), torch.zeros(5), conditioning=0.0)
    assert penalty.item() == pytest.approx(12.5)  # (3^2 + 4^2) / 2
    penalty.backward()
    assert model.weight.grad.tolist() == [3.0, 4.0]


def test_clips_of_a_class_may_be_as_alike_as_real_ones_and_no_more():
    """Places of a dot: four real clips of two classes; made ones alike, half as far apart, and as far apart."""
    real, label = torch.randn(4, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 0, 1])
    middle = (real[:2] + real[2:]).repeat(2, 1, 1, 1, 1) / 2
    assert sameness(middle, real, label) == 1
    assert sameness(middle.lerp(real, 0.5), real, label).item() == pytest.approx(0.5)
    assert sameness(real, real, label) == 0
    assert sameness(middle.lerp(real, 3.0), real, label) == 0
    assert sameness(middle, real, torch.arange(4)) == 0  # no two of a class


def test_sameness_asks_clips_of_a_class_apart_and_leaves_other_pairs_alone():
    real, label = torch.randn(3, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 0, 1])
    made = (real * 0.1).requires_grad_()
    sameness(made, real, label).backward()
    assert (made.grad[0] * (made[0] - made[1])).sum() < 0  # a step downhill moves the first away from the second
    assert made.grad[2].abs().sum() == 0
