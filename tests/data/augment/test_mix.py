import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.core.types import Batch
from videoai.data.augment.mix import Mix


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_mixed_labels_sum_to_one_and_match_the_pixels(kind):
    video = torch.stack([torch.zeros(3, 4, 16, 16), torch.ones(3, 4, 16, 16)])
    mix = Mix(num_classes=2, seed=3, **{kind: 1.0})
    for position in range(20):
        mixed = mix(Batch(video, torch.tensor([0, 1]), INDEX), position)
        assert torch.allclose(mixed.label.sum(1), torch.ones(2))
        # the share of ones in the pixels is the share of class 1 in the label
        assert torch.allclose(mixed.video.mean((1, 2, 3, 4)), mixed.label[:, 1], atol=1e-5)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_labels_with_several_classes_are_mixed_by_the_same_share(kind):
    video = torch.stack([torch.zeros(3, 4, 16, 16), torch.ones(3, 4, 16, 16)])
    several = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1]])  # multi-hot, whole numbers as a data set gives them
    mix = Mix(num_classes=4, seed=3, **{kind: 1.0})
    for position in range(5):
        soft = mix(Batch(video, several.float(), INDEX), position).label
        share = mix(Batch(video, torch.tensor([0, 1]), INDEX), position).label[:, :1]  # the first clip's, in each row
        assert torch.allclose(soft, share * several[0] + (1 - share) * several[1])
        assert torch.equal(mix(Batch(video, several, INDEX), position).label, soft)


INDEX = torch.arange(4)


def test_a_cutmix_box_is_the_same_in_every_frame():
    video = torch.stack([torch.zeros(3, 4, 16, 16), torch.ones(3, 4, 16, 16)])
    mixed = Mix(num_classes=2, cutmix=1.0, seed=1)(Batch(video, torch.tensor([0, 1]), INDEX), 5).video
    assert (mixed == mixed[:, :, :1]).all()


def test_mixing_is_a_function_of_the_position():
    batch = Batch(torch.rand(4, 3, 2, 8, 8, generator=generator_for(0, "b")), torch.tensor([0, 1, 2, 0]), INDEX)
    mix = Mix(num_classes=3, mixup=0.4, cutmix=1.0, seed=0)
    assert torch.equal(mix(batch, 7).video, mix(batch, 7).video)
    assert len({tuple(mix(batch, position).label.flatten().tolist()) for position in range(10)}) > 5


def test_no_mixing_leaves_the_batch_alone():
    batch = Batch(torch.rand(2, 3, 2, 4, 4), torch.tensor([0, 1]), INDEX)
    assert Mix(num_classes=2)(batch, 0) is batch


def test_a_negative_alpha_is_refused():
    with pytest.raises(ValueError, match="augment.mixup=-1"):
        Mix(num_classes=2, mixup=-1)


def test_batches_are_mixed_as_they_were(golden):
    video = torch.rand(3, 3, 2, 10, 12, generator=generator_for(0, "video"))
    places = torch.cos(0.37 * torch.arange(3 * 2 * 10 * 12)).view(3, 2, 10, 12)
    numbers = []
    for alphas in ({"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.8, "cutmix": 1.0}):
        for position in range(6):
            mixed = Mix(num_classes=3, seed=1, **alphas)(Batch(video, torch.tensor([0, 1, 2]), INDEX), position)
            numbers += [*(mixed.video * places).mean((1, 2, 3, 4)).tolist(), *mixed.label.flatten().tolist()]
    golden("mix", numbers, 1e-5)
