"""Columns of a table that are targets of their own, beside the label: numbers, classes, votes for classes.

A block float64 [N, C] holds them, so that they are selected, split and shared as the other columns of items are. NaN is
a missing one; a class is its place among the names of its column; votes are the share of their class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy import ndarray

from videoai.core.messages import did_you_mean, pluralize, truncated_list
from videoai.core.natural_order import natural_order
from videoai.data.lists.clip_table import Column
from videoai.settings.data import TargetKind

EMPTY = frozenset(("", "nan", "na", "n/a", "none", "null"))  # in lower case: what stands where nothing is known
NO_LABEL = "clip"  # the label of all clips where a table has targets and no label
LARGEST = float(np.finfo(np.float32).max)  # targets travel as float32
Kinds = Mapping[str, TargetKind]
Fail = Callable[[int, str], NoReturn]  # complains about a line by its index


@dataclass(frozen=True)
class TargetColumn:
    """A column of targets."""

    name: str
    kind: TargetKind
    classes: tuple[str, ...] = ()  # names in natural order, where the kind is class


def read_targets(columns: Mapping[str, Column], kinds: Kinds, fail: Fail) -> tuple[ndarray, tuple[TargetColumn, ...]]:
    """The block float64 [N, C] of the columns that ``kinds`` names, and what they are.

    Raises: ValueError, as ``fail`` says it: what is no number, or a clip without votes.
    """
    parts, made = [], []
    for name, kind in kinds.items():
        column = columns[name]
        known = natural_order({text for text in column.used() if not is_empty(text)}) if kind == "class" else []
        parts.append(_places(column, known) if kind == "class" else _numbers(name, kind, column, fail))
        made.append(TargetColumn(name, kind, tuple(known)))
    block = np.stack(parts, axis=1)
    votes = [at for at, column in enumerate(made) if column.kind == "votes"]
    if votes:
        block[:, votes] = _shares(block[:, votes], [made[at].name for at in votes], fail)
    return block, tuple(made)


def label_of_votes(block: ndarray, columns: Sequence[TargetColumn]) -> Column | None:
    """The class with the most votes, the first of equals; None where no column holds votes."""
    votes = [at for at, column in enumerate(columns) if column.kind == "votes"]
    if not votes:
        return None
    return Column(block[:, votes].argmax(1).astype(np.int32), [columns[at].name for at in votes])


def select_columns(
    block: ndarray, columns: Sequence[TargetColumn], kinds: Kinds, source: str
) -> tuple[ndarray, tuple[TargetColumn, ...]]:
    """The columns that ``kinds`` names, in its order. Raises: ValueError: one that there is not, or of another kind."""
    there = {column.name: at for at, column in enumerate(columns)}
    for name, kind in kinds.items():
        if name not in there:
            listed = truncated_list([*there]) or "none"
            raise ValueError(f"{source}: no column {name!r}; columns here: {listed}.{did_you_mean(name, [*there])}")
        if (known := columns[there[name]].kind) != kind:
            raise ValueError(f"{source}: the column {name} is of kind {known}, and the task wants kind {kind}.")
    return block[:, [there[name] for name in kinds]], tuple(columns[there[name]] for name in kinds)


def target_notes(block: ndarray, columns: Sequence[TargetColumn]) -> list[str]:
    """A sentence for each column: what it holds, and how many are missing."""
    notes = []
    for values, column in zip(block.T, columns, strict=True):
        known = values[~np.isnan(values)]
        missing = f", {pluralize(len(values) - len(known), 'clip lacks', 'clips lack')} it" * (len(known) < len(values))
        if column.kind == "class":
            notes.append(f"{column.name}: {pluralize(len(column.classes), 'class', 'classes')}{missing}.")
        elif not len(known):
            notes.append(f"{column.name}: no value at all.")
        else:
            span = f"{known.min():.4g} to {known.max():.4g}, mean {known.mean():.4g}"
            notes.append(f"{column.name}: {column.kind} from {span}{missing}.")
    return notes


def is_empty(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in EMPTY


def number_in(text: str) -> float:
    """NaN where nothing stands; infinity where no number does, or one that a network cannot learn."""
    if is_empty(text):
        return np.nan
    try:
        number = float(text)
    except ValueError:
        return np.inf
    return number if abs(number) <= LARGEST else np.inf


def fault_of_cell(name: str, kind: TargetKind, text: str) -> str:
    """What is wrong with a cell; "" = nothing."""
    number = 0.0 if kind == "class" else number_in(text)
    if kind == "votes" and number < 0:
        return f"{name} is {text!r}; votes or a probability, 0 or more, are allowed"
    if number == np.inf:
        bounds = f"-{LARGEST:.1e} to {LARGEST:.1e}"
        return f"{name} is {text!r}; a number such as 0.5 is allowed, {bounds}, or nothing where it is missing"
    return ""


def _numbers(name: str, kind: TargetKind, column: Column, fail: Fail) -> ndarray:
    faults = [fault_of_cell(name, kind, text) for text in column.texts]
    is_wrong = np.array([bool(fault) for fault in faults], bool)[column.codes]
    if is_wrong.any():
        line = int(is_wrong.argmax())
        fail(line, faults[column.codes[line]])
    return np.array([number_in(text) for text in column.texts], np.float64)[column.codes]


def _places(column: Column, classes: Sequence[str]) -> ndarray:
    place = {name: float(at) for at, name in enumerate(classes)}
    return np.array([place.get(text, np.nan) for text in column.texts], np.float64)[column.codes]


def _shares(votes: ndarray, names: Sequence[str], fail: Fail) -> ndarray:
    votes = np.nan_to_num(votes, nan=0.0)
    total = votes.sum(1, keepdims=True)
    if not total.all():
        without = int((total[:, 0] == 0).argmax())
        fail(without, f"no vote in {', '.join(names)}; fill them in or delete the line")
    return votes / total
