"""What there is to learn from: class folders or a CSV file -> class names and lists of VideoItem, split and checked.

    root/<class>/**/*.mp4                                    from_folder, splits made here
    root/{train,val,test}/<class>/**/*.mp4                   from_folder, splits given (valid, validation: val)
    path,label[,split,group,start_seconds,end_seconds,...]   from_csv

Only names are read here, never a video: a file that cannot be decoded shows later, as BadVideo.
"""

import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from videoai.core.types import VideoItem
from videoai.data.class_folders import natural_order, read_class_folders
from videoai.data.clip_table import (
    ClipTable,
    Row,
    Where,
    check_files_exist,
    parse_rows,
    read_table,
    relative,
    some,
)
from videoai.data.splits import count_shared_groups, item_order, split_groups

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Manifest:
    """Class names and the items of each split. The index of a class is its label."""

    classes: tuple[str, ...]
    splits: dict[str, list[VideoItem]]  # keys train, val, test; val and test may be empty
    source: str  # the folder or CSV file this was read from
    notes: tuple[str, ...] = ()  # one sentence each: how splits were made, what was skipped, what flatters the score
    root: str = ""  # the folder that item paths lie under

    def table(self) -> list[tuple[str, int, int, int]]:
        """Rows (class name, clips in train, in val, in test)."""
        counts = {split: Counter(item.label for item in self.splits.get(split, ())) for split in SPLITS}
        return [
            (name, counts["train"][label], counts["val"][label], counts["test"][label])
            for label, name in enumerate(self.classes)
        ]

    def refuse_unlearnable(self) -> None:
        """What can be evaluated cannot always be trained on.

        Raises: ValueError: one class only, nothing in train, or a class in val or test that train lacks.
        """
        if len(self.classes) < 2:
            raise ValueError(
                f"{self.source}: the only class is {str(*self.classes)!r}, so there is nothing to learn; add a second "
                "class"
            )
        known = [name for name, in_train, _, _ in self.table() if in_train]
        for split, column in (("val", 2), ("test", 3)):
            unknown = [row[0] for row in self.table() if row[column] and row[0] not in known]
            if unknown:
                raise ValueError(
                    f"{self.source}: {split} holds the class {some(unknown)}, which train lacks; train holds "
                    f"{some(known) or 'no clips'}. Name classes alike, or add clips to train"
                )

    def fingerprint(self) -> str:
        """16 hex digits over classes, paths below the root, labels, times and order.

        They stay the same when the folder moves, and when the contents of a file change: no file is opened.
        """
        digest = blake2b(repr(self.classes).encode("utf-8", "backslashreplace"), digest_size=8)
        for split in SPLITS:
            for item in self.splits.get(split, ()):
                line = (split, relative(item.path, self.root), item.label, item.start_seconds, item.end_seconds)
                digest.update(repr(line).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def from_folder(
    root: str | Path,
    *,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_by: Literal["clip", "folder"] | None = None,
    split_seed: int = 0,
    extensions: Collection[str] | None = None,
) -> Manifest:
    """Reads class folders. Names starting with a dot are ignored, links are followed.

    The folders below root are splits when two or three are named so, or when the only one is and holds folders itself;
    otherwise they are classes. An absent val is made out of train, and so is an absent test when val is absent too.

    Args:
        val_fraction, test_fraction: share of the clips that a made split gets, 0 = none.
        split_by: "clip" or None: a made split may separate any two files. "folder": files in sub-folders of one name
            below a class (a person, a source video) stay together, in whichever class they lie.
        extensions: such as [".mp4"]; None = class_folders.VIDEO_EXTENSIONS.
    Raises:
        FileNotFoundError: no such folder. ValueError: no videos, an empty class, too few clips for the splits to make.
    """
    if split_by not in (None, "clip", "folder"):
        raise ValueError(f"split_by is {split_by!r}; a folder of videos can be split by clip or by folder")
    root = os.path.abspath(os.path.expanduser(root))
    found = read_class_folders(root, extensions=extensions, group_by=split_by or "clip")
    shares = _shares(val_fraction, 0.0 if found.settles_test else test_fraction)
    notes = found.notes + _group_notes(found.rows, "folder" if split_by == "folder" else None)
    return _assemble(found.rows, root, root, notes, shares, split_seed)


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
    delimiter: Literal["auto", ",", ";", "\t"] = "auto",
) -> Manifest:
    """Reads one clip per line under a header `path,label[,split,group,start_seconds,end_seconds,...]`, UTF-8.

    A clip's split is what the split column says, else what val_where and test_where say, else train. If val is then
    empty it is made out of train; so is test, unless the split column is filled or test_where is given.

    Args:
        root: paths in the file are relative to it; None = the folder of the file.
        val_fraction, test_fraction: share of the clips in train that a made split takes, 0 = none.
        split_by: lines with the same value in this column stay together in made splits; "clip" = each file for itself;
            None = the group column if it is there and filled, else "clip". Segments of one file always stay together.
        where: keep only lines whose column holds the value, or one of a list of values, e.g. {"clean": 1}.
        val_where, test_where: the lines that form val and test, e.g. {"fold": 4}.
    Raises:
        FileNotFoundError: no such CSV file. ValueError: anything wrong in it, as `file.csv:LINE: ...`.
    """
    for name, value in (("where", where), ("val_where", val_where), ("test_where", test_where)):
        if value is not None and not isinstance(value, Mapping):
            raise ValueError(f"data.{name}={value}: give columns and their values, such as data.{name}={{fold: 4}}")
    path = os.path.abspath(os.path.expanduser(path))
    root = os.path.abspath(os.path.expanduser(root)) if root else os.path.dirname(path)
    table = read_table(path, delimiter=delimiter)
    notes: list[str] = []
    if where:
        kept = table.matching(where, "where")
        notes.append(f"kept {len(kept)} of {len(table.lines)} lines where {_text(where)}.")
        table = table._replace(lines=kept)
    group_column = _group_column(table, split_by)
    rows = parse_rows(table, root=root, group_column=group_column, val_where=val_where, test_where=test_where)
    check_files_exist(table, rows, root)
    notes += _group_notes(rows, group_column)
    has_split_column = table.is_filled("split")
    if has_split_column and (val_where or test_where):
        notes.append("val_where and test_where decide only on lines where the split column is empty.")
    shares = _shares(val_fraction, 0.0 if has_split_column or test_where else test_fraction)
    return _assemble(rows, root, path, notes, shares, split_seed)


def _shares(val_fraction: float, test_fraction: float) -> dict[str, float]:
    if min(val_fraction, test_fraction) < 0 or val_fraction + test_fraction >= 1:
        raise ValueError(
            f"val_fraction {val_fraction:g} and test_fraction {test_fraction:g}: "
            "each must be 0 or more and together they must leave clips for train, so stay below 1"
        )
    return {"val": val_fraction, "test": test_fraction}


def _assemble(
    rows: list[Row], root: str, source: str, notes: list[str], shares: dict[str, float], split_seed: int
) -> Manifest:
    """Rows -> labels, splits, notes. Paths stay below root to the end: splits do not depend on where it lies."""
    classes = natural_order({row.label for row in rows})
    label_of = {name: label for label, name in enumerate(classes)}
    splits: dict[str, list[VideoItem]] = {split: [] for split in SPLITS}
    for row in rows:
        item = VideoItem(row.path, label_of[row.label], row.start_seconds, row.end_seconds, row.group)
        splits[row.split or "train"].append(item)
    splits = {split: sorted(items, key=item_order) for split, items in splits.items()}
    made = {split: share for split, share in shares.items() if share > 0 and not splits[split]}
    if made and splits["train"] and len(classes) > 1:
        splits |= split_groups(splits["train"], {"train": 1 - sum(made.values()), **made}, split_seed)
        sizes = ", ".join(f"{split} {len(splits[split])}" for split in SPLITS)
        notes = [*notes, f"made {' and '.join(made)} out of train with split_seed {split_seed}: {sizes}."]
    notes = [*notes, *_split_notes(classes, splits)]
    for split, items in splits.items():
        splits[split] = [VideoItem(os.path.join(root, item.path), *item[1:]) for item in items]
    return Manifest(tuple(classes), splits, source, tuple(notes), root)


def _split_notes(classes: list[str], splits: dict[str, list[VideoItem]]) -> list[str]:
    notes = []
    for (one, other), num_shared in count_shared_groups(splits).items():
        verb = "group appears" if num_shared == 1 else "groups appear"
        notes.append(f"{num_shared} {verb} in both {one} and {other}: the score will flatter.")
    for split in ("val", "test"):
        present = {item.label for item in splits[split]}
        absent = [name for label, name in enumerate(classes) if label not in present]
        if present and absent:
            notes.append(
                f"{split} has no clip of {some(absent)}: too few clips or groups, so its score leaves them out."
            )
    if not splits["test"]:
        notes.append(f"there is no test split: evaluate will use {'val' if splits['val'] else 'no held-out clips'}.")
    return notes


def _group_column(table: ClipTable, split_by: str | None) -> str | None:
    if split_by is None:
        return "group" if table.is_filled("group") else None
    if split_by == "clip" and "clip" not in table.columns:
        return None
    table.column(split_by, "split_by")
    return split_by


def _group_notes(rows: list[Row], group_column: str | None) -> list[str]:
    if group_column is None:
        return []
    num_groups = len({row.group for row in rows if row.group is not None})
    num_alone = sum(row.group is None for row in rows)
    rest = f"; {num_alone} clips have none and stand for themselves" if num_alone else ""
    return [f"clips with the same {group_column} stay together, {num_groups} in number{rest}."]


def _text(where: Where) -> str:
    return " and ".join(f"{column} = {value}" for column, value in where.items())
