"""Variants of motion16 for tasks beyond one class: the same sprites and backgrounds, other targets.

    regression   speed (widths a second) and angle (degrees, 0 = right, 90 = down) of a straight motion
    ordinal      slow, medium or fast, in any direction
    multi_head   a motion and a shape
    multi_label  one to three sprites, each with a motion of its own
    untrimmed    long videos of two sprites that stand still and now and then move, see untrimmed.py

Every draw but the targets' is independent of them, so that one frame says nothing of a motion; a shape shows in each.
Imports numpy alone: the processes that render must start fast.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.data.motion16.motion import SPLITS, Level, draw_look
from videoai.data.motion16.sprites import OUTLINES, SPRITES, Where, expose, paint_background, paint_sprite

Kind = Literal["value", "class"]
UNTRIMMED = "untrimmed"  # long videos, which untrimmed.py renders


class Sprites(NamedTuple):
    """What moves in a clip, and what is true of it."""

    where: Sequence[Where]
    shapes: Sequence[int] | None  # places in SPRITES; None = any
    truth: dict[str, str]  # column -> what stands there; "label" is that of the clip


class Variant(NamedTuple):
    """A kind of clips and its targets."""

    about: str
    columns: dict[str, Kind]  # targets beside the label
    several_labels: bool
    draw: Callable[[np.random.Generator, Level, ndarray], Sprites] | None = (
        None  # seconds [T] -> what moves; None = long
    )


class VariantSize(NamedTuple):
    """Clips in each split, and pixels per side."""

    train: int
    val: int
    test: int
    size_px: int


VARIANT_SIZES = {
    "tiny": VariantSize(96, 24, 24, 32),
    "default": VariantSize(420, 90, 90, 32),
    "large": VariantSize(4200, 600, 600, 64),
}
SPEED = (0.15, 0.9)  # W / s
ANGLE = (-80.0, 80.0)  # degrees: to the right, so that no angle is next to another by a turn of the circle
LEVELS_OF_SPEED = {"slow": (0.12, 0.28), "medium": (0.36, 0.56), "fast": (0.70, 1.0)}  # W / s
MOTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
SHAPES = ("arrow", "bar", "tee")
TILT = 0.06  # turns that a shape is tilted to either side
MOST_SPRITES = 3
SMALL = 0.75  # size of each of several sprites, a share of the level's


def variant_level(level: Level, several: bool) -> Level:
    """The level with smaller sprites where there are several, so that they do not hide each other."""
    return level._replace(size=(SMALL * level.size[0], SMALL * level.size[1])) if several else level


def render_variant(
    variant: str, *, level: Level, seed: int, split: str, index: int, size_px: int, num_frames: int, fps: float
) -> tuple[ndarray, dict[str, str]]:
    """One clip, uint8 [T, H, W, 3] RGB, and what is true of it. A function of its arguments alone."""
    rng = generator(variant, seed, split, index)
    knobs = variant_level(level, VARIANTS[variant].several_labels)
    sprites = _drawn(variant, rng, knobs, num_frames, fps)
    look = draw_look(rng, knobs)
    camera = np.cumsum(rng.standard_normal((num_frames, 2)), axis=0) * knobs.camera / 2
    canvas = paint_background(
        look.waves, camera, size_px=size_px, floor=look.floor, contrast=knobs.contrast, tint=look.tint
    )
    for number, where in enumerate(sprites.where):
        shape = look.sprites[number] if sprites.shapes is None else sprites.shapes[number]
        moved = where._replace(x=(where.x + camera[:, 0]) % 1, y=(where.y + camera[:, 1]) % 1)
        paint_sprite(canvas, SPRITES[shape], moved, colour=look.colours[number], mark=look.marks[number])
    return expose(canvas, rng, noise=knobs.noise, polarity=look.polarity), sprites.truth


def truth_of_variant(
    variant: str, *, level: Level, seed: int, split: str, index: int, num_frames: int, fps: float
) -> dict[str, str]:
    """What ``render_variant`` says, without painting."""
    knobs = variant_level(level, VARIANTS[variant].several_labels)
    return _drawn(variant, generator(variant, seed, split, index), knobs, num_frames, fps).truth


def generator(variant: str, seed: int, split: str, index: int) -> np.random.Generator:
    """The source of all that is random in a clip."""
    return np.random.default_rng([seed, SPLITS.index(split), index, *variant.encode()])


def _drawn(variant: str, rng: np.random.Generator, level: Level, num_frames: int, fps: float) -> Sprites:
    seconds = (np.arange(num_frames) - (num_frames - 1) / 2) / fps
    draw = VARIANTS[variant].draw
    assert draw is not None, "long videos are rendered by untrimmed.py"
    return draw(rng, level, seconds)


def _moving(rng: np.random.Generator, level: Level, seconds: ndarray, x: float, y: float, turn: float) -> Where:
    """A sprite of any size that moves by x and y widths a second, from anywhere on the torus."""
    start_x, start_y = rng.random(2)
    scale = level.size[0] * (level.size[1] / level.size[0]) ** rng.random()
    angle, still = turn % 1 * 2 * np.pi, np.ones(len(seconds))
    return Where((start_x + x * seconds) % 1, (start_y + y * seconds) % 1, angle * still, scale * still)


def _regression(rng: np.random.Generator, level: Level, seconds: ndarray) -> Sprites:
    speed, angle = rng.uniform(*SPEED), rng.uniform(*ANGLE)
    x, y = speed * np.cos(np.deg2rad(angle)), speed * np.sin(np.deg2rad(angle))
    where = _moving(rng, level, seconds, x, y, rng.random())
    return Sprites([where], None, {"speed": f"{speed:.5f}", "angle": f"{angle:.3f}"})


def _ordinal(rng: np.random.Generator, level: Level, seconds: ndarray) -> Sprites:
    name = list(LEVELS_OF_SPEED)[rng.integers(len(LEVELS_OF_SPEED))]
    speed, angle = rng.uniform(*LEVELS_OF_SPEED[name]), rng.uniform(0, 2 * np.pi)
    where = _moving(rng, level, seconds, speed * np.cos(angle), speed * np.sin(angle), rng.random())
    return Sprites([where], None, {"label": name})


def _multi_head(rng: np.random.Generator, level: Level, seconds: ndarray) -> Sprites:
    motion, shape = list(MOTIONS)[rng.integers(len(MOTIONS))], SHAPES[rng.integers(len(SHAPES))]
    x, y = (way * rng.uniform(0.35, 0.7) for way in MOTIONS[motion])
    where = _moving(rng, level, seconds, x, y, rng.uniform(-TILT, TILT))
    return Sprites([where], [list(OUTLINES).index(shape)], {"motion": motion, "shape": shape})


def _multi_label(rng: np.random.Generator, level: Level, seconds: ndarray) -> Sprites:
    names = rng.permutation([*MOTIONS])[: rng.integers(1, MOST_SPRITES + 1)].tolist()
    where = []
    for name in names:
        x, y = (way * rng.uniform(0.35, 0.7) for way in MOTIONS[name])
        where.append(_moving(rng, level, seconds, x, y, rng.random()))
    return Sprites(where, None, {"label": "|".join(sorted(names))})


VARIANTS: dict[str, Variant] = {
    "regression": Variant("speed and angle", {"speed": "value", "angle": "value"}, False, _regression),
    "ordinal": Variant("three speeds", {}, False, _ordinal),
    "multi_head": Variant("a motion and a shape", {"motion": "class", "shape": "class"}, False, _multi_head),
    "multi_label": Variant("up to three motions at once", {}, True, _multi_label),
    UNTRIMMED: Variant("two sprites that stand still and now and then move", {}, True),
}
