import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.gan.feature_gan import FeatureGan

CENTRES = torch.tensor([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0], [6.0, 6.0]])


def mixture(shots: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(4).repeat_interleave(shots)
    return CENTRES[labels] + 0.7 * torch.randn(len(labels), 2, generator=generator_for(0, "mixture")), labels


def spread_and_place(num_steps: int) -> tuple[float, float]:
    """Standard deviation of what is drawn for a class, and how far its mean is from the class's centre."""
    gan = FeatureGan(*mixture(), num_classes=4, num_steps=num_steps)
    labels = torch.arange(4).repeat_interleave(500)
    drawn = gan.draw(labels, generator_for(0, "draw")).features.view(4, 500, 2)
    return float(drawn.std(1).mean()), float((drawn.mean(1) - CENTRES).norm(dim=1).max())


@pytest.mark.slow
def test_it_learns_where_the_classes_of_a_mixture_lie_and_how_wide_they_are():
    spread, place = spread_and_place(num_steps=400)
    assert 0.4 < spread < 1.0  # 0.7 is right
    assert place < 0.7


def test_untrained_it_has_neither_the_width_of_the_classes_nor_their_places():
    spread, place = spread_and_place(num_steps=0)
    assert not (0.4 < spread < 1.0 and place < 0.7)
