"""Diagnostics of a generator, in sentences: weak evaluator, mode collapse, wrong classes, memorised clips."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from videoai.gan.metrics import NEAR
from videoai.gan.monitor import LOW_SPREAD
from videoai.gan.sample_filter import CHANCES

WEAK = 0.5  # an evaluator that is wrong on half of the real clips
COPIES = 4 * NEAR  # a fifth of all clips nearer to a training clip than a twentieth of real ones are


class Diagnostic(NamedTuple):
    """One failure of a generator, for people and for programs."""

    kind: str  # weak_judge, mode_collapse, wrong_class, memorised
    classes: list[str]  # which it concerns; empty = all alike
    message: str


def diagnose(
    classes: Sequence[str], *, agreement: Tensor, diversity: Tensor, memorised: float, judge_on_real: float = 1.0
) -> list[Diagnostic]:
    """agreement: [K], as in ``sample_filter.Filtered``; diversity: [K], as in ``metrics``; memorised: 0 .. 1.
    NaN = unknown."""
    diagnostics = []
    if judge_on_real < WEAK:
        message = (
            f"weak evaluator: it is right on {judge_on_real:.0%} of real clips, so agreement and distances say little"
        )
        diagnostics.append(Diagnostic("weak_judge", [], message))
    if alike := [name for name, value in zip(classes, diversity.tolist(), strict=True) if value < LOW_SPREAD]:
        diagnostics.append(
            Diagnostic(
                "mode_collapse",
                alike,
                f"mode collapse: {', '.join(alike)} differ less than {LOW_SPREAD:g} times as much as real ones",
            )
        )
    least = CHANCES / len(classes)
    if wrong := [name for name, value in zip(classes, agreement.tolist(), strict=True) if value < least]:
        diagnostics.append(
            Diagnostic(
                "wrong_class",
                wrong,
                f"wrong class: the evaluator recognises less than {least:.0%} (twice chance) of {', '.join(wrong)}",
            )
        )
    if memorised > COPIES:
        message = f"memorised: {memorised:.0%} lie nearer to a training clip than {1 - NEAR:.0%} of held-out clips do"
        diagnostics.append(Diagnostic("memorised", [], message))
    return diagnostics
