import pytest
import torch

from videoai.gan.diff_augment import POLICY, diff_augment, translation

SEEDED = torch.Generator().manual_seed


def clips(count: int = 6) -> torch.Tensor:
    return torch.rand(count, 3, 5, 16, 16, generator=SEEDED(1)) * 2 - 1


@pytest.mark.parametrize("operation", POLICY)
def test_every_frame_of_a_clip_is_treated_alike_and_clips_differently(operation):
    still = clips()[:1, :, :1].repeat(6, 1, 5, 1, 1)  # one picture, six times, five frames each
    changed = diff_augment(still, [operation], SEEDED(0))
    assert changed.shape == still.shape
    for frame in range(5):
        assert torch.equal(changed[:, :, frame], changed[:, :, 0])
    assert len({tuple(clip.flatten().tolist()) for clip in changed}) > 1


def test_a_translated_clip_is_the_clip_moved_with_grey_moving_in():
    video = clips()
    moved = translation(video, SEEDED(0))
    for one, other in zip(video, moved, strict=True):
        padded = torch.nn.functional.pad(one, (2, 2, 2, 2))
        windows = [padded[..., y : y + 16, x : x + 16] for y in range(5) for x in range(5)]
        assert any(torch.equal(window, other) for window in windows)


def test_the_draw_is_the_generators_and_nothing_global():
    torch.manual_seed(0)
    first = diff_augment(clips(), POLICY, SEEDED(3))
    torch.manual_seed(1)
    assert torch.equal(first, diff_augment(clips(), POLICY, SEEDED(3)))
    assert not torch.equal(first, diff_augment(clips(), POLICY, SEEDED(4)))


def test_without_a_chance_or_an_operation_clips_stay_as_they_are():
    assert torch.equal(diff_augment(clips(), POLICY, SEEDED(0), torch.tensor(0.0)), clips())
    assert torch.equal(diff_augment(clips(), [], SEEDED(0)), clips())
    some = diff_augment(clips(200)[..., :4, :4], ["color"], SEEDED(0), 0.5)
    share = (some != clips(200)[..., :4, :4]).flatten(1).any(1).float().mean()
    assert 0.35 < share < 0.65  # 200 coins: four standard deviations


def test_gradients_pass_through_to_every_clip():
    video = clips().requires_grad_()
    diff_augment(video, POLICY, SEEDED(0)).sum().backward()
    assert (video.grad.flatten(1).abs().sum(1) > 0).all()
