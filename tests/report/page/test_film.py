from io import BytesIO

import pytest
import torch
from PIL import Image

from videoai.report.page.film import MAX_SIDE, Film, strip


def film(num_frames: int, side: int, **times: float) -> Film:
    """Frame number n is of the grey level 8 n."""
    levels = (8 * torch.arange(num_frames)).clamp(max=255).to(torch.uint8)
    return Film(levels[:, None, None, None].expand(-1, 3, side, side), **times)


def test_the_frames_stand_side_by_side_in_one_picture():
    made = strip(film(4, 32, first_seconds=1.0, last_seconds=1.6))
    picture = Image.open(BytesIO(made.jpeg))
    assert picture.size == (4 * 32, 32)
    levels = [picture.getpixel((32 * number + 16, 16))[0] for number in range(4)]
    assert levels == pytest.approx([0, 8, 16, 24], abs=2)
    assert (made.num_frames, made.step, made.frame_ms, made.when) == (4, 1, pytest.approx(200), "1.00 to 1.60 s")


def test_large_frames_are_scaled_down_and_of_a_long_clip_every_second_frame_is_shown():
    made = strip(film(100, 224))
    assert (made.width, made.height, made.num_frames, made.step) == (MAX_SIDE, MAX_SIDE, 50, 2)
    assert Image.open(BytesIO(made.jpeg)).size == (50 * MAX_SIDE, MAX_SIDE)


@pytest.mark.parametrize(("seconds", "shown_ms"), [(0.1, 40), (60.0, 250)])
def test_a_frame_is_neither_too_short_nor_too_long(seconds, shown_ms):
    assert strip(film(8, 32, last_seconds=seconds)).frame_ms == shown_ms


def test_a_clip_of_one_frame_is_a_still():
    assert strip(film(1, 32, first_seconds=0.5, last_seconds=0.5)).num_frames == 1
