"""motion16: sixteen classes of motion, drawn so that one frame says nothing about the class.

A clip is one bright sprite moving over a textured background. The state of the scene lives on a torus: position, angle,
phase and log-size all wrap around and all start uniformly, so at every frame each of them is uniform for every class.
(The price: an object that approaches past the largest size starts again from the smallest.) Every other draw is a
function of (seed, split, index), never of the label. Six classes are the time reversal of six others, so a model blind
to the order of frames cannot exceed (6 + 4) / 16 = 62.5 %, and a model of one frame cannot exceed 1 / 16 = 6.25 %.

Related: CATER (arXiv:1910.04744), Only Time Can Tell (Sevilla-Lara et al. 2021, arXiv:1907.08340). Imports numpy alone:
the processes that render must start fast.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy import ndarray

from videoai.data.motion16.sprites import SPRITES, Where, expose, paint_background, paint_sprite

Range = tuple[float, float]

PAIRS = (  # (forward, the same played backwards)
    ("left", "right"),
    ("up", "down"),
    ("approach", "recede"),
    ("spin_cw", "spin_ccw"),
    ("orbit_cw", "orbit_ccw"),
    ("speed_up", "slow_down"),
)
SYMMETRIC = ("shake_h", "shake_v", "pulse", "swing")
FORWARD = {backward: forward for forward, backward in PAIRS}
CLASSES: tuple[str, ...] = (*(name for pair in PAIRS for name in pair), *SYMMETRIC)  # position = label
REVERSED: dict[str, str] = FORWARD | dict(PAIRS) | {name: name for name in SYMMETRIC}  # label map of reversed clips
SPLITS = ("train", "val", "test")


class Level(NamedTuple):
    """The knobs of difficulty, strongest first.

    Random polarity is by far the strongest: averaged over the sign, every linear space-time filter answers zero, and a
    small 3-D CNN trained from scratch stays at chance.
    """

    polarity: Literal["bright", "random"]  # bright = the object is brighter than the background
    size: Range  # diameter of the object / width of the image
    contrast: float  # contrast of the background's texture; 1 = black to white
    camera: float  # sd of the camera's random walk, half-widths per frame
    max_distractors: int  # sprites that stand still
    noise: float  # sd of the pixel noise and of the flicker; 1 = black to white


LEVELS: dict[str, Level] = {
    "easy": Level("bright", (0.28, 0.63), 0.25, 0.0, 0, 0.02),
    "default": Level("bright", (0.25, 0.55), 0.40, 0.02, 1, 0.03),
    "hard": Level("bright", (0.20, 0.45), 0.55, 0.05, 3, 0.06),
    "expert": Level("random", (0.25, 0.55), 0.40, 0.02, 1, 0.03),
}
MAX_DISTRACTORS = max(level.max_distractors for level in LEVELS.values())
NUM_WAVES = 6  # plane waves in the background
MAX_CYCLES = 3  # cycles of a wave over the width, and over the height

# Each drawn uniformly. W is the width of the image. Slow enough to follow at 7.5 frames per second (16 of 32 frames).
SPEED: Range = (0.35, 0.70)  # W / s
RAMP: Range = (0.85, 1.0)  # speed_up goes from (1 - ramp) to (1 + ramp) times its mean speed
ZOOM: Range = (1.25, 1.45)  # growth per second
SPIN: Range = (0.35, 0.75)  # turns / s
ORBIT: Range = (0.40, 0.80)  # turns / s
RADIUS: Range = (0.14, 0.22)  # W; radius of an orbit
FREQUENCY: Range = (1.2, 2.0)  # Hz, of shake, pulse and swing
SHAKE: Range = (0.08, 0.16)  # W, amplitude
SWING: Range = (0.08, 0.13)  # turns, amplitude


class Draw(NamedTuple):
    """The random numbers that steer the motion: the same ones whatever the class."""

    x: float  # W
    y: float  # W
    turn: float  # angle in turns
    unit: float  # log-size as a place on a circle of length 2, see _scale
    heading: float  # turns; the direction of speed_up
    phase: float  # turns; of orbits and oscillations
    speed: float
    ramp: float
    zoom: float
    spin: float
    orbit: float
    radius: float
    frequency: float
    shake: float
    swing: float


class Look(NamedTuple):
    """The random numbers that paint the scene. In the first three, the moving sprite comes before the distractors."""

    sprites: ndarray  # int [1 + MAX_DISTRACTORS]
    colours: ndarray  # float32 [1 + MAX_DISTRACTORS, 3]
    marks: ndarray  # float32 [1 + MAX_DISTRACTORS]: brightness of the mark / of the sprite
    places: ndarray  # [MAX_DISTRACTORS, 4]: x, y, turn, unit
    num_distractors: int
    floor: float  # brightness of the darkest background
    tint: ndarray  # float32 [3]
    waves: ndarray  # [NUM_WAVES, 3]: cycles in x, cycles in y, phase in turns
    polarity: Literal["kept", "inverted"]


class Scene(NamedTuple):
    """Everything about a clip but its pixels, in forward time."""

    look: Look
    camera: ndarray  # [T, 2]: how far the scene has moved right and down, W
    where: Where


def _draw_motion(rng: np.random.Generator) -> Draw:
    ranges: list[Range] = [(0, 1), (0, 1), (0, 1), (0, 2), (0, 1), (0, 1)]
    ranges += [SPEED, RAMP, ZOOM, SPIN, ORBIT, RADIUS, FREQUENCY, SHAKE, SWING]
    return Draw(*(rng.uniform(*limits) for limits in ranges))


def draw_look(rng: np.random.Generator, level: Level) -> Look:
    """Every level draws the same numbers, so that levels differ in their knobs alone."""
    num = 1 + MAX_DISTRACTORS
    return Look(
        sprites=rng.integers(0, len(SPRITES), num),
        colours=np.stack([_draw_colour(rng, brightness=(0.70, 1.0)) for _ in range(num)]),
        marks=rng.uniform(0.45, 0.60, num).astype(np.float32),
        places=rng.uniform(0, (1, 1, 1, 2), (MAX_DISTRACTORS, 4)),
        num_distractors=int(rng.random() * (level.max_distractors + 1)),
        floor=rng.uniform(0.02, 0.10),
        tint=_draw_colour(rng, brightness=(1.0, 1.0)),
        waves=np.column_stack([rng.integers(-MAX_CYCLES, MAX_CYCLES + 1, (NUM_WAVES, 2)), rng.random(NUM_WAVES)]),
        polarity="inverted" if rng.random() < 0.5 and level.polarity == "random" else "kept",
    )


def _draw_colour(rng: np.random.Generator, *, brightness: Range) -> ndarray:
    """float32 [3]: any hue, a third of full saturation at most, so that brightness keeps its order between colours."""
    hue, value, chroma = rng.random(), rng.uniform(*brightness), rng.uniform(0, 0.35)
    return (value * (1 + chroma * np.cos(2 * np.pi * (hue + np.arange(3) / 3)))).astype(np.float32)


def _trajectory(name: str, draw: Draw, seconds: ndarray, *, log_range: float) -> dict[str, ndarray]:
    """Those of x, y, turn and unit that the motion changes; float64 [T] each.

    Args:
        name: a forward or a symmetric class; the others are these played backwards.
        seconds: [T], symmetric about 0.
        log_range: log(largest size / smallest size).
    """
    wave = np.sin(2 * np.pi * (draw.phase + draw.frequency * seconds))
    match name:
        case "left":
            return {"x": draw.x - draw.speed * seconds}
        case "up":
            return {"y": draw.y - draw.speed * seconds}
        case "approach":
            return {"unit": (draw.unit + np.log(draw.zoom) / log_range * seconds) % 1}
        case "spin_cw":
            return {"turn": draw.turn + draw.spin * seconds}
        case "orbit_cw":
            angle = 2 * np.pi * (draw.phase + draw.orbit * seconds)
            return {"x": draw.x + draw.radius * np.cos(angle), "y": draw.y + draw.radius * np.sin(angle)}
        case "speed_up":
            end_seconds = max(seconds[-1], 1e-9)
            way = draw.speed * (seconds + draw.ramp * seconds**2 / (2 * end_seconds))
            angle = 2 * np.pi * draw.heading
            return {"x": draw.x + way * np.cos(angle), "y": draw.y + way * np.sin(angle)}
        case "shake_h":
            return {"x": draw.x + draw.shake * wave}
        case "shake_v":
            return {"y": draw.y + draw.shake * wave}
        case "pulse":
            return {"unit": draw.unit + 2 * draw.frequency * seconds}
        case _:
            assert name == "swing", name
            return {"turn": draw.turn + draw.swing * wave}


def _scale(unit: ndarray, size: Range) -> ndarray:
    """Folds the circle of length 2 onto the range of log-sizes: a turn of the circle is one whole pulse."""
    return size[0] * (size[1] / size[0]) ** (1 - np.abs(1 - unit % 2))


def _where(name: str, draw: Draw, camera: ndarray, *, size: Range, fps: float) -> Where:
    num_frames = len(camera)
    seconds = (np.arange(num_frames) - (num_frames - 1) / 2) / fps
    state = {key: np.full(num_frames, getattr(draw, key)) for key in ("x", "y", "turn", "unit")}
    state |= _trajectory(name, draw, seconds, log_range=float(np.log(size[1] / size[0])))
    x, y = (state["x"] + camera[:, 0]) % 1, (state["y"] + camera[:, 1]) % 1
    return Where(x, y, state["turn"] % 1 * 2 * np.pi, _scale(state["unit"], size))


def _check(*, label: int, seed: int, split: str, index: int, level: str) -> None:
    if not 0 <= label < len(CLASSES):
        raise ValueError(f"motion16: label {label} does not exist; labels go from 0 to {len(CLASSES) - 1}")
    if split not in SPLITS:
        raise ValueError(f"motion16: split {split!r} does not exist; choose one of {', '.join(SPLITS)}")
    if level not in LEVELS:
        raise ValueError(f"motion16: level {level!r} does not exist; choose one of {', '.join(LEVELS)}")
    if seed < 0 or index < 0:
        raise ValueError(f"motion16: seed {seed} and index {index} must not be negative")


def _scene(rng: np.random.Generator, *, label: int, level: Level, num_frames: int, fps: float) -> Scene:
    draw, look = _draw_motion(rng), draw_look(rng, level)
    camera = np.cumsum(rng.standard_normal((num_frames, 2)), axis=0) * level.camera / 2
    name = CLASSES[label]
    return Scene(look, camera, _where(FORWARD.get(name, name), draw, camera, size=level.size, fps=fps))


def _generator(seed: int, split: str, index: int) -> np.random.Generator:
    # numpy's own, not core.seeding.generator_for: that one imports torch, 1.4 s in every rendering process.
    return np.random.default_rng([seed, SPLITS.index(split), index])


def _in_time(values: ndarray, label: int) -> ndarray:
    return values[::-1].copy() if CLASSES[label] in FORWARD else values


def _paint(scene: Scene, *, level: Level, size_px: int) -> ndarray:
    look, camera = scene.look, scene.camera
    canvas = paint_background(
        look.waves, camera, size_px=size_px, floor=look.floor, contrast=level.contrast, tint=look.tint
    )
    still = np.ones(len(camera))
    standing = [
        Where(
            (x + camera[:, 0]) % 1, (y + camera[:, 1]) % 1, turn * 2 * np.pi * still, _scale(unit * still, level.size)
        )
        for x, y, turn, unit in look.places[: look.num_distractors]
    ]
    for number, where in reversed(list(enumerate([scene.where, *standing]))):  # the moving sprite last, on top
        sprite = SPRITES[look.sprites[number]]
        paint_sprite(canvas, sprite, where, colour=look.colours[number], mark=look.marks[number])
    return canvas


def render(
    *,
    label: int,
    seed: int,
    split: str,
    index: int,
    level: str = "default",
    size_px: int = 64,
    num_frames: int = 32,
    fps: float = 15.0,
) -> tuple[ndarray, Where]:
    """One clip, uint8 [T, H, W, 3] RGB, and where its object is, float32 [T] each. A function of its arguments alone.

    All labels of one (seed, split, index) show the same scene. A class and its REVERSED class then show the same frames
    in opposite order.

    Raises:
        ValueError: a label, split or level that does not exist, a negative seed or index.
    """
    _check(label=label, seed=seed, split=split, index=index, level=level)
    rng, knobs = _generator(seed, split, index), LEVELS[level]
    scene = _scene(rng, label=label, level=knobs, num_frames=num_frames, fps=fps)
    canvas = _paint(scene, level=knobs, size_px=size_px)
    frames = expose(canvas, rng, noise=knobs.noise, polarity=scene.look.polarity)
    return _in_time(frames, label), Where(*(_in_time(values.astype(np.float32), label) for values in scene.where))


def truth_of(
    *, label: int, seed: int, split: str, index: int, level: str = "default", num_frames: int = 32, fps: float = 15.0
) -> Where:
    """What `render` says about the object, without painting: some thirty times faster."""
    _check(label=label, seed=seed, split=split, index=index, level=level)
    rng = _generator(seed, split, index)
    scene = _scene(rng, label=label, level=LEVELS[level], num_frames=num_frames, fps=fps)
    return Where(*(_in_time(values.astype(np.float32), label) for values in scene.where))
