import pytest
import torch

from videoai.gan.discriminator import DualDiscriminator
from videoai.gan.spectral_norm import norms_of_step

VIDEO = torch.randn(2, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))


def make() -> DualDiscriminator:
    torch.manual_seed(0)
    return DualDiscriminator(num_classes=3, num_frames=8, size=16, width=4).train()


def score(discriminator: DualDiscriminator, place: int, processes: int) -> torch.Tensor:
    """Scores in the second of two passes."""
    with norms_of_step(discriminator, place=place, processes=processes, passes=2):
        discriminator(VIDEO, torch.tensor([0, 1]))
        return discriminator(VIDEO, torch.tensor([0, 1]))


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_a_micro_batch_has_the_norms_that_one_process_gives_it(processes):
    """Also the estimates that are saved are the same, to the bit."""
    alone = make()
    wanted = [score(alone, place, 1) for place in range(4)]
    for rank in range(processes):
        shared = make()
        for place in range(rank, 4, processes):
            assert torch.equal(score(shared, place, processes), wanted[place])
        assert all(torch.equal(a, b) for a, b in zip(alone.buffers(), shared.buffers(), strict=True))


def test_the_first_micro_batch_alone_improves_the_norms():
    discriminator = make()
    before = score(discriminator, 0, 1)
    assert torch.equal(score(discriminator, 1, 1), before)
    assert not torch.equal(score(discriminator, 0, 1), before)
    assert all(module.training for module in discriminator.modules())
