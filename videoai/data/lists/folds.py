"""Cross-validation: each clip is once in the test split, and groups never cross a fold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from videoai.core.messages import pluralize
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.splits import group_numbers, split_groups, unit_of

VAL_FRACTION = 0.15  # share of what is not test, where the layout has no val_fraction


def with_fold(
    manifest: Manifest, *, folds: int, fold: int, seed: int = 0, val_fraction: float | None = None
) -> Manifest:
    """The manifest with part ``fold`` of ``folds`` as its test split, and val made out of the others.

    All clips are dealt, whatever split they were in: by group, with about the same share of each class in all parts.

    Raises: ValueError: no such fold, or a class that has fewer groups than there are folds.
    """
    if not 0 <= fold < folds:
        raise ValueError(f"data.test_fold={fold}: with data.folds={folds} choose from 0 to {folds - 1}.")
    items = Items.join([manifest.splits[split] for split in SPLITS])
    items = items[items.in_order()]
    check_groups(items, manifest.classes, folds, "data.folds")
    is_test = fold_numbers(items, folds, seed) == fold
    share = VAL_FRACTION if val_fraction is None else val_fraction
    kept = {"train": items[~is_test], "val": items[:0]}
    if share > 0:
        kept = split_groups(items[~is_test], {"train": 1 - share, "val": share}, seed)
    made = " ".join(note.partition(" out of")[0] for note in manifest.notes if note.startswith("made "))
    given = [f"{len(manifest.splits[split])} of {split}" for split in ("val", "test") if split not in made]
    before = f"; the given splits ({', '.join(given)}) are not used" if given else ""
    notes = [note for note in manifest.notes if not note.startswith("made ")]
    notes.append(f"fold {fold} of {folds}, by {unit_of(items)}, is test{before}.")
    return replace(manifest, splits={**kept, "test": items[is_test]}, notes=tuple(notes))


def fold_numbers(items: Items, folds: int, seed: int) -> np.ndarray:
    """int64 [N], the part of each item, by scikit-learn's StratifiedGroupKFold."""
    from sklearn.model_selection import StratifiedGroupKFold

    dealer: Any = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    numbers = np.empty(len(items), np.int64)
    for number, (_, test) in enumerate(dealer.split(np.zeros(len(items)), items.label, group_numbers(items))):
        numbers[test] = number
    return numbers


def check_groups(items: Items, classes: Sequence[str], folds: int, setting: str, split: str = "") -> None:
    """Raises: ValueError: a class has fewer groups than there are folds. ``setting``: what says how many; ``split``:
    a word for the items where they are not all clips, such as ``training``."""
    groups, (clip, label) = group_numbers(items), items.label_pairs()
    counts = [len(np.unique(groups[clip[label == number]])) for number in range(len(classes))]
    fewest = min(range(len(counts)), key=lambda number: counts[number], default=0)
    if counts and (count := counts[fewest]) < folds:
        fewer = f"Set {setting} to {count} or less, or add clips" if count >= 2 else "Add clips"
        without = ", or leave the class out with data.only=[...]" if items.label_sets is None else ""
        have = pluralize(count, f"{split} {unit_of(items)}".strip())
        raise ValueError(
            f"{setting}={folds}: the class '{classes[fewest]}' has {have}, and each fold needs one. {fewer}{without}."
        )
