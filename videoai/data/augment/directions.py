"""Classes with a direction: what a clip is called once it is mirrored or played backwards.

``data.flip_labels={turn_left: turn_right}`` says that a mirrored turn_left is a turn_right, and the other way round.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from numpy import ndarray

from videoai.core.messages import did_you_mean
from videoai.settings.data import DataSettings

logger = logging.getLogger(__name__)

FLIP = 0.5  # what data.flip=auto means where mirroring changes no class
# Turn_Left, turnLeft, left2, LEFTWARDS, left-handed, counter-clockwise: words, not parts of words such as cleft
SIDES = "left|right", "clockwise|c?cw|(counter|anti)[ _-]?clockwise"
ENDING = "(-?(wards?|hand|handed|side))?"
SIDED = re.compile(rf"(?<![^\W\d_])(({SIDES[0]}){ENDING}|{SIDES[1]})(?![^\W\d_])", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Directions:
    """How often clips are turned round, and which label each label turns into then.

    A map is its own inverse; () leaves every label as it is.
    """

    flip: float = 0.0  # probability of a mirrored clip
    reverse: float = 0.0  # probability of a clip played backwards
    flip_labels: tuple[int, ...] = ()  # [K]
    reverse_labels: tuple[int, ...] = ()  # [K]

    def label(self, label: int, *, is_mirrored: bool, is_reversed: bool) -> int:
        """The label of a clip after what was done to it."""
        if is_mirrored and self.flip_labels:
            label = self.flip_labels[label]
        if is_reversed and self.reverse_labels:
            label = self.reverse_labels[label]
        return label

    def counts(self, counts: ndarray) -> ndarray:
        """Clips of each class that are expected to come, [K], when these many are drawn."""
        for chance, labels in ((self.flip, self.flip_labels), (self.reverse, self.reverse_labels)):
            if labels:
                counts = (1 - chance) * counts + chance * counts[list(labels)]
        return counts


def sided_classes(classes: Sequence[str]) -> list[str]:
    """Those whose names tell left from right, or which way something turns."""
    return [name for name in classes if SIDED.search(HUMP.sub("_", name))]


def resolve_flip(data: DataSettings, classes: Sequence[str]) -> float:
    """``data.flip`` as a number. ``auto`` = mirroring is off where it would make labels wrong, which is said."""
    if data.flip != "auto":
        return data.flip
    sided = sided_classes(classes) if data.directional is None else list(classes) * data.directional
    if not sided or data.flip_labels:
        return FLIP
    logger.info(
        "no clip is mirrored, since mirroring makes another class of '%s' (data.flip=0). To mirror all the same: "
        "data.flip=%g; with other labels: data.flip_labels='{LEFT: RIGHT}'",
        *("', '".join(sided[:2]), FLIP),
    )
    return 0.0


def resolve_directions(data: DataSettings, classes: Sequence[str], targets: Sequence[str] = ()) -> Directions:
    """``flip``, ``flip_labels``, ``reverse``, ``reverse_labels`` and ``directional`` of a data config.

    Warns where names hint at a side that mirroring would change and no map says so.

    Args:
        targets: names of columns of targets, and of their classes.
    Raises: ValueError: a map that does not fit the classes, or clips turned round in a way that makes labels or targets
        wrong.
    """
    flip, reverse, directional = resolve_flip(data, [*classes, *targets]), data.reverse, data.directional
    if targets:
        _check_no_map("flip", flip, data.flip_labels)
        _check_no_map("reverse", reverse, data.reverse_labels)
        data = replace(data, flip_labels=None, reverse_labels=None)
    others = bool(data.only) or data.source.get("variant", "classes") != "classes"  # than those that presets map
    pairs = {
        "flip_labels": _chosen(data.flip_labels, others, flip, classes),
        "reverse_labels": _chosen(data.reverse_labels, others, reverse, classes),
    }
    maps = {key: label_map(given, classes, where=f"data.{key}") for key, given in pairs.items()}
    if flip and not maps["flip_labels"]:
        _check_mirrored(flip, directional, [*classes, *targets])
    if reverse and not maps["reverse_labels"] and directional is not False:
        raise ValueError(
            f"data.reverse={reverse:g}: played backwards, most actions are others. Say what turns into what with "
            "'data.reverse_labels={open: close}', or that nothing does with data.directional=false"
        )
    return Directions(flip=flip, reverse=reverse, **maps)


def label_map(pairs: Mapping[str, str] | None, classes: Sequence[str], *, where: str) -> tuple[int, ...]:
    """[K], the label that each label turns into; () without pairs. A pair is meant both ways.

    Raises: ValueError: a name that is no class, or one that is to turn into two.
    """
    if not pairs:
        return ()
    if not isinstance(pairs, Mapping):
        raise ValueError(f"{where}={pairs}: give pairs of class names, such as {{turn_left: turn_right}}")
    partner: dict[str, str] = {}
    for one, other in ((str(one), str(other)) for one, other in pairs.items()):
        for name, becomes in ((one, other), (other, one)):
            if name not in classes:
                raise ValueError(
                    f"{where}: '{name}' is no class.{did_you_mean(name, classes)} Classes: {', '.join(classes)}"
                )
            if partner.setdefault(name, becomes) != becomes:
                raise ValueError(f"{where}: '{name}' cannot turn into both '{partner[name]}' and '{becomes}'")
    return tuple(classes.index(partner.get(name, name)) for name in classes)


def _chosen(
    pairs: Mapping[str, str] | None, only: bool, chance: float, classes: Sequence[str]
) -> Mapping[str, str] | None:
    """Where classes are ``only`` some, a map may also name classes that were left out: their pairs are of no use, and
    half a pair is an error only if clips are turned round."""
    if not only or not pairs:
        return pairs
    counts = any if chance else all
    return {one: other for one, other in pairs.items() if counts(str(name) in classes for name in (one, other))}


def _check_no_map(how: str, chance: float, pairs: Mapping[str, str] | None) -> None:
    """Raises: ValueError: labels are to be exchanged where something else is learned."""
    if chance and pairs:
        raise ValueError(
            f"data.{how}_labels={dict(pairs)}: exchanges the labels of clips, and the task learns columns of targets, "
            f"which stay as they are. Set data.{how}=0, or data.{how}_labels=null data.directional=false if no target "
            "changes"
        )


def _check_mirrored(flip: float, directional: bool | None, classes: Sequence[str]) -> None:
    if directional:
        raise ValueError(
            f"data.flip={flip:g}: the classes are declared directional, and a mirrored clip would keep its label. Set "
            "data.flip=0, or say what turns into what with 'data.flip_labels={turn_left: turn_right}'"
        )
    sided = sided_classes(classes)
    if sided and directional is None:
        logger.warning(
            "warning: mirroring makes '%s' look like its opposite; labels will be wrong (data.flip=%g). Use "
            "data.flip=0, data.flip_labels='{LEFT: RIGHT}', or data.directional=false if mirroring changes nothing",
            *(sided[0], flip),
        )
