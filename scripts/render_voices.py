"""Cartoon faces that hum, under the names of RAVDESS: python scripts/render_voices.py FOLDER [ACTORS].

The face tells happy and surprised from sad and angry; the hum, whose pitch rises or falls, tells happy and angry from
sad and surprised. So picture and sound alone can get half of the answers right, and both together all. Each actor has
a face and a pitch of its own.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy import ndarray
from render_faces import FPS, FRAMES, STRENGTH, face

from videoai.core.seeding import seed_for
from videoai.data.encode import encoder

RATE = 16_000
EMOTIONS = {"happy": 3, "sad": 4, "angry": 5, "surprised": 8}
LOOK = {"happy": "surprised", "surprised": "surprised", "sad": "sad", "angry": "sad"}  # the names in render_faces
RISES = {"happy", "angry"}


def hum(emotion: str, strength: float, actor: int, take: int) -> ndarray:
    """float32 [n] at RATE, as long as the picture: a tone with overtones in noise, whose pitch rises or falls."""
    base = np.random.default_rng(seed_for(0, "pitch", actor)).uniform(180, 420)  # Hz
    rng = np.random.default_rng(seed_for(0, f"hum {emotion} {strength:g} {actor}", take))
    seconds = np.arange(round(FRAMES / FPS * RATE)) / RATE
    slope = (0.5 if emotion in RISES else -0.5) * strength  # octaves over the clip
    pitch = base * 2 ** (slope * (seconds / seconds[-1] - 0.5) + rng.uniform(-0.1, 0.1))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    tone = sum(np.sin(overtone * phase) / overtone for overtone in (1, 2, 3, 4))
    return (0.15 * tone + rng.normal(0, 0.03, len(seconds))).astype(np.float32)


def write_sounding(path: Path, frames: ndarray, sound: ndarray | None) -> None:
    """frames: uint8 [T, H, W, 3]; sound: float32 [n] at RATE, None = without an audio stream."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(encoder(), rate=Fraction(FPS).limit_denominator(1001), options={"crf": "18"})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        track = None if sound is None else output.add_stream("aac", rate=RATE, layout="mono")
        for picture in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
        if track is not None and sound is not None:
            whole = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            whole.sample_rate, whole.pts, whole.time_base = RATE, 0, Fraction(1, RATE)
            output.mux(track.encode(whole))
            output.mux(track.encode())


def write_voices(root: Path, actors: int = 24, takes: int = 2, *, silent_share: float = 0.0) -> None:
    """Actor_01/01-01-EMOTION-INTENSITY-STATEMENT-REPETITION-01.mp4; a share of the clips has no audio stream."""
    for actor in range(1, actors + 1):
        for emotion, number in EMOTIONS.items():
            for level, strength in STRENGTH.items():
                for take in range(1, takes + 1):
                    name = f"Actor_{actor:02d}/01-01-{number:02d}-{level:02d}-01-{take:02d}-{actor:02d}.mp4"
                    what = (emotion, strength, actor, take)
                    is_silent = np.random.default_rng(seed_for(0, f"silent {name}")).uniform() < silent_share
                    picture = face(LOOK[emotion], strength, actor, seed_for(0, emotion, take) % 2**16)
                    write_sounding(root / name, picture, None if is_silent else hum(*what))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python scripts/render_voices.py FOLDER [ACTORS]")
    write_voices(Path(sys.argv[1]), *map(int, sys.argv[2:]))
