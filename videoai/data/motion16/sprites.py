"""Paints sprites and textures for the built-in motion dataset, anti-aliased, all frames of a clip at once.

A sprite is a union of convex polygons inside the unit circle with a dark mark on it, such that no rotation maps it onto
itself: on a disc or a plain square, turning would not show. Pixels are computed from sums, products, minima and maxima,
cosines of short arrays in float64: that keeps the rounded result the same across machines.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy import ndarray

Corner = tuple[float, float]
Side = tuple[float, float, float]  # normal x, normal y, offset: inside where normal . point < offset


class Where(NamedTuple):
    """Where a sprite is in every frame; float [T] each. Image axes: x to the right, y down."""

    x: ndarray  # [0, 1), 0 = left edge
    y: ndarray  # [0, 1), 0 = upper edge
    angle: ndarray  # radians in [0, 2 pi), growing clockwise on the screen
    scale: ndarray  # diameter of the sprite / width of the image


class Sprite(NamedTuple):
    """Pieces of the body and pieces of the mark, each a list of sides."""

    body: list[list[Side]]
    mark: list[list[Side]]


def _box(left: float, top: float, right: float, bottom: float) -> list[Corner]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _sides(corners: list[Corner]) -> list[Side]:
    """The half-planes whose intersection is a convex polygon, corners given clockwise on the screen."""
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = float(np.hypot(x1 - x0, y1 - y0))
        normal_x, normal_y = (y1 - y0) / length, (x0 - x1) / length
        sides.append((normal_x, normal_y, normal_x * x0 + normal_y * y0))
    return sides


OUTLINES: dict[str, tuple[list[list[Corner]], list[Corner]]] = {  # name: (convex pieces, mark)
    "ell": ([_box(-0.5, -0.7, 0.05, 0.5), _box(-0.5, -0.1, 0.85, 0.5)], _box(0.3, -0.1, 0.85, 0.5)),
    "arrow": ([[(-0.1, -0.85), (0.95, 0.0), (-0.1, 0.85)], _box(-0.95, -0.3, 0.1, 0.3)], _box(-0.95, -0.3, -0.4, 0.3)),
    "wedge": ([[(-0.65, -0.7), (1.0, 0.0), (-0.65, 0.7)]], [(-0.65, 0.0), (-0.05, 0.0), (-0.05, 0.5), (-0.65, 0.7)]),
    "bar": ([_box(-0.8, -0.3, 0.95, 0.3)], _box(0.35, -0.3, 0.95, 0.3)),
    "eff": (
        [_box(-0.6, -0.6, 0.0, 0.8), _box(-0.6, -0.6, 0.8, -0.1), _box(-0.6, 0.1, 0.6, 0.45)],
        _box(0.2, -0.6, 0.8, -0.1),
    ),
    "tee": ([_box(-0.7, -0.65, 0.7, -0.05), _box(-0.3, -0.65, 0.3, 0.95)], _box(0.15, -0.65, 0.7, -0.05)),
}
SPRITES: tuple[Sprite, ...] = tuple(
    Sprite([_sides(piece) for piece in body], [_sides(mark)]) for body, mark in OUTLINES.values()
)


def _coverage(pieces: list[list[Side]], x: ndarray, y: ndarray, where: Where, *, size_px: int) -> ndarray:
    """Share of each pixel inside the pieces: float32 [T, h, w] in [0, 1].

    It is the distance to the sides, clipped: motion of far less than a pixel per frame still shows along every edge.

    Args:
        x, y: [T, w] and [T, h], pixels from the centre of the sprite.
    """
    union = np.full((len(x), y.shape[1], x.shape[1]), np.inf, np.float32)
    cos, sin, radius = np.cos(where.angle), np.sin(where.angle), where.scale * size_px / 2
    for sides in pieces:
        outside = np.full_like(union, -np.inf)
        for normal_x, normal_y, offset in sides:
            along_x = (normal_x * cos - normal_y * sin)[:, None] * x - (offset * radius)[:, None]
            along_y = (normal_x * sin + normal_y * cos)[:, None] * y
            distance = along_y.astype(np.float32)[:, :, None] + along_x.astype(np.float32)[:, None, :]
            np.maximum(outside, distance, out=outside)
        np.minimum(union, outside, out=union)
    return np.clip(0.5 - union, 0, 1)


def paint_sprite(canvas: ndarray, sprite: Sprite, where: Where, *, colour: ndarray, mark: np.float32) -> None:
    """Paints one sprite over float32 [T, H, W, 3] in place, in a window around it that wraps at the edges.

    Args:
        colour: float32 [3] of the body.
        mark: brightness of the mark / brightness of the body.
    """
    num_frames, size_px = canvas.shape[:2]
    window = min(2 * int(np.ceil(where.scale.max() * size_px / 2)) + 3, size_px)
    centre_x, centre_y = where.x[:, None] * size_px - 0.5, where.y[:, None] * size_px - 0.5
    columns = np.floor(centre_x) + np.arange(window) - window // 2
    rows = np.floor(centre_y) + np.arange(window) - window // 2
    x, y = columns - centre_x, rows - centre_y
    body = _coverage(sprite.body, x, y, where, size_px=size_px)[..., None]
    tone = 1 - (1 - mark) * _coverage(sprite.mark, x, y, where, size_px=size_px)[..., None]
    rows_TH1, columns_T1W = rows.astype(int)[:, :, None] % size_px, columns.astype(int)[:, None, :] % size_px
    place = np.arange(num_frames)[:, None, None], rows_TH1, columns_T1W
    under = canvas[place]
    canvas[place] = under + body * (tone * colour - under)


def paint_background(
    waves: ndarray, camera: ndarray, *, size_px: int, floor: float, contrast: float, tint: ndarray
) -> ndarray:
    """A sum of plane waves: float32 [T, H, W, 3] from floor to floor + contrast, times the tint.

    Args:
        waves: [N, 3]: whole cycles in x, whole cycles in y (so that the texture wraps), phase in turns.
        camera: [T, 2]: how far the scene has moved right and down, in widths.
        tint: float32 [3].
    """
    grid = (np.arange(size_px) + 0.5) / size_px
    field = np.zeros((len(camera), size_px, size_px), np.float32)
    for cycles_x, cycles_y, phase in waves:
        in_x = 2 * np.pi * (cycles_x * (grid - camera[:, :1]) + phase)
        in_y = 2 * np.pi * cycles_y * (grid - camera[:, 1:])
        field += np.cos(in_y).astype(np.float32)[:, :, None] * np.cos(in_x).astype(np.float32)[:, None, :]
        field -= np.sin(in_y).astype(np.float32)[:, :, None] * np.sin(in_x).astype(np.float32)[:, None, :]
    # The sd of the sum is sqrt(N / 2): +-1.4 sd fill the range, the tails are cut.
    field = np.clip(0.5 + field / np.float32(2 * len(waves) ** 0.5), 0, 1)
    return (np.float32(floor) + np.float32(contrast) * field)[..., None] * tint


def expose(
    canvas: ndarray, rng: np.random.Generator, *, noise: float, polarity: Literal["kept", "inverted"]
) -> ndarray:
    """Flicker and noise of this sd, polarity, rounding: float32 [T, H, W, 3] in [0, 1] (overwritten) -> uint8."""
    flicker = 1 + noise * rng.standard_normal(len(canvas))
    canvas *= flicker.astype(np.float32)[:, None, None, None]
    canvas += np.float32(noise) * rng.standard_normal(canvas.shape[:3], dtype=np.float32)[..., None]
    if polarity == "inverted":
        np.subtract(1, canvas, out=canvas)
    canvas *= 255
    canvas += 0.5
    return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)
