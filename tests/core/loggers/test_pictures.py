import numpy as np
import pytest
import torch

from videoai.core.loggers.pictures import MAX_FRAMES, filmstrips

RED = torch.tensor([200, 10, 10], dtype=torch.uint8).view(3, 1, 1)


def strips(count: int, frames: int, *size: int, captions: list[str] | None = None) -> np.ndarray:
    video = RED.expand(count, frames, 3, *size)
    return np.asarray(filmstrips(video, captions or ["left"] * count))


def num_red(image: np.ndarray) -> int:
    return int((image == [200, 10, 10]).all(2).sum())


@pytest.mark.parametrize(("frames", "shown"), [(1, 1), (4, 4), (32, MAX_FRAMES)])
def test_a_clip_is_a_row_with_frames_spread_over_it(frames, shown):
    assert num_red(strips(3, frames, 80, 90)) == 3 * shown * 80 * 90


@pytest.mark.parametrize("size", [(8, 8), (160, 90), (224, 224)])
def test_clips_of_any_size_are_large_enough_to_look_at(size):
    image = strips(1, 8, *size)
    assert 72 * 8 <= image.shape[1] < 1400


@pytest.mark.parametrize("caption", ["left", "✗ прыжок: taken for бег, 83 %", "跳跃", "x" * 500])
def test_each_caption_is_written_above_its_clip(caption):
    with_words, without = strips(2, 4, 80, 80, captions=[caption] * 2), strips(2, 4, 80, 80, captions=[" "] * 2)
    dark = np.argwhere((with_words < 120).all(2) & (without > 200).all(2))[:, 0]
    assert len(dark) > 20
    assert dark.max() - dark.min() > 80  # above both
    assert num_red(with_words) == num_red(without)  # and over none


def test_a_clip_without_a_caption_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        filmstrips(RED.expand(2, 4, 3, 8, 8), ["left"])
