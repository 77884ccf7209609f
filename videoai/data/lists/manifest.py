"""What there is to learn from: class names and Items, split and checked."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from videoai.core.messages import did_you_mean, truncated_list
from videoai.core.types import LabelSpan
from videoai.data.lists.clip_table import relative
from videoai.data.lists.items import Items
from videoai.data.lists.listing import SPLITS, Together
from videoai.data.lists.target_columns import TargetColumn


@dataclass(frozen=True)
class Manifest:
    """Class names and the items of each split. The index of a class is its label."""

    classes: tuple[str, ...]
    splits: dict[str, Items]  # keys train, val, test; what is left out is empty; lists of VideoItem are taken too
    source: str  # the folder or CSV file this was read from
    notes: tuple[str, ...] = ()  # one sentence each: how splits were made, what was skipped, what flatters the score
    root: str = ""  # the folder that item paths lie under
    together: Together | None = None  # the setting that a made split lacks
    columns: tuple[TargetColumn, ...] = ()  # targets beside the label: what the values of items are

    def __post_init__(self) -> None:
        if not isinstance(self.classes, list | tuple) or not isinstance(self.source, str):
            raise ValueError(f"{self.source}: classes={self.classes!r}: give a tuple of names, and source as text.")
        if wrong := self.splits.keys() - {*SPLITS}:
            raise ValueError(f"{self.source}: no split is called {min(wrong)!r}. There are {', '.join(SPLITS)}.")
        if wrong := [name for name, count in Counter(self.classes).items() if not isinstance(name, str) or count > 1]:
            raise ValueError(f"{self.source}: the class {wrong[0]!r}: class names are text, and each is there once.")
        given = {split: self.splits.get(split, ()) for split in SPLITS}
        columns = {split: items if isinstance(items, Items) else Items.of(items) for split, items in given.items()}
        object.__setattr__(self, "splits", columns)
        if wrong := [split for split, items in columns.items() if len(items) and _width(items) != len(self.columns)]:
            given = f"{_width(columns[wrong[0]])} values each, and there are {len(self.columns)} columns of targets"
            raise ValueError(f"{self.source}: the clips of {wrong[0]} have {given}.")

    @property
    def is_multi_label(self) -> bool:
        """Whether a video may have several labels at once, or none."""
        return any(items.label_sets is not None for items in self.splits.values())

    @property
    def has_unknown(self) -> bool:
        """Whether some clips were not annotated for some classes."""
        return any(items.count_unknown(len(self.classes)).any() for items in self.splits.values())

    @property
    def all_names(self) -> list[str]:
        """Names of classes, and of columns of targets and theirs: what may say that clips have a direction."""
        return [*self.classes, *(name for column in self.columns for name in (column.name, *column.classes))]

    def target_values(self, split: str, name: str) -> np.ndarray:
        """float64 [N] of a column of targets, NaN = missing."""
        values, place = self.splits[split].values, self.place_of(name)
        return np.empty(0) if values is None else values[:, place]

    def place_of(self, name: str) -> int:
        """The place of a column among the values of an item. Raises: ValueError: the data have no such column."""
        names = [column.name for column in self.columns]
        if name not in names:
            raise ValueError(f"{self.source}: no column {name!r} was read as a target; data.columns names them.")
        return names.index(name)

    def check_single_label(self, why: str) -> None:
        """Raises: ValueError: the clips have several labels each; ``why`` says who cannot use them."""
        if self.is_multi_label:
            raise ValueError(f"{self.source}: its clips have several labels each, but {why}.")

    def table(self) -> list[tuple[str, int, int, int]]:
        """Rows (class name, clips in train, in val, in test)."""
        counts = [self.splits[split].count_labels(len(self.classes)).tolist() for split in SPLITS]
        return list(zip(self.classes, *counts, strict=True))

    def only(self, names: Collection[str]) -> "Manifest":
        """The named classes alone, in the order they had. Raises: ValueError: a class that there is not."""
        if not names:
            raise ValueError("data.only=[]: no class is named. Name some, or set data.only=null for all.")
        self.check_single_label("data.only selects clips by their one label")
        if unknown := [name for name in names if name not in self.classes]:
            hint = did_you_mean(unknown[0], self.classes)
            raise ValueError(
                f"data.only: {self.source} has no class '{unknown[0]}'.{hint} It has: {truncated_list(self.classes)}"
            )
        kept = [label for label, name in enumerate(self.classes) if name in names]
        new_label = np.full(len(self.classes), -1, np.int32)
        new_label[kept] = np.arange(len(kept))
        return replace(
            self,
            classes=tuple(self.classes[label] for label in kept),
            splits={
                split: replace(chosen := items[new_label[items.label] >= 0], label=new_label[chosen.label])
                for split, items in self.splits.items()
            },
            notes=(*self.notes, f"only {len(kept)} of {len(self.classes)} classes."),
        )

    def check_labels(self) -> None:
        """Raises: ValueError: a label that is the number of no class."""
        for split, items in self.splits.items():
            labels = items.label_pairs()[1]
            if wrong := sorted({*labels.tolist()} - {*range(len(self.classes))}):
                raise ValueError(
                    f"{self.source}: a clip of {split} has the label {wrong[0]}, and there are {len(self.classes)} "
                    f"classes: {truncated_list(self.classes)}. Labels are their places in this list, from 0."
                )

    def check_times(self) -> None:
        """Raises: ValueError: a clip that begins before its video, or does not end behind its start."""
        for split, items in self.splits.items():
            start, end = items.start_seconds, items.end_seconds
            is_wrong = ~(start >= 0) | (end <= start)  # an end that is NaN is that of the file
            if is_wrong.any():
                item = items[int(is_wrong.argmax())]
                times = f"from {item.start_seconds} to {item.end_seconds} s"
                raise ValueError(
                    f"{self.source}: {item.path} in {split} is {times}; a start is 0 or more, and an end behind it, or "
                    "None."
                )

    def check_learnable(self) -> None:
        """What can be evaluated cannot always be trained on.

        Raises: ValueError: one class only, nothing in train, or a class in val or test that train lacks.
        """
        if not self.classes or not any(map(len, self.splits.values())):
            raise ValueError(f"{self.source}: there are no clips in it, so there is nothing to learn from")
        if len(self.classes) < 2 and not self.columns:
            raise ValueError(
                f"{self.source}: the only class is {str(*self.classes)!r}, so there is nothing to learn; add a second "
                "class, also to data.only where it is set"
            )
        known = [name for name, in_train, _, _ in self.table() if in_train]
        for split, column in (("val", 2), ("test", 3)):
            unknown = [row[0] for row in self.table() if row[column] and row[0] not in known]
            if unknown:
                raise ValueError(
                    f"{self.source}: {split} holds the class {truncated_list(unknown)}, which train lacks; train holds "
                    f"{truncated_list(known) or 'no clips'}. Use the same class names, or add clips to train"
                )

    def fingerprint(self) -> str:
        """16 hex digits over classes, paths below the root, labels, times and order.

        They stay the same when the folder moves, and when the contents of a file change: no file is opened.
        """
        about = (self.classes, self.columns) if self.columns else self.classes
        digest = blake2b(repr(about).encode("utf-8", "backslashreplace"), digest_size=8)
        for split, items in self.splits.items():
            for item in replace(items, root="") if items.root == self.root else items:  # no need to join and to cut off
                label = item.label if item.spans is None else sorted(map(_span_text, item.spans))
                line = (split, relative(item.path, self.root), label, item.start_seconds, item.end_seconds)
                line += (item.values,) if item.values else ()
                digest.update(repr(line).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def _span_text(span: LabelSpan) -> str:
    """A span as fingerprints have it; those of known labels are older than the others."""
    text = f"LabelSpan(label={span.label!r}, start_seconds={span.start_seconds!r}, end_seconds={span.end_seconds!r})"
    return text if span.is_known else f"not annotated: {span.label}"


def _width(items: Items) -> int:
    return 0 if items.values is None else items.values.shape[1]
