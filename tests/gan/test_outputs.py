"""Every network of the GANs in miniature gives the numbers it gave: shapes cannot tell a kernel, stride or width apart.

Refresh with VIDEOAI_GOLDEN=write, and say in the commit why the numbers changed.
"""

import pytest
import torch
from torch import Tensor, nn

from videoai.core.seeding import generator_for
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.feature_gan import FeatureGan
from videoai.gan.generator import Generator

LABEL = torch.tensor([0, 2])
GENERATORS = {
    "deconv": {"num_frames": 8, "size": 32},
    "odd frames": {"num_frames": 6, "size": 64, "content_size": 8, "class_size": 4},
    "gru": {"num_frames": 8, "size": 16, "motion_code": "gru", "motion_size": 4},
    "separable": {"num_frames": 4, "size": 16, "upsample": "separable"},
    "many stages": {"num_frames": 16, "size": 128, "width": 1},
}
DISCRIMINATORS = {
    "two looks": {"num_frames": 8, "size": 32},
    "three looks": {"num_frames": 16, "size": 64, "num_looks": 3},
    "clip alone": {"num_frames": 6, "size": 16, "num_looks": 0},
}
CLASSIFIERS = {"16 px": {"num_frames": 8, "size": 16}, "64 px": {"num_frames": 16, "size": 64}}


def seeded(*words: str) -> torch.Generator:
    return generator_for(0, *words)


def filled(network: nn.Module, *, spread: float = 0.5) -> nn.Module:
    """Weights that no initialisation of torch decides: normal numbers, scaled by what a number sums over."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            fan_in = max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
            parameter.copy_(torch.randn(parameter.shape, generator=seeded(name)) * spread / fan_in**0.5)
    return network.double().eval()


def noise(*, num_frames: int, size: int, **options: int) -> Tensor:
    """Two clips, float64 [2, 3, T, H, W] in [-1, 1]."""
    return torch.rand(2, 3, num_frames, size, size, generator=seeded("video")).double() * 2 - 1


def numbers(output: Tensor) -> list[float]:
    """Each clip's values in three weighted sums: every place counts differently."""
    flat = output.detach().double().flatten(1)
    places = torch.arange(flat.shape[1], dtype=torch.float64)
    return [float(value) for k in (0.1, 0.37, 1.3) for value in (flat * torch.cos(k * places)).sum(1)]


def test_generators_make_the_clips_they_made(golden):
    values = []
    for options in GENERATORS.values():
        network = filled(Generator(num_classes=3, **{"width": 4, **options}))
        latent = torch.randn(2, network.latent_size, generator=seeded("latent")).double()
        values += numbers(network(latent, LABEL)) + numbers(network(latent, LABEL, 0.25))
    golden("gan_generators", values, 1e-4)


def test_discriminators_give_the_scores_they_gave(golden):
    values = []
    for options in DISCRIMINATORS.values():
        network = filled(DualDiscriminator(num_classes=3, width=4, spectral_norm=False, **options), spread=2.0)
        video = noise(**options)
        values += [*network(video, LABEL).tolist(), *network(video, LABEL, 0.25).tolist()]
    golden("gan_discriminators", values, 1e-4)


def test_spectral_norm_bounds_every_layer_to_a_gain_of_one():
    torch.manual_seed(0)
    network = DualDiscriminator(num_classes=3, num_frames=4, size=16, width=4)
    video = torch.rand(2, 3, 4, 16, 16, generator=seeded("video"))
    for _ in range(30):  # power iterations
        network(video, LABEL)
    layers = [part for part in network.modules() if isinstance(getattr(part, "weight", None), Tensor)]
    assert len(layers) == len(network.normed) == 9
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_auxiliary_classifiers_give_the_logits_they_gave(golden):
    values = []
    for options in CLASSIFIERS.values():
        network = filled(AuxiliaryClassifier(num_classes=3, width=8, **options), spread=2.0)
        values += network(noise(**options)).flatten().tolist()
    golden("gan_auxiliaries", values, 1e-4)


def test_a_feature_gan_draws_what_it_drew(golden):
    labels = torch.arange(3).repeat_interleave(6)
    features = torch.eye(3).repeat(1, 2)[labels] * 3 + torch.randn(18, 6, generator=seeded("features"))
    others = (torch.randn(8, 6, generator=seeded("others")), torch.tensor([0, 1]).repeat(4))
    network = FeatureGan(features, labels, num_classes=3, others=others, num_steps=1)
    drawn = network.draw(torch.tensor([0, 1, 2]), seeded("draw"))
    # Adam's first steps are signs of gradients: where one is near 0, another CPU may go the other way
    golden("gan_features", numbers(drawn.features), 0.02)
    assert drawn.target.tolist() == torch.eye(3).tolist()
