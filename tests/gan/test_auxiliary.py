import pytest
import torch

from videoai.gan.auxiliary import AuxiliaryClassifier


@pytest.mark.slow
def test_it_learns_which_way_something_moves():
    """A bright bar that goes left or right: single frames say nothing, so this is motion."""
    torch.manual_seed(0)
    network = AuxiliaryClassifier(num_classes=2, num_frames=8, size=16, width=8)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)

    def batch(seed: int):
        draws = torch.Generator().manual_seed(seed)
        label = torch.randint(2, (16,), generator=draws)
        start = torch.randint(16, (16, 1), generator=draws)
        column = (start + (2 * label[:, None] - 1) * 2 * torch.arange(8)) % 16
        video = torch.nn.functional.one_hot(column, 16).float()[:, None, :, None, :].expand(-1, 3, -1, 16, -1)
        return video * 2 - 1, label

    for step in range(150):
        video, label = batch(step)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(video), label).backward()
        optimizer.step()
    video, label = batch(1000)
    assert (network(video).argmax(1) == label).float().mean() > 0.9


def test_a_clip_is_judged_alone():
    network = AuxiliaryClassifier(num_classes=3, num_frames=8, size=16)
    video = torch.randn(4, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    # convolutions of other batch sizes sum in another order
    assert torch.allclose(network(video)[:1], network(video[:1]), atol=1e-5)


def test_a_width_that_groups_cannot_share_is_refused():
    with pytest.raises(ValueError, match=r"gan.aux_classifier_width=12: give a multiple of 8, or 0 for none"):
        AuxiliaryClassifier(num_classes=3, num_frames=8, size=16, width=12)
