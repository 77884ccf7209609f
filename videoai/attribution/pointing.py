"""The pointing game (Zhang et al. 2016, arXiv:1608.00507): does the hottest point lie on the object?"""

from typing import NamedTuple

import torch
from torch import Tensor


class Circle(NamedTuple):
    """Where an object is in each frame of a clip: float [T] each, in shares of the picture's width.

    The world wraps around: what leaves it at the right comes in at the left.
    """

    x: Tensor
    y: Tensor
    radius: Tensor
    period: float = 1.0  # width of the world


def hits_in_space(heat: Tensor, truth: Circle) -> bool:
    """Whether the hottest point of [T, H, W] lies in the circle of its frame. A point is the middle of a pixel."""
    time, row, column = hottest(heat)
    return bool(within(truth, time, (column + 0.5) / heat.shape[2], (row + 0.5) / heat.shape[1]))


def hits_in_time(heat: Tensor, moving: Tensor) -> bool:
    """Whether the hottest frame of [T, H, W], by its sum, is one of those marked in bool [T]."""
    return bool(moving[int(over_time(heat).argmax())])


def over_time(heat: Tensor) -> Tensor:
    """[T, H, W] -> [T]: the share of each frame; they add up to 1 where there is any heat."""
    shares = heat.double().sum((1, 2))
    return (shares / shares.sum().clamp(min=torch.finfo(torch.float64).tiny)).float()


def hottest(heat: Tensor) -> tuple[int, int, int]:
    """Frame, row and column of the maximum."""
    time, row, column = torch.unravel_index(heat.argmax(), heat.shape)
    return int(time), int(row), int(column)


def within(truth: Circle, time: int, x: float, y: float) -> Tensor:
    """Whether a point of a frame lies in its circle."""
    half = truth.period / 2
    apart = [(place[time] - at + half) % truth.period - half for place, at in ((truth.x, x), (truth.y, y))]
    return apart[0] ** 2 + apart[1] ** 2 <= truth.radius[time] ** 2


def centre_point(shape: tuple[int, ...]) -> Tensor:
    """A heat whose hottest point is the middle of the clip."""
    heat = torch.zeros(shape)
    heat[shape[0] // 2, shape[1] // 2, shape[2] // 2] = 1
    return heat


def motion_energy(frames: Tensor) -> Tensor:
    """uint8 [T, C, H, W] -> [T, H, W]: how much each place differs from the frame before, mean of 5 x 5 pixels."""
    changes = frames.float().diff(dim=0).abs().mean(1)
    smooth = torch.nn.functional.avg_pool2d(changes[:, None], 5, stride=1, padding=2)[:, 0]
    return torch.cat([smooth[:1], smooth])
