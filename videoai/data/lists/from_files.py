"""Class folders or a CSV file -> a manifest.

    root/<class>/**/*.mp4                                    from_folder, splits made here
    root/{train,val,test}/<class>/**/*.mp4                   from_folder, splits given (valid, validation: val)
    path,label[,split,group,start_seconds,end_seconds,...]   from_csv

Only names are read here, never a video: a file that cannot be decoded shows later, as BadVideo.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from videoai.core.messages import truncated_list
from videoai.core.natural_order import natural_order
from videoai.data.lists import manifest_cache
from videoai.data.lists.class_folders import read_class_folders
from videoai.data.lists.clip_table import Where
from videoai.data.lists.csv_clips import files_exist, read_csv_clips
from videoai.data.lists.csv_file import Delimiter
from videoai.data.lists.items import Items
from videoai.data.lists.listing import SPLITS, ReadClips
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.splits import count_shared_groups, split_groups, unit_of
from videoai.data.lists.target_columns import Kinds, target_notes

FAR_OFF = 0.5  # part of its share that a made split may have too much or too little before it is said; judgement


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
    wheres = _wheres(where=where, val_where=val_where, test_where=test_where)
    path = os.path.abspath(os.path.expanduser(path))
    root = os.path.abspath(os.path.expanduser(root)) if root else os.path.dirname(path)
    lines: dict[str, Any] = {"root": root, "split_by": split_by, "delimiter": delimiter}
    lines |= {"multi_label": multi_label, "columns": dict(columns or {}), "label_columns": tuple(label_columns)}
    lines |= wheres
    shares: dict[str, Any] = {"val_fraction": val_fraction, "test_fraction": test_fraction, "split_seed": split_seed}
    key = manifest_cache.key_of(path, lines | shares) if os.path.isfile(path) else ""
    kept = manifest_cache.recall(path, key)
    if kept and files_exist(kept.splits["train"].files, root).all():
        return Manifest(kept.classes, kept.splits, path, kept.notes, root, kept.together, kept.columns)
    made = assemble(read_csv_clips(path, **lines), root, path, **shares)
    if sum(map(len, made.splits.values())) >= manifest_cache.MIN_ITEMS:
        kept = manifest_cache.Kept(made.classes, made.splits, made.notes, made.together, made.columns)
        manifest_cache.store(path, key, kept)
    return made


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


def _wheres(**given: Where | None) -> dict[str, Where | None]:
    """Columns by name, as one that is called 2020 comes as a number. Raises: ValueError: no columns and values."""
    for name, value in given.items():
        if value is not None and not isinstance(value, Mapping):
            raise ValueError(f"data.{name}={value}: give columns and their values, such as data.{name}={{fold: 4}}")
    return {name: value and {str(column): one for column, one in value.items()} for name, value in given.items()}


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
