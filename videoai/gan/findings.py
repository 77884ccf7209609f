"""What is wrong with a generator, in sentences, from what was measured of each class."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from videoai.gan.gate import CHANCES
from videoai.gan.metrics import NEAR
from videoai.gan.monitor import LOW_SPREAD

WEAK = 0.5  # a judge that is wrong on half of the real clips
COPIES = 4 * NEAR  # a fifth of all clips nearer to a training clip than a twentieth of real ones are


class Finding(NamedTuple):
    """One fault, for people and for programs."""

    kind: str  # weak_judge, mode_collapse, wrong_class, memorised
    classes: list[str]  # which it concerns; empty = all alike
    message: str


def findings(
    classes: Sequence[str], *, agreement: Tensor, diversity: Tensor, memorised: float, judge_on_real: float = 1.0
) -> list[Finding]:
    """agreement: [K], as in ``gate.Passed``; diversity: [K], as in ``metrics``; memorised: 0 .. 1. NaN: unknown."""
    found = []
    if judge_on_real < WEAK:
        message = f"weak judge: it is right on {judge_on_real:.0%} of real clips, so agreement and distances say little"
        found.append(Finding("weak_judge", [], message))
    if alike := [name for name, value in zip(classes, diversity.tolist(), strict=True) if value < LOW_SPREAD]:
        found.append(
            Finding(
                "mode_collapse",
                alike,
                f"mode collapse: {', '.join(alike)} differ less than {LOW_SPREAD:g} times as much as real ones",
            )
        )
    least = CHANCES / len(classes)
    if wrong := [name for name, value in zip(classes, agreement.tolist(), strict=True) if value < least]:
        found.append(
            Finding(
                "wrong_class",
                wrong,
                f"wrong class: the judge recognises less than {least:.0%} (twice chance) of {', '.join(wrong)}",
            )
        )
    if memorised > COPIES:
        message = f"memorised: {memorised:.0%} lie nearer to a training clip than {1 - NEAR:.0%} of held-out clips do"
        found.append(Finding("memorised", [], message))
    return found
