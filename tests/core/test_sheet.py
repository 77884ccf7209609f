"""Rows of pictures with captions keep the proportions of the pictures and never lose a row."""

import numpy as np
import pytest
import torch

from videoai.core.sheet import EDGE, MAX_COLUMNS, MAX_SIDE, MIN_SIDE, TITLE_PX, Cell, Row, sheet

RED = (200, 10, 10)


def red(height: int, width: int) -> torch.Tensor:
    return torch.tensor(RED, dtype=torch.uint8).view(3, 1, 1).expand(3, height, width)


def red_box(image) -> tuple[int, int]:
    """Height and width of what is red."""
    where = np.argwhere((np.asarray(image).astype(int) - RED).__abs__().max(2) < 8)
    return tuple((where.max(0) - where.min(0) + 1).tolist())


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param((8, 6), (MIN_SIDE, 54), id="tiny: larger by a whole factor"),
        pytest.param((100, 120), (100, 120), id="as it is"),
        pytest.param((1920, 1080), (MAX_SIDE, 90), id="tall"),
        pytest.param((720, 1280), (90, MAX_SIDE), id="wide"),
        pytest.param((2, 4000), (1, MAX_SIDE), id="a line"),
    ],
)
def test_a_picture_keeps_its_proportions(size, shown):
    assert red_box(sheet([Row("a row", [Cell(red(*size), "0.10 s")])])) == shown


def test_a_long_row_is_broken_and_every_picture_is_there():
    image = sheet([Row("a row", [Cell(red(80, 80), f"{at}") for at in range(MAX_COLUMNS + 3)])])
    is_red = (np.asarray(image) == RED).all(2)
    first, second = is_red[EDGE + round(1.6 * TITLE_PX) + 40], is_red[-40 - EDGE]
    assert first.sum() == MAX_COLUMNS * 80
    assert second.sum() == 3 * 80


@pytest.mark.parametrize("title", ["run", "x" * 500, "прыжок", "跳跃", "\udcff", "<b>", ""])
def test_a_row_without_pictures_is_as_high_as_its_title(title):
    alone = sheet([Row(title, [], "cannot be read: " + title)])
    assert alone.height == round(1.6 * TITLE_PX) + 2 * EDGE
    assert sheet([Row(title, [])] * 2).height > alone.height
