import pytest
import torch

from videoai.compose.settings import from_arguments
from videoai.core.types import ClipSpec
from videoai.gan import DISCRIMINATORS, GENERATORS
from videoai.gan.generator import Generator, growth
from videoai.inference.load_generator import build_network
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import to_dict


@pytest.mark.parametrize("preset", ["tiny", "small", "base"])
def test_each_preset_makes_its_clip_and_judges_it(preset):
    settings = from_arguments(TrainGanSettings, [f"gan={preset}"]).settings()
    clip = ClipSpec(**to_dict(settings.clip))
    label = torch.tensor([0, 2])
    with torch.device("meta"):  # shapes without memory or arithmetic
        generator = build_network(settings.gan.generator, GENERATORS, "gan.generator", 3, clip, ())
        node = {**settings.gan.discriminator, "spectral_norm": False}  # its first estimate needs arithmetic
        discriminator = build_network(node, DISCRIMINATORS, "gan.discriminator", 3, clip, ())
        video = generator(torch.empty(2, generator.latent_size), label.to("meta"))
        assert video.shape == (2, 3, clip.num_frames, clip.size, clip.size)
        assert discriminator(video, label.to("meta")).shape == (2,)


@pytest.fixture
def make():
    def make(**options) -> Generator:
        torch.manual_seed(0)
        return Generator(num_classes=3, num_frames=8, size=16, width=4, **options).eval()

    return make


@pytest.mark.parametrize("options", [{}, {"motion_code": "gru"}, {"upsample": "separable"}])
def test_noise_and_class_both_shape_the_clip(make, options):
    generator = make(**options)
    noise = torch.randn(2, generator.latent_size, generator=torch.Generator().manual_seed(0))
    first = generator(noise, torch.tensor([0, 0]))
    assert first.shape == (2, 3, 8, 16, 16) and first.abs().max() <= 1
    assert not torch.allclose(first[0], first[1])
    assert not torch.allclose(first, generator(noise, torch.tensor([1, 1])))
    assert torch.equal(generator(noise, torch.tensor([0, 1]), 0.0), generator(noise, torch.tensor([2, 2]), 0.0))


def test_the_noise_of_a_late_step_leaves_the_gru_of_the_first_alone(make):
    generator = make(motion_code="gru", motion_size=5)
    assert generator.latent_size == 64 + 2 * 5
    noise = torch.randn(1, generator.latent_size, generator=torch.Generator().manual_seed(0))
    late = noise.clone()
    late[:, -5:] += 1
    code = torch.zeros(1, 64 + 32)
    seeds = [generator._seed(code, rows[:, 64:]) for rows in (noise, late)]
    assert torch.equal(seeds[0][:, :, 0], seeds[1][:, :, 0])
    assert not torch.allclose(seeds[0][:, :, 1], seeds[1][:, :, 1])


@pytest.mark.parametrize(
    ("num_frames", "size", "seed", "factors"),
    [
        (16, 32, (2, 4), [(2, 2)] * 3),
        (16, 128, (2, 4), [(2, 2)] * 3 + [(1, 2)] * 2),
        (12, 48, (3, 6), [(2, 2), (2, 2), (1, 2)]),
        (5, 16, (5, 4), [(1, 2), (1, 2)]),
    ],
)
def test_a_clip_grows_from_a_small_seed(num_frames, size, seed, factors):
    grown = growth(num_frames, size)
    assert (grown.seed_frames, grown.seed_size) == seed
    assert grown.factors == factors


@pytest.mark.parametrize("size", [0, 4, 7, 30, 33])
def test_a_side_that_doubling_cannot_reach_is_refused(size):
    with pytest.raises(ValueError, match=f"clip.size={size}: a generator doubles the side"):
        growth(16, size)


@pytest.mark.parametrize("option", ["motion_code", "upsample"])
def test_an_unknown_choice_is_refused(make, option):
    with pytest.raises(ValueError, match=f"gan.generator.{option}=lstm: choose from "):
        make(**{option: "lstm"})
