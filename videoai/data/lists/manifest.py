"""What there is to learn from: class folders or a CSV file -> class names and Items, split and checked.

    root/<class>/**/*.mp4                                    from_folder, splits made here
    root/{train,val,test}/<class>/**/*.mp4                   from_folder, splits given (valid, validation: val)
    path,label[,split,group,start_seconds,end_seconds,...]   from_csv

Only names are read here, never a video: a file that cannot be decoded shows later, as BadVideo.
"""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from videoai.core.messages import did_you_mean, truncated_list
from videoai.core.natural_order import natural_order
from videoai.core.types import LabelSpan
from videoai.data.lists import manifest_cache
from videoai.data.lists.class_folders import read_class_folders
from videoai.data.lists.clip_table import Where, relative
from videoai.data.lists.csv_clips import files_exist, read_csv_clips
from videoai.data.lists.csv_file import Delimiter
from videoai.data.lists.items import Items
from videoai.data.lists.listing import SPLITS, ReadClips, Together
from videoai.data.lists.splits import count_shared_groups, split_groups, unit_of
from videoai.data.lists.target_columns import Kinds, TargetColumn, target_notes

FAR_OFF = 0.5  # part of its share that a made split may have too much or too little before it is said; judgement


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


def from_folder(
    root: str | Path,
    *,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_by: Literal["clip", "folder", "source"] | None = None,
    split_seed: int = 0,
    extensions: Collection[str] | None = None,
) -> Manifest:
    """Reads class folders. Names starting with a dot are ignored, links are followed.

    The folders below root are splits when two or three are named so, or when the only one is and holds folders itself;
    otherwise they are classes. An absent val is made out of train, and so is an absent test when val is absent too.

    Args:
        val_fraction, test_fraction: share of the clips that a made split gets, 0 = none.
        split_by: "clip" or None: a made split may separate any two files (None refuses classes whose sub-folders are
            all the same). "folder": files in sub-folders of one name
            below a class (a person, a source video) stay together, in whichever class they lie. "source": so do files
            whose names say so, v_Run_g01_c02 and v_Run_g01_c03.
        extensions: such as [".mp4"]; None = split_folders.VIDEO_EXTENSIONS.
    Raises:
        FileNotFoundError: no such folder. ValueError: no videos, an empty class, too few clips for the splits to make.
    """
    if split_by not in (None, "clip", "folder", "source"):
        raise ValueError(f"split_by is {split_by!r}; a folder of videos can be split by clip, by folder or by source")
    root = os.path.abspath(os.path.expanduser(root))
    result = read_class_folders(root, extensions=extensions, group_by=split_by)
    return assemble(result, root, root, val_fraction=val_fraction, test_fraction=test_fraction, split_seed=split_seed)


def from_csv(
    path: str | Path,
    *,
    root: str | Path | None = None,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_by: str | None = None,
    split_seed: int = 0,
    where: Where | None = None,
    val_where: Where | None = None,
    test_where: Where | None = None,
    delimiter: Delimiter = "auto",
    multi_label: bool = False,
    columns: Kinds | None = None,
    label_columns: Sequence[str] = (),
) -> Manifest:
    """Reads one clip per line under a header `path,label[,split,group,start_seconds,end_seconds,...]`, UTF-8.

    A clip's split is what the split column says, else what val_where and test_where say, else train. If val is then
    empty it is made out of train; so is test, unless the split column is filled or test_where is given.

    Args:
        root: paths in the file are relative to it; None = the folder of the file.
        val_fraction, test_fraction: share of the clips in train that a made split takes, 0 = none.
        split_by: lines with the same value in this column stay together in made splits; "clip" = each file for itself;
            "source" = files whose names say so, v_Run_g01_c02 and v_Run_g01_c03, where no column is called so; None =
            the group column if it is there and filled, else "clip". Segments of one file always stay together.
        where: keep only lines whose column holds the value, or one of a list of values, e.g. {"clean": 1}.
        val_where, test_where: the lines that form val and test, e.g. {"fold": 4}.
        multi_label: a label is any number of classes, `run|jump`, nothing = none of them. A column label_seconds says
            when each holds, `0-1.5|2-`; without it, or where nothing stands, it holds all along. A column
            unknown_labels names classes that the clip was not annotated for.
        columns: columns that are targets, and their kinds; a label is then not needed.
        label_columns: with multi_label, a column for each class in the place of label: 1 = the clip has it, 0 = not,
            nothing or -1 = not annotated.
    Raises:
        FileNotFoundError: no such CSV file. ValueError: anything wrong in it, as `file.csv:LINE: ...`.
    """
    for name, value in (("where", where), ("val_where", val_where), ("test_where", test_where)):
        if value is not None and not isinstance(value, Mapping):
            raise ValueError(f"data.{name}={value}: give columns and their values, such as data.{name}={{fold: 4}}")
    where, val_where, test_where = map(_by_name, (where, val_where, test_where))
    path = os.path.abspath(os.path.expanduser(path))
    root = os.path.abspath(os.path.expanduser(root)) if root else os.path.dirname(path)
    lines: dict[str, Any] = {"root": root, "split_by": split_by, "delimiter": delimiter}
    lines |= {"multi_label": multi_label, "columns": dict(columns or {}), "label_columns": tuple(label_columns)}
    lines |= {"where": where, "val_where": val_where, "test_where": test_where}
    shares: dict[str, Any] = {"val_fraction": val_fraction, "test_fraction": test_fraction, "split_seed": split_seed}
    key = manifest_cache.key_of(path, lines | shares) if os.path.isfile(path) else ""
    kept = manifest_cache.recall(path, key)
    if kept and files_exist(kept.splits["train"].files, root).all():
        return Manifest(kept.classes, kept.splits, path, kept.notes, root, kept.together, kept.columns)
    result = read_csv_clips(path, **lines)
    manifest = assemble(result, root, path, **shares)
    if len(result.clips.items) >= manifest_cache.MIN_ITEMS:
        kept = manifest_cache.Kept(
            manifest.classes, manifest.splits, manifest.notes, manifest.together, manifest.columns
        )
        manifest_cache.store(path, key, kept)
    return manifest


def assemble(
    result: ReadClips, root: str, source: str, *, val_fraction: float, test_fraction: float, split_seed: int
) -> Manifest:
    """A reader's result -> labels, splits, notes. Splits do not depend on where root lies.

    Raises: ValueError: impossible fractions.
    """
    shares = _shares(val_fraction, 0.0 if result.has_test_split else test_fraction)
    listing, notes = result.clips, [*result.notes]
    if listing.items.values is not None:
        notes += target_notes(listing.items.values, listing.columns)
    counts = listing.items.count_labels(len(listing.names))
    classes = natural_order(listing.names[label] for label in np.flatnonzero(counts))
    label_of = {name: label for label, name in enumerate(classes)}
    labels = np.array([label_of.get(name, -1) for name in listing.names], np.int32)
    items = listing.items.relabelled(labels)
    order = items.in_order()
    home = np.maximum(listing.split, 0)[order]  # not said: train
    splits = {split: items[order[home == index]] for index, split in enumerate(SPLITS)}
    together, made = None, {split: share for split, share in shares.items() if share > 0 and not splits[split]}
    if made and splits["train"] and (len(classes) > 1 or listing.columns):
        splits |= split_groups(splits["train"], {"train": 1 - sum(made.values()), **made}, split_seed)
        notes, together = [*notes, *_made_notes(splits, made, split_seed)], result.together
    if together:
        setting, value, why = together
        notes.append(f"{why}, and made splits part them: data.{setting}={value} keeps each together.")
    notes += _split_notes(classes, splits)
    return Manifest(tuple(classes), splits, source, tuple(notes), root, together, listing.columns)


def _width(items: Items) -> int:
    return 0 if items.values is None else items.values.shape[1]


def _by_name(where: Where | None) -> Where | None:
    """A column that is called 2020 comes as a number."""
    return where and {str(column): value for column, value in where.items()}


def _shares(val_fraction: float, test_fraction: float) -> dict[str, float]:
    if min(val_fraction, test_fraction) < 0 or val_fraction + test_fraction >= 1:
        raise ValueError(
            f"val_fraction {val_fraction:g} and test_fraction {test_fraction:g}: "
            "each must be 0 or more and together they must leave clips for train, so stay below 1"
        )
    return {"val": val_fraction, "test": test_fraction}


def _made_notes(splits: dict[str, Items], made: dict[str, float], split_seed: int) -> list[str]:
    sizes = ", ".join(f"{split} {len(splits[split])}" for split in SPLITS)
    notes = [f"made {' and '.join(made)} out of train with split_seed {split_seed}: {sizes}."]
    total = sum(len(splits[split]) for split in ("train", *made))
    for split, share in made.items():
        got = len(splits[split]) / total
        if abs(got - share) > FAR_OFF * share:
            few = f"of few {unit_of(*splits.values())}s a share is met on average only"
            notes.append(
                f"{split} got {got:.0%} of the clips and not {share:.0%}: {few}. Another data.split_seed draws others."
            )
    return notes


def _split_notes(classes: list[str], splits: dict[str, Items]) -> list[str]:
    notes, unit = [], unit_of(*splits.values())
    for (one, other), num_shared in count_shared_groups(splits).items():
        verb = f"{unit} appears" if num_shared == 1 else f"{unit}s appear"
        notes.append(f"{num_shared} {verb} in both {one} and {other}: the score will flatter.")
    for split in ("val", "test"):
        absent = _named(classes, splits[split].count_labels(len(classes)) == 0)
        if splits[split] and absent:
            notes.append(
                f"{split} has no clip of {truncated_list(absent)}: too few {unit}s, so its score leaves them out."
            )
    if not splits["test"]:
        notes.append(f"there is no test split: evaluate will use {'val' if splits['val'] else 'no held-out clips'}.")
    return notes


def _named(classes: list[str], chosen: np.ndarray) -> list[str]:
    return [classes[label] for label in np.flatnonzero(chosen)]
