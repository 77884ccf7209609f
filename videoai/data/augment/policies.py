"""Policies that draw operations for a clip: RandAugment, TrivialAugment, AutoAugment.

    randaugment   num_ops operations, any of the list, all at one magnitude (arXiv:1909.13719)
    trivial       one operation of any magnitude (arXiv:2103.10158)
    autoaugment   one of 25 learned pairs (arXiv:1805.09501)

All three share the operations and the ranges of table 6 of AutoAugment. Strength is 0 .. 1 of a range, and 0 changes
nothing; an operation with two directions takes one of them at random. Table 6 turns by 30 degrees at most: the wider
ranges that TrivialAugment also offers would turn "left" into "up".
"""

from collections.abc import Callable
from math import atan, degrees
from typing import Literal, get_args

import torch
from torch import Generator

from videoai.core.types import Op

PolicyName = Literal["randaugment", "trivial", "autoaugment"]
POLICIES = get_args(PolicyName)
MAX_MAGNITUDE = 30  # RandAugment's: the scale of arXiv:1909.13719, section 3

# name: strength, -1 .. 1 or 0 .. 1 -> value, as data/augment/operations.py takes it
TWO_WAYS: dict[str, Callable[[float], float]] = {
    "shear_x": lambda strength: degrees(atan(0.3 * strength)),
    "shear_y": lambda strength: degrees(atan(0.3 * strength)),
    "translate_x": lambda strength: 150 / 331 * strength,  # 150 pixels of the paper's 331
    "translate_y": lambda strength: 150 / 331 * strength,
    "rotate": lambda strength: 30 * strength,
    "brightness": lambda strength: 1 + 0.9 * strength,
    "contrast": lambda strength: 1 + 0.9 * strength,
    "saturation": lambda strength: 1 + 0.9 * strength,
    "sharpness": lambda strength: 1 + 0.9 * strength,
}
ONE_WAY: dict[str, Callable[[float], float]] = {
    "posterize": lambda strength: 8 - round(4 * strength),
    "solarize": lambda strength: 256 * (1 - strength),
}
# RandAugment's list (arXiv:1909.13719, section 3) is also TrivialAugment's.
CHOICES = ("identity", "autocontrast", "equalize", *TWO_WAYS, *ONE_WAY)

# AutoAugment's policy for ImageNet (arXiv:1805.09501, table 9): pairs of (operation, probability, magnitude of 9).
# 0 stands where an operation has no magnitude. A sign is drawn, as torchvision does.
IMAGENET = (
    (("posterize", 0.4, 8), ("rotate", 0.6, 9)),
    (("solarize", 0.6, 5), ("autocontrast", 0.6, 0)),
    (("equalize", 0.8, 0), ("equalize", 0.6, 0)),
    (("posterize", 0.6, 7), ("posterize", 0.6, 6)),
    (("equalize", 0.4, 0), ("solarize", 0.2, 4)),
    (("equalize", 0.4, 0), ("rotate", 0.8, 8)),
    (("solarize", 0.6, 3), ("equalize", 0.6, 0)),
    (("posterize", 0.8, 5), ("equalize", 1.0, 0)),
    (("rotate", 0.2, 3), ("solarize", 0.6, 8)),
    (("equalize", 0.6, 0), ("posterize", 0.4, 6)),
    (("rotate", 0.8, 8), ("saturation", 0.4, 0)),
    (("rotate", 0.4, 9), ("equalize", 0.6, 0)),
    (("equalize", 0.0, 0), ("equalize", 0.8, 0)),
    (("invert", 0.6, 0), ("equalize", 1.0, 0)),
    (("saturation", 0.6, 4), ("contrast", 1.0, 8)),
    (("rotate", 0.8, 8), ("saturation", 1.0, 2)),
    (("saturation", 0.8, 8), ("solarize", 0.8, 7)),
    (("sharpness", 0.4, 7), ("invert", 0.6, 0)),
    (("shear_x", 0.6, 5), ("equalize", 1.0, 0)),
    (("saturation", 0.4, 0), ("equalize", 0.6, 0)),
    (("equalize", 0.4, 0), ("solarize", 0.2, 4)),
    (("solarize", 0.6, 5), ("autocontrast", 0.6, 0)),
    (("invert", 0.6, 0), ("equalize", 1.0, 0)),
    (("saturation", 0.6, 4), ("contrast", 1.0, 8)),
    (("equalize", 0.8, 0), ("equalize", 0.6, 0)),
)


def draw_policy(name: PolicyName, generator: Generator, *, num_ops: int = 2, magnitude: int = 9) -> list[Op]:
    """The operations for one clip, perhaps none. ``num_ops`` and ``magnitude``, 0 .. 30, are RandAugment's."""
    if name == "autoaugment":
        steps = [(op, chance, level / 9) for op, chance, level in IMAGENET[_below(len(IMAGENET), generator)]]
    else:
        if name == "trivial":  # one operation, of any strength
            num_ops, magnitude = 1, _below(MAX_MAGNITUDE + 1, generator)
        steps = [(CHOICES[_below(len(CHOICES), generator)], 1.0, magnitude / MAX_MAGNITUDE) for _ in range(num_ops)]
    return [
        op
        for name, chance, strength in steps
        if float(torch.rand((), generator=generator)) < chance
        for op in operation(name, strength, sign=2 * _below(2, generator) - 1)
    ]


def operation(name: str, strength: float, sign: int = 1) -> list[Op]:
    """The operation at a strength, 0 .. 1; none where that changes nothing. ``sign``: 1 or -1, where there are two
    ways."""
    if name in TWO_WAYS:
        return [Op(name, (TWO_WAYS[name](sign * strength),))] if strength else []
    if name in ONE_WAY:
        return [Op(name, (ONE_WAY[name](strength),))] if strength else []
    return [] if name == "identity" else [Op(name)]


def _below(number: int, generator: Generator) -> int:
    return int(torch.randint(number, (), generator=generator))
