"""Weights, videos and texts that are drawn by a rule from their names, so that no fixture has to hold them."""

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


def normal(name: str, shape: Sequence[int]) -> Tensor:
    """Standard normal numbers, the same on every machine."""
    generator = np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode())))
    return torch.from_numpy(generator.standard_normal(tuple(shape), dtype=np.float32))


def filled(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """A state dict: norms near 1, biases and positions near 0, matrices of the width of their rows."""
    return {name: _tensor(name, tuple(shape)) for name, shape in shapes.items()}


def _tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    leaf = name.rpartition(".")[2]
    if leaf == "position_ids":
        return torch.arange(shape[-1]).reshape(shape)
    if leaf == "logit_scale":
        return torch.tensor(math.log(100.0))
    if leaf == "alpha":
        return 0.1 + 0.02 * normal(name, shape)
    if len(shape) == 1:
        return 0.1 * normal(name, shape) + (1.0 if leaf == "weight" else 0.0)
    if "embedding" in name and "patch" not in name:
        return 0.3 * normal(name, shape)
    return normal(name, shape) / math.sqrt(math.prod(shape[1:]))


def video(shape: Sequence[int]) -> Tensor:
    """A clip as networks take it, [B, 3, T, H, W]."""
    return normal("video", shape)


def texts(number: int, vocabulary: int, context: int) -> Tensor:
    """Numbers of tokens, [N, L]: the beginning, some, the end, zeros."""
    rows = torch.zeros(number, context, dtype=torch.int64)
    for row in range(number):
        middle = [
            (zlib.crc32(f"{row} {place}".encode()) % (vocabulary - 2)) for place in range(1 + row % (context - 2))
        ]
        tokens = [vocabulary - 2, *middle, vocabulary - 1]
        rows[row, : len(tokens)] = torch.tensor(tokens)
    return rows
