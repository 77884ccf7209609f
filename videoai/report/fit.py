"""Does a run overfit, underfit, or was it still improving? Two sentences from its curves.

The rules are listed in docs/defaults.md. What makes curves hard to compare, and what is done about it: the training
loss holds label smoothing, mixed labels and weight penalties, so its height is never compared with that of validation,
only its direction. Training accuracy is that of augmented clips under dropout, which is lower than of plain ones: a gap
to validation is at least what is shown. With mixed labels it is not used.
"""

import math
from dataclasses import dataclass
from statistics import fmean, linear_regression
from typing import Literal, NamedTuple

from videoai.core.curves import SURE, Points, Rise, finite, rise
from videoai.core.messages import pluralize, whole_percent

Kind = Literal["overfitting", "underfitting", "improving", "fits", "unknown"]

# Judgement, all of them.
FEWEST = 4  # evaluations that make a curve
FEWEST_LOGGED = 4  # training batches that make a mean
LAST = 0.25  # share of a curve that counts as its end
LOW = 0.8  # training accuracy below which a model has not learned its own clips
GAP = 0.1  # training accuracy minus validation accuracy
FALLING = 0.03  # share by which validation loss must still fall over the last part
TREND = 0.4  # share of the evaluations that show a trend
DONE = 0.99  # validation accuracy beyond which a falling loss gains nothing
WIDE = 0.1  # two standard errors from which the uncertainty of a score is worth a sentence


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What a run recorded."""

    train_loss: Points
    val_loss: Points
    train_metric: Points  # accuracy of single training batches, 0 .. 1; none where the task logs none
    val_metric: Points  # the same one of validation
    title: str  # such as "top-1"
    num_val: int  # clips
    batch: int  # clips of a step
    num_classes: int  # 0 = a clip has no class or several, so no accuracy can be expected of it
    is_mixed: bool = False  # by mixup or cutmix, so that training accuracy says little


class Fit(NamedTuple):
    """The verdict."""

    kind: Kind
    why: str  # one or two sentences
    at_chance: bool = False  # underfitting: not even the training clips are told apart; overfitting: no validation clip


def judge(curves: Curves) -> Fit:
    """The first rule that holds: too few points, overfitting, underfitting, still improving, fits."""
    known = finite(curves.val_loss)
    if len(known) < FEWEST:
        lost = len(curves.val_loss) - len(known)
        broken = f", {lost} more were not finite" if lost else ""
        return Fit("unknown", f"Cannot tell from {pluralize(len(known), 'evaluation')}{broken}: {FEWEST} make a curve.")
    return overfitting(curves) or underfitting(curves) or improving(curves) or fits(curves)


def overfitting(curves: Curves) -> Fit | None:
    """Validation loss that rises while training loss falls, or a wide gap between the accuracies."""
    risen, gap = rise(curves.val_loss, curves.num_val), accuracy_gap(curves)
    parts = []
    if risen and risen.is_clear and fell(curves.train_loss, since=risen.step):
        parts.append(
            f"validation loss was lowest at step {risen.step:g} and rose by {whole_percent(risen.share)} after it, "
            "while training loss kept falling"
        )
    if gap and gap.is_sure:
        train, val = whole_percent(gap.train), whole_percent(gap.val)
        then = ", no better than chance" if is_chance(gap.val, curves.num_val, curves) else ""
        parts.append(f"{curves.title} of training clips is {train}, of validation clips {val}{then}")
    at_chance = bool(gap) and is_chance(gap.val, curves.num_val, curves)
    return Fit("overfitting", f"Overfitting: {'; '.join(parts)}.{noise(curves)}", at_chance) if parts else None


def underfitting(curves: Curves) -> Fit | None:
    """Training clips that are not learned, and no better than those of validation."""
    train = end_of(curves.train_metric)
    if curves.is_mixed or not curves.num_classes or train is None or train >= LOW:
        return None
    at_chance = is_chance(train, counted(curves), curves)
    of = f"{curves.title} of training clips is {whole_percent(train)} with {curves.num_classes} classes"
    rising = trend(curves.train_metric)
    then = " at the end, no better than chance" if at_chance else " and still rising at the end" if rising else ""
    return Fit("underfitting", f"Underfitting: {of}{then}.{noise(curves)}", at_chance)


def improving(curves: Curves) -> Fit | None:
    """Validation loss that still falls, and a score that leaves something to gain."""
    val = end_of(curves.val_metric, fewest=1)
    if not is_falling(curves.val_loss) or (val is not None and val >= DONE):
        return None
    return Fit("improving", f"Still improving when it ended: validation loss was still falling.{noise(curves)}")


def fits(curves: Curves) -> Fit:
    """None of these; what came near to one is said."""
    risen, gap = rise(curves.val_loss, curves.num_val), accuracy_gap(curves)
    said = "validation loss no longer falls" + ("" if risen else " and does not rise")
    if gap:
        train, val = whole_percent(gap.train), whole_percent(gap.val)
        said += f"; {curves.title} is {train} of training clips, {val} of validation clips"
    if risen:
        said += f". It rose by {whole_percent(risen.share)} after step {risen.step:g}, {unsure(curves, risen)}"
    return Fit("fits", f"Fits: {said}.{noise(curves)}")


class Gap(NamedTuple):
    """Accuracy at the end of training."""

    train: float
    val: float
    is_sure: bool  # wider than ``GAP``, and than chance makes it


def accuracy_gap(curves: Curves) -> Gap | None:
    """None where there is no training accuracy to compare."""
    train, val = end_of(curves.train_metric), end_of(curves.val_metric, fewest=1)
    if curves.is_mixed or train is None or val is None:
        return None
    error = math.hypot(binomial_error(train, counted(curves)), binomial_error(val, curves.num_val))
    return Gap(train, val, train - val > max(GAP, SURE * error))


def counted(curves: Curves) -> int:
    """Training clips in the batches whose mean is the accuracy at the end."""
    return curves.batch * max(FEWEST_LOGGED, round(LAST * len(finite(curves.train_metric))))


def end_of(points: Points, fewest: int = FEWEST_LOGGED) -> float | None:
    """The mean of the last quarter of a curve, of ``fewest`` points at least; None where there are fewer."""
    values = [value for _, value in finite(points)]
    return fmean(values[-max(fewest, round(LAST * len(values))) :]) if len(values) >= fewest else None


def is_chance(accuracy: float, count: int, curves: Curves) -> bool:
    """Whether an accuracy of ``count`` clips is what guessing among the classes gives, or less."""
    if not curves.num_classes:
        return False
    guessed = 1 / curves.num_classes
    return accuracy <= guessed + SURE * binomial_error(guessed, count)


def fell(points: Points, since: float) -> bool:
    """Whether a curve is lower at its end than around a step."""
    known = finite(points)
    before = [value for step, value in known if step <= since]
    width = max(1, round(LAST * len(known)))
    return bool(before) and len(known) > len(before) and fmean(before[-width:]) > fmean(v for _, v in known[-width:])


def trend(points: Points) -> float:
    """How much a curve changes over its last part, in its own unit; 0.0 where that is not sure (|t| of the slope)."""
    known = finite(points)
    last = known[-max(FEWEST, round(TREND * len(known))) :]
    if len(last) < FEWEST or last[0][0] == last[-1][0]:
        return 0.0
    steps, values = zip(*last, strict=True)
    slope, start = linear_regression(steps, values)
    left_over = sum((value - start - slope * step) ** 2 for step, value in last) / (len(last) - 2)
    middle = fmean(steps)
    error = math.sqrt(left_over / sum((step - middle) ** 2 for step in steps))
    return slope * (steps[-1] - steps[0]) if abs(slope) > SURE * error else 0.0


def is_falling(losses: Points) -> bool:
    """Whether the last part of a curve falls for sure, and enough to matter."""
    level = end_of(losses, fewest=1)
    return level is not None and trend(losses) < -FALLING * abs(level)


def noise(curves: Curves) -> str:
    """A sentence on what a small validation split leaves open; nothing where it is large."""
    val = end_of(curves.val_metric, fewest=1)
    if val is None:
        return ""
    width = SURE * binomial_error(val, curves.num_val)
    if width < WIDE:
        return ""
    return (
        f" With {pluralize(curves.num_val, 'validation clip')} {curves.title} is uncertain by {100 * width:.0f} points "
        "to either side: smaller differences between runs are noise."
    )


def unsure(curves: Curves, risen: Rise) -> str:
    """Why a rise is no verdict."""
    if risen.is_clear:
        return "but training loss did not fall meanwhile"
    return f"which {pluralize(curves.num_val, 'validation clip')} cannot tell from noise"


def binomial_error(share: float, count: int) -> float:
    """The standard error of a share of ``count`` clips; one more right and wrong answer each keep it above 0."""
    adjusted = (share * count + 1) / (count + 2)
    return math.sqrt(adjusted * (1 - adjusted) / max(1, count))
