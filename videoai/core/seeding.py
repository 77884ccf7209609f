"""The one rule for all randomness: a draw is a pure function of the seed and of where it is made.

No random state is stored or restored anywhere. Resuming at step s, or changing the number of workers, replays the same
draws because they are addressed by (seed, epoch, index, view) or (seed, step), never by what was drawn before.
"""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import torch
from numpy import ndarray

Where = int | str


def seed_for(seed: int, *where: Where) -> int:
    """A 63-bit seed for one place, e.g. ``seed_for(0, "sample", epoch, index, view)``.

    A keyed hash rather than ``hash()``: Python salts string hashes per process.
    """
    text = "/".join(str(part) for part in (seed, *where))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seeds_for(seed: int, *where: Where, ends: Iterable[bytes]) -> ndarray:
    """int64 [N]: ``seed_for(seed, *where, end)`` for every end, in UTF-8; five times as fast for a million."""
    start = blake2b("".join(f"{part}/" for part in (seed, *where)).encode(), digest_size=8)
    digests = bytearray()
    for end in ends:
        place = start.copy()
        place.update(end)
        digests += place.digest()
    return (np.frombuffer(digests, ">u8") >> 1).astype(np.int64)


def generator_for(seed: int, *where: Where) -> torch.Generator:
    """A CPU generator for one place; two places never share draws."""
    return torch.Generator().manual_seed(seed_for(seed, *where))
