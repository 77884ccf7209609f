"""Untrimmed videos with ground truth: two sprites that stand still, and now and then move as in one of eight classes.

Each sprite follows a timetable of its own, so that actions overlap; where both stand still, there is background. Every
number is a function of (seed, split, index).
"""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.data.motion16.motion import (
    FORWARD,
    LEVELS,
    Draw,
    Level,
    Look,
    draw_look,
    draw_motion,
    scale,
    trajectory,
)
from videoai.data.motion16.sprites import SPRITES, Where, expose, paint_background, paint_sprite
from videoai.data.motion16.variants import VariantSize, generator

CLASSES = ("left", "right", "up", "down", "spin_cw", "spin_ccw", "shake_h", "pulse")
FPS = 15.0
NUM_ACTORS = 2
SECONDS = {"tiny": 12, "default": 24, "large": 120}  # length of a video
UNTRIMMED_SIZES = {  # videos in each split, and pixels per side
    "tiny": VariantSize(16, 4, 4, 32),
    "default": VariantSize(96, 16, 24, 32),
    "large": VariantSize(192, 24, 48, 64),
}
FIRST_STATE = ("x", "y", "turn", "unit")
REST_SECONDS, ACTION_SECONDS = (0.6, 3.0), (1.2, 3.2)  # each drawn uniformly
APART_SECONDS = 0.6  # between two actions of one class, so that no two of them can be taken for one


class Action(NamedTuple):
    """One action of one sprite."""

    label: int
    first: int  # frame
    end: int  # one past the last
    actor: int

    @property
    def times(self) -> str:
        """``1.2-3.4``, seconds, as the column label_seconds has them."""
        return f"{self.first / FPS:.3f}-{self.end / FPS:.3f}"


def timetable(rng: np.random.Generator, num_frames: int) -> list[Action]:
    """When which sprite does what, by its start. Actions of one class neither overlap nor touch."""
    actions: list[Action] = []
    for actor in range(NUM_ACTORS):
        now = 0
        while True:
            first = now + round(rng.uniform(*REST_SECONDS) * FPS)
            end = first + round(rng.uniform(*ACTION_SECONDS) * FPS)
            label = int(rng.integers(len(CLASSES)))
            if end > num_frames - round(REST_SECONDS[0] * FPS):
                break
            now = end
            apart = APART_SECONDS * FPS
            if all(one.label != label or first - one.end > apart or one.first - end > apart for one in actions):
                actions.append(Action(label, first, end, actor))
    return sorted(actions, key=lambda action: (action.first, action.end))


def actions_in(*, seed: int, split: str, index: int, num_frames: int, level: str = "default") -> list[Action]:
    """What ``render_untrimmed`` says, without painting."""
    return _begun(generator("untrimmed", seed, split, index), LEVELS[level], num_frames)[1]


def _begun(rng: np.random.Generator, level: Level, num_frames: int) -> tuple[Look, list[Action]]:
    return draw_look(rng, level), timetable(rng, num_frames)


def render_untrimmed(
    *, seed: int, split: str, index: int, num_frames: int, level: str = "default", size_px: int = 32
) -> tuple[ndarray, list[Action]]:
    """One video, uint8 [T, H, W, 3] RGB, and what happens in it."""
    rng, knobs = generator("untrimmed", seed, split, index), LEVELS[level]
    look, actions = _begun(rng, knobs, num_frames)
    camera = np.cumsum(rng.standard_normal((num_frames, 2)), axis=0) * knobs.camera / 8  # a long video must not blur
    canvas = paint_background(
        look.waves, camera, size_px=size_px, floor=look.floor, contrast=knobs.contrast, tint=look.tint
    )
    for actor in range(NUM_ACTORS):
        where = path_of([action for action in actions if action.actor == actor], rng, camera, knobs)
        sprite = SPRITES[look.sprites[actor]]
        paint_sprite(canvas, sprite, where, colour=look.colours[actor], mark=look.marks[actor])
    return expose(canvas, rng, noise=knobs.noise, polarity=look.polarity), actions


def path_of(actions: list[Action], rng: np.random.Generator, camera: ndarray, level: Level) -> Where:
    """Where one sprite is at each frame: it stays where an action leaves it."""
    start = draw_motion(rng)
    state = {key: np.full(len(camera), float(getattr(start, key))) for key in FIRST_STATE}
    for action in actions:
        draw = draw_motion(rng)._replace(**{key: state[key][action.first] for key in FIRST_STATE})
        for key, values in moved(CLASSES[action.label], draw, action.end - action.first, level).items():
            state[key][action.first : action.end] = values
            state[key][action.end :] = values[-1]
    x, y = (state["x"] + camera[:, 0]) % 1, (state["y"] + camera[:, 1]) % 1
    return Where(x, y, state["turn"] % 1 * 2 * np.pi, scale(state["unit"], level.size))


def moved(name: str, draw: Draw, num_frames: int, level: Level) -> dict[str, ndarray]:
    """What an action changes, [num_frames], beginning where the sprite was."""
    seconds = np.arange(1, num_frames + 1) / FPS * (-1 if name in FORWARD else 1)
    log_range = float(np.log(level.size[1] / level.size[0]))
    forward, before = FORWARD.get(name, name), {}
    for key, values in trajectory(forward, draw, np.concatenate([[0.0], seconds]), log_range=log_range).items():
        before[key] = values[1:] - values[0] + getattr(draw, key)
    return before
