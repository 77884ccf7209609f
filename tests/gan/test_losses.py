import pytest
import torch
from torch import nn

from videoai.gan.losses import discriminator_hinge, generator_hinge, r1_penalty


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
