import torch

from videoai.core.types import Clips
from videoai.inference.ablate import ablated_batches


def clips(num_frames: int = 6) -> Clips:
    """Two views whose frames hold their own number."""
    video = torch.arange(num_frames, dtype=torch.uint8)[None, :, None, None, None].expand(2, -1, 3, 4, 4)
    return Clips(video, torch.zeros(2).long(), torch.tensor([7, 8]), torch.tensor([0, 1]), ["", ""])


def frames(ablation: str) -> list[list[int]]:
    (changed,) = ablated_batches([clips()], ablation)
    return changed.video[:, :, 0, 0, 0].tolist()


def test_frames_are_turned_round_or_held():
    assert frames("reverse") == [[5, 4, 3, 2, 1, 0]] * 2
    assert frames("single_frame") == [[3] * 6] * 2


def test_each_clip_is_shuffled_in_an_order_of_its_own_that_is_the_same_each_time():
    one, other = frames("shuffle")
    assert sorted(one) == sorted(other) == list(range(6))
    assert one != other and one != list(range(6))
    assert frames("shuffle") == [one, other]


def test_a_muted_clip_keeps_its_picture_and_has_no_sound():
    sounding = clips()._replace(sound=torch.zeros(2, 4, 5))
    (muted,) = ablated_batches([sounding], "mute")
    assert muted.unheard == [7, 8] and sounding.unheard == []
    assert torch.equal(muted.video, sounding.video)
