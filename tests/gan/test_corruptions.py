"""Each corruption destroys what it says and nothing else."""

import torch

from videoai.gan.corruptions import CORRUPTIONS, backwards, frozen, shuffled


def counting() -> torch.Tensor:
    """Two clips of 8 frames; each pixel is the number of its frame, in the second clip plus 100."""
    frames = torch.arange(8, dtype=torch.uint8)[:, None, None, None].expand(8, 3, 2, 2)
    return torch.stack([frames, frames + 100])


def test_every_rung_keeps_shape_and_type_and_changes_time():
    video = counting()
    for corruption in CORRUPTIONS.values():
        assert corruption(video).shape == video.shape and corruption(video).dtype == torch.uint8
        assert not torch.equal(corruption(video), video)


def test_shuffling_keeps_every_frame_of_a_clip_and_orders_each_clip_otherwise():
    video = counting()
    actual = shuffled(video)
    assert torch.equal(actual.sort(dim=1).values, video)
    assert not torch.equal(actual[0], actual[1] - 100)
    assert torch.equal(actual, shuffled(video))


def test_a_frozen_clip_is_its_middle_frame_and_a_reversed_one_ends_with_its_first():
    assert frozen(counting()).unique().tolist() == [4, 104]
    assert backwards(counting())[0, :, 0, 0, 0].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
