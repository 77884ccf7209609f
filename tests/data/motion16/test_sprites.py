import numpy as np
import pytest

from videoai.data.motion16.sprites import SPRITES, Where, paint_background, paint_sprite


def painted(sprite, *, x: float = 0.5, y: float = 0.5, turns: float = 0.0, scale: float = 0.6, size_px: int = 32):
    """One sprite in white on black: float32 [H, W]."""
    canvas = np.zeros((1, size_px, size_px, 3), np.float32)
    where = Where(*(np.array([value]) for value in (x, y, turns * 2 * np.pi, scale)))
    paint_sprite(canvas, sprite, where, colour=np.ones(3, np.float32), mark=np.float32(0.5))
    return canvas[0, :, :, 0]


@pytest.mark.parametrize("sprite", SPRITES)
def test_no_turn_maps_a_sprite_onto_itself(sprite):
    upright = painted(sprite)
    for turns in (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875):
        changed = np.abs(painted(sprite, turns=turns) - upright).sum()
        assert changed > 0.2 * upright.sum()


@pytest.mark.parametrize("sprite", SPRITES)
def test_a_quarter_turn_is_clockwise_on_the_screen(sprite):
    assert np.allclose(painted(sprite, turns=0.25), np.rot90(painted(sprite), -1), atol=1e-4)


@pytest.mark.parametrize("sprite", SPRITES)
def test_space_wraps_at_the_edges(sprite):
    middle = painted(sprite)
    assert np.allclose(painted(sprite, x=0.0, y=0.25), np.roll(middle, (-8, -16), (0, 1)), atol=1e-4)


@pytest.mark.parametrize("sprite", SPRITES)
def test_a_sprite_stays_inside_its_circle_and_fills_a_good_part_of_it(sprite):
    image = painted(sprite, size_px=128)
    grid = (np.arange(128) + 0.5) / 128 - 0.5
    assert image[np.hypot(grid[None, :], grid[:, None]) > 0.3 + 1 / 128].max() == 0
    assert (image > 0).mean() > 0.3 * np.pi * 0.3**2


@pytest.mark.parametrize("sprite", SPRITES)
def test_motion_of_a_tenth_of_a_pixel_shows_and_the_sum_of_the_light_stays(sprite):
    before, after = painted(sprite), painted(sprite, x=0.5 + 0.1 / 32)
    assert np.abs(after - before).max() > 0.03
    # Clipped distances are exact along edges but not at corners: a percent or so.
    assert after.sum() == pytest.approx(before.sum(), rel=0.03)


def test_the_background_wraps_and_follows_the_camera():
    waves, tint = np.array([[2, -1, 0.3], [0, 3, 0.1]]), np.ones(3, np.float32)
    camera = np.array([[0.0, 0.0], [0.25, 0.5], [1.0, -1.0]])
    still, moved, around = paint_background(waves, camera, size_px=32, floor=0.1, contrast=0.4, tint=tint)
    assert np.allclose(np.roll(still, (16, 8), (0, 1)), moved, atol=1e-5)
    assert np.allclose(still, around, atol=1e-5)
    assert still.min() >= 0.1 and still.max() <= 0.5


def test_the_outlines_are_what_they_were(golden):
    """The light of each body and of each mark, and how far right and down it lies: any corner that moves shows."""
    x = (np.arange(64) + 0.5) / 64
    numbers = []
    for sprite in SPRITES:
        image = painted(sprite, size_px=64)
        numbers += [image.mean(), (image * x).mean(), (image * x[:, None]).mean()]
    golden("sprites", [float(number) for number in numbers], 1e-4)  # a corner moved by a hundredth changes 1e-3
