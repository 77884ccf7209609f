"""Cartoon faces under the names of RAVDESS or CREMA-D: python scripts/render_faces.py ravdess FOLDER [ACTORS].

Mouth, brows and eyes move as the emotion says, in a strength that is the intensity. Each actor has a face of its own:
skin, hair, width, place and background; so actors can be known again, and split by clip flatters. The faces are no
stand-in for real ones: they show that layouts, folds, metrics and studies work from end to end.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.seeding import seed_for
from videoai.data.encode import write_clip

SIZE, FRAMES, FPS = 32, 32, 15.0
NOISE = 8.0  # grey levels


class Look(NamedTuple):
    """What moves, at full strength, in pixels of a face of 32: positive corners of the mouth and brows go up."""

    mouth: float  # the corners of the mouth
    opening: float  # the height of the open mouth
    brows: float
    frown: float  # inner ends of the brows down, or up where negative


LOOKS = {
    "neutral": Look(0, 0, 0, 0),
    "happy": Look(3, 1, 1, 0),
    "sad": Look(-3, 0, 0, -2),
    "angry": Look(-1, 1, -1, 3),
    "surprised": Look(0, 4, 3, 0),
}
RAVDESS = {"neutral": 1, "happy": 3, "sad": 4, "angry": 5, "surprised": 8}
CREMA_D = {"neutral": "NEU", "happy": "HAP", "sad": "SAD", "angry": "ANG"}
STRENGTH = {1: 0.5, 2: 1.0}  # normal, strong
LEVELS = {"LO": 0.4, "MD": 0.7, "HI": 1.0}


def face(emotion: str, strength: float, actor: int, take: int) -> ndarray:
    """uint8 [T, H, W, 3]: the expression comes, holds and goes. Same arguments, same pixels."""
    who = np.random.default_rng(seed_for(0, "actor", actor))
    rng = np.random.default_rng(seed_for(0, f"take {emotion} {strength:g} {actor}", take))
    skin, hair, back = who.uniform(150, 230, 3), who.uniform(0, 110, 3), np.full(3, who.uniform(0, 255))
    wide, high = who.uniform(10, 13), who.uniform(12.5, 15)
    shift = who.uniform(-2, 2, 2) + rng.uniform(-1, 1, 2)
    look, begins = LOOKS[emotion], rng.uniform(1, 6)
    frames = np.empty((FRAMES, SIZE, SIZE, 3))
    for t in range(FRAMES):
        shown = strength * float(np.clip((t - begins) / 8, 0, 1) - np.clip((t - begins - 16) / 8, 0, 1))
        frames[t] = _draw(look, shown, (skin, hair, back), (wide, high), shift)
    return (frames + rng.normal(0, NOISE, frames.shape)).clip(0, 255).astype(np.uint8)


def _draw(look: Look, shown: float, colours: tuple[ndarray, ...], size: tuple[float, float], shift: ndarray) -> ndarray:
    (skin, hair, back), (wide, high) = colours, size
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    x, y = x - SIZE / 2 - shift[0], y - SIZE / 2 - shift[1]
    picture = np.broadcast_to(back, (SIZE, SIZE, 3)).copy()
    oval = (x / wide) ** 2 + (y / high) ** 2 <= 1
    picture[oval] = skin
    picture[oval & (y < -high * 0.6)] = hair
    dark = skin * 0.25
    for side in (-1, 1):
        across = side * x  # from the middle outwards
        eye = (across - 4) ** 2 + (y + 2) ** 2 <= 1.6**2
        brow_y = -5.5 - shown * look.brows + shown * look.frown * (4 - across).clip(-2, 2) / 2
        brow = (abs(across - 4) <= 2.4) & (abs(y - brow_y) <= 0.7)
        picture[oval & (eye | brow)] = dark
    curve = 6 - shown * look.mouth * ((abs(x) / 4.5) ** 2 - 0.5)
    opening = 0.7 + shown * look.opening / 2 * (1 - (x / 4.5) ** 2).clip(0, 1)
    picture[oval & (abs(x) <= 4.5) & (abs(y - curve) <= opening)] = dark
    return picture


def write_ravdess(root: Path, actors: int = 24, takes: int = 2) -> None:
    """Actor_01/01-01-EMOTION-INTENSITY-STATEMENT-REPETITION-01.mp4; neutral is never strong."""
    for actor in range(1, actors + 1):
        for emotion, number in RAVDESS.items():
            for level, strength in STRENGTH.items():
                for take in range(1, takes + 1):
                    if (emotion, level) != ("neutral", 2):
                        name = f"Actor_{actor:02d}/01-01-{number:02d}-{level:02d}-01-{take:02d}-{actor:02d}.mp4"
                        _write(root / name, face(emotion, strength, actor, take))


def write_crema_d(root: Path, actors: int = 24) -> None:
    """VideoFlash/1001_IEO_HAP_LO.mp4; neutral has no level, XX."""
    for actor in range(1, actors + 1):
        for emotion, code in CREMA_D.items():
            for level, strength in LEVELS.items() if emotion != "neutral" else [("XX", 1.0)]:
                _write(root / f"VideoFlash/{1000 + actor}_IEO_{code}_{level}.mp4", face(emotion, strength, actor, 1))


def _write(path: Path, frames: ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_clip(path, frames, FPS)


WRITERS = {"ravdess": write_ravdess, "crema_d": write_crema_d}

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in WRITERS:
        sys.exit(f"usage: python scripts/render_faces.py {'|'.join(WRITERS)} FOLDER [ACTORS]")
    WRITERS[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
