"""Which videos show the same: copies to the last byte, and copies that were encoded, scaled or renamed again.

Eight grey frames of 16 px stand for a video. Two videos are near-duplicates when what stays (the mean over time) and
what moves (the rest) agree, each by its correlation. Clips of one fixed camera share what stays and differ in what
moves; clips of one rendered motion on other backgrounds the reverse. Copies that were cut or mirrored are not found.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from videoai.data.check.examine import LOOKS, Examined

# x264 at crf 35 and half the size keeps both above 0.98 on surveillance clips and on drawn hands.
SAME_STILL = 0.95
SAME_MOTION = 0.90
SAME_AT_REST = (
    0.997  # correlation of what stays, where nothing moves: copies 0.999, two empty moments of one camera 0.986
)
SAME_LEVEL = 12  # grey levels of 255, mean over all pixels
MOTION_FLOOR = 1.5  # grey levels (root mean square) below which what moves is the noise of encoding
MAX_NEAR = 20_000  # videos; the comparison of all pairs takes 2 minutes there, and grows with the square
BLOCK = 1024

Pair = tuple[str, str]


def exact_duplicates(files: Sequence[Examined]) -> list[list[str]]:
    """Paths with the same bytes, groups of two and more."""
    by_content: Mapping[str, list[str]] = defaultdict(list)
    for file in files:
        if file.sha256:
            by_content[file.sha256].append(file.path)
    return [sorted(paths) for paths in by_content.values() if len(paths) > 1]


def near_duplicates(files: Sequence[Examined]) -> list[Pair]:
    """Pairs of paths that look the same and differ in their bytes, sorted."""
    shown = sorted((file for file in files if file.looks), key=lambda file: file.path)
    if len(shown) < 2:
        return []
    looks = np.stack([np.frombuffer(file.looks, np.uint8).reshape(LOOKS, -1) for file in shown]).astype(np.float32)
    still, motion = looks.mean(1), looks - looks.mean(1, keepdims=True)
    moves = np.sqrt((motion**2).mean((1, 2))) >= MOTION_FLOOR
    still, motion = _unit(still - still.mean(1, keepdims=True)), _unit(motion.reshape(len(shown), -1))
    pairs: list[Pair] = []
    for first in range(0, len(shown), BLOCK):
        rows = slice(first, first + BLOCK)
        stays, moved = still[rows] @ still.T, motion[rows] @ motion.T
        in_motion = np.outer(moves[rows], moves) & (stays >= SAME_STILL) & (moved >= SAME_MOTION)
        at_rest = np.outer(~moves[rows], ~moves) & (stays >= SAME_AT_REST)
        same = in_motion | at_rest
        for one, other in zip(*np.nonzero(same), strict=True):
            one += first
            if one < other and shown[one].sha256 != shown[other].sha256 and _as_bright(looks, one, other):
                pairs.append((shown[one].path, shown[other].path))
    return pairs


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def _as_bright(looks: npt.NDArray[np.float32], one: int, other: int) -> bool:
    """Correlation forgets brightness and contrast; two evenly dark videos would else be copies of each other."""
    return bool(np.abs(looks[one] - looks[other]).mean() < SAME_LEVEL)
