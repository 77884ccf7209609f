import itertools

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


def test_colours_are_drawn_about_those_of_the_clip():
    """Brightness moves evenly up and down; saturation keeps the grey of each pixel, contrast the mean of the clip."""
    video = clips(400)[..., :4, :4]
    changed = diff_augment(video, ["color"], SEEDED(0))
    brightness = (changed - video).mean((1, 2, 3, 4))
    assert brightness.abs().max() <= 0.5 + 1e-5
    assert brightness.mean().abs() < 0.06  # uniform over a width of one: four standard deviations of 400
    assert brightness.std().item() == pytest.approx(12**-0.5, abs=0.03)
    grey = changed.mean(1) - changed.mean((1, 2, 3, 4), keepdim=True)[:, 0]
    before = video.mean(1) - video.mean((1, 2, 3, 4), keepdim=True)[:, 0]
    contrast = grey.flatten(1).norm(dim=1) / before.flatten(1).norm(dim=1)
    torch.testing.assert_close(grey, before * contrast[:, None, None, None], atol=1e-5, rtol=0)
    assert 0.5 <= contrast.min() < 0.55 and 1.45 < contrast.max() <= 1.5


def test_a_cut_is_a_grey_box_of_at_most_half_the_sides():
    video = torch.ones(64, 3, 2, 16, 16)
    cut = diff_augment(video, ["cutout"], SEEDED(0)) == 0
    heights, widths = (cut.any(dim).sum(-1).amax((1, 2)) for dim in (-1, -2))
    assert heights.max() == widths.max() == 7  # pixels whose centre is less than a quarter of 16 from the middle
    assert torch.equal(cut.sum((1, 2, 3, 4)), 3 * 2 * heights * widths)
    assert heights.min() < 7 and widths.min() < 7  # partly outside


def test_a_translated_clip_is_the_clip_moved_with_grey_moving_in():
    video = clips()
    moved = translation(video, SEEDED(0))
    for one, other in zip(video, moved, strict=True):
        padded = torch.nn.functional.pad(one, (2, 2, 2, 2))
        windows = [padded[..., y : y + 16, x : x + 16] for y in range(5) for x in range(5)]
        assert any(torch.equal(window, other) for window in windows)
    still = torch.ones(64, 1, 1, 16, 16)
    gone = (translation(still, SEEDED(0)) == 0).squeeze((1, 2))
    assert gone[:, 8].any() and gone[:, :, 8].any()  # sideways, and up and down


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


def test_clips_are_varied_as_they_were(golden):
    video = torch.rand(3, 3, 2, 24, 16, generator=SEEDED(0)) * 2 - 1
    places = torch.cos(0.37 * torch.arange(3 * 2 * 24 * 16)).view(3, 2, 24, 16)
    numbers = []
    for name, probability in itertools.product(POLICY, (1.0, 0.5)):
        for seed in range(3):
            changed = diff_augment(video, [name], SEEDED(seed), probability)
            numbers += (changed * places).mean((1, 2, 3, 4)).tolist()
    golden("diff_augment", numbers, 1e-5)
