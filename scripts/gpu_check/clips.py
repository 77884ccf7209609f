"""Video files to measure with, made once: ``small`` of 340 x 256 in two class folders, as Kinetics is often kept, and
``large`` of 1280 x 720.

    python clips.py FOLDER
"""

import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

SMALL, LARGE = (256, 340), (720, 1280)
FRAMES = 100


def main(folder: Path) -> None:
    if folder.exists():
        return
    made = Path(f"{folder}.{os.getpid()}")
    cores = len(os.sched_getaffinity(0))
    jobs = [(made / "small" / ("left", "right")[n % 2] / f"{n}.mp4", SMALL, n) for n in range(4 * min(cores, 16))]
    jobs += [(made / "large" / f"{number}.mp4", LARGE, number) for number in range(4 if cores > 4 else 1)]
    for path, *_ in jobs:
        path.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(write, jobs))
    if folder.exists():
        shutil.rmtree(made)
    else:
        made.rename(folder)


def write(job: tuple[Path, tuple[int, int], int]) -> None:
    """A texture that moves to one side, under noise: neither trivial nor hopeless to encode."""
    from videoai.data.encode import write_clip

    path, (height, width), number = job
    rng = np.random.default_rng(number)
    texture = rng.integers(0, 200, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    step = 3 if path.parent.name == "left" else -3
    frames = np.stack([np.roll(texture, step * t, 1)[:height, :width] for t in range(FRAMES)])
    noise = rng.integers(0, 32, frames[0].shape, dtype=np.uint8)
    write_clip(path, frames + noise, 25.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
