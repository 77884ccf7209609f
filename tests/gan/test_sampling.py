import pytest
import torch

from videoai.gan.generator import Generator
from videoai.gan.sampling import batch_latents, from_pixels, latents, sample, to_pixels


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(num_classes=3, num_frames=8, size=16, width=4).eval()


def test_a_clip_depends_on_the_seed_and_its_number_alone(generator):
    labels = torch.tensor([0, 1, 2, 0, 1])
    whole = sample(generator, labels, seed=0)
    assert whole.shape == (5, 8, 3, 16, 16) and whole.dtype == torch.uint8
    few = sample(generator, labels[:3], seed=0, batch_size=2)
    assert (whole[:3].int() - few.int()).abs().max() <= 1  # a convolution may round differently in another batch
    assert not torch.equal(whole, sample(generator, labels, seed=1))
    assert not torch.equal(whole[0], whole[3])


def test_noise_of_a_training_batch_depends_on_its_position():
    assert torch.equal(*(batch_latents(2, 4, seed=0, position=7) for _ in range(2)))
    assert not torch.equal(batch_latents(2, 4, seed=0, position=7), batch_latents(2, 4, seed=0, position=8))
    assert not torch.equal(batch_latents(2, 4, seed=0, position=7), batch_latents(2, 4, seed=1, position=7))
    assert torch.equal(latents(3, 4, seed=0)[:2], latents(2, 4, seed=0))


def test_the_ends_of_the_range_are_black_and_white():
    video = torch.tensor([-1.0, 0.0, 1.0, 2.0]).view(1, 1, 4, 1, 1)
    assert to_pixels(video).flatten().tolist() == [0, 128, 255, 255]
    every = torch.arange(256, dtype=torch.uint8).view(1, 1, 256, 1, 1).transpose(1, 2)
    assert torch.equal(to_pixels(from_pixels(every)), every)


def test_no_label_gives_no_clip_and_an_unknown_one_is_refused(generator):
    assert sample(generator, torch.empty(0, dtype=torch.int64), seed=0).shape == (0, 8, 3, 16, 16)
    with pytest.raises(ValueError, match=r"labels 1 .. 3: 0 .. 2 exist"):
        sample(generator, torch.tensor([1, 3]), seed=0)
