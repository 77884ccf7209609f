"""Reads a CSV file of clips and raises an error for what is wrong in it. Every complaint starts with `file.csv:LINE`.

The header must name `path` and `label`; `split`, `group`, `start_seconds` and `end_seconds` mean something too, and any
other column can be used to select lines or to keep clips together.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from videoai.core.messages import command_line, did_you_mean, names_in, truncated_list
from videoai.core.paths import Spelling, display_path
from videoai.data.lists.clip_table import NO_NUMBER, SECONDS, ClipTable, Column, Where, first_alike, read_table
from videoai.data.lists.column_names import LABEL, VIDEO, group_like, like, ours, split_like
from videoai.data.lists.csv_file import CsvFile, Delimiter
from videoai.data.lists.items import Items
from videoai.data.lists.label_columns import check_label_columns, likely_label_columns, with_label_columns
from videoai.data.lists.label_texts import SECONDS_COLUMN, SEPARATOR, UNKNOWN_COLUMN
from videoai.data.lists.listing import (
    SPLIT_NAMES,
    SPLITS,
    Listing,
    ReadClips,
    Together,
    group_notes,
    label_notes,
    unknown_notes,
)
from videoai.data.lists.several_labels import as_sets, read_label_sets
from videoai.data.lists.source_names import source_of, together_by_names
from videoai.data.lists.target_columns import NO_LABEL, Kinds, label_of_votes, read_targets

BY_NAME = "source"  # split_by: what the names of the files say, where no column is called so


def read_csv_clips(
    path: str,
    *,
    root: str,
    split_by: str | None = None,
    where: Where | None = None,
    val_where: Where | None = None,
    test_where: Where | None = None,
    delimiter: Delimiter = "auto",
    multi_label: bool = False,
    columns: Kinds | None = None,
    label_columns: Sequence[str] = (),
) -> ReadClips:
    """One clip per line, none twice, no file missing. For the arguments see from_files.from_csv.

    Raises:
        FileNotFoundError: no such CSV file. ValueError: anything wrong in it, as `file.csv:LINE: ...`.
    """
    file = CsvFile(path, delimiter, rename=ours)
    wheres = {"where": where, "val": val_where, "test": test_where}
    asked = _asked(file, columns or {}, wheres, split_by, multi_label=multi_label, label_columns=label_columns)
    table, notes = _read_lines(file, root, asked)
    table, missing = _as_on_disk(table, root)
    block, targets = read_targets(table.columns, asked.kinds, table.fail_at) if asked.kinds else (None, ())
    targets = tuple(replace(one, name=name) for one, name in zip(targets, columns or {}, strict=True))  # as asked for
    if block is not None:
        table = _labelled(table, label_of_votes(block, targets), asked.kinds)
    if multi_label and not label_columns:
        table, said = as_sets(table)
        notes += said
    if asked.split_by == BY_NAME and BY_NAME not in table.columns:
        table = _with_sources(table)
    group_column = _group_column(table, asked.split_by)
    clips = _list_clips(table, root=root, group_column=group_column, wheres=asked.splits, multi_label=multi_label)
    clips = replace(clips, items=replace(clips.items, values=block), columns=targets)
    _check_none_missing(table, missing, root)
    notes += [*_label_notes(clips), *group_notes(clips.items, group_column), *_split_column_notes(table, asked)]
    together = None if asked.split_by or group_column else _together(table)
    return ReadClips(clips, table.is_filled("split") or bool(test_where), notes, together)


class Asked(NamedTuple):
    """What is asked of a file, columns as they are called here."""

    kinds: Kinds  # columns that are targets
    where: Where
    splits: Mapping[str, Where]  # what forms val and test
    split_by: str | None
    multi_label: bool
    label_columns: Sequence[str]


def _asked(
    file: CsvFile,
    columns: Kinds,
    wheres: Mapping[str, Where | None],
    split_by: str | None,
    *,
    multi_label: bool,
    label_columns: Sequence[str],
) -> Asked:
    """Raises: ValueError: a column that is not there, no label, or settings that exclude each other."""
    kinds: Kinds = {file.called(name): kind for name, kind in columns.items()}
    if not kinds:
        _check_header(file, label_columns, multi_label=multi_label)
    for name, kind in kinds.items():
        file.position(name, f"a target ({kind})")
    if kinds and multi_label:
        file.fail(1, "data.multi_label=true and columns of targets do not go together; a target is one of them")
    named = {key: {file.called(name): value for name, value in (each or {}).items()} for key, each in wheres.items()}
    where = named.pop("where")
    return Asked(kinds, where, named, file.called(split_by) if split_by else None, multi_label, label_columns)


def _read_lines(file: CsvFile, root: str, asked: Asked) -> tuple[ClipTable, list[str]]:
    """The lines that are asked for, and what to say of them. Raises: ValueError."""
    names = {"label", "split", asked.split_by or "group", *asked.where, *asked.splits["val"], *asked.splits["test"]}
    names |= {*split_like(file.header), *group_like(file.header), *asked.label_columns, *asked.kinds}
    names |= {SECONDS_COLUMN, UNKNOWN_COLUMN} if asked.multi_label else set()
    needs = ("path",) if asked.label_columns or asked.kinds else ("path", "label")
    table = read_table(file, root=root, columns=names, needs=needs)
    if asked.label_columns:
        table = with_label_columns(table, asked.label_columns)
    read = ", ".join(f"{theirs} as {name}" for theirs, name in file.renamed.items())
    notes = [f"columns are read by other names: {read}."] if read else []
    if asked.where:
        kept = table.matching(asked.where, "where")
        notes.append(f"kept {kept.sum()} of {len(table)} lines where {_text(asked.where)}.")
        table = table.select(kept)
    return table, notes


def _split_column_notes(table: ClipTable, asked: Asked) -> list[str]:
    """What to say where a column and settings both name splits, or neither does."""
    by_settings = any(asked.splits.values())
    if table.is_filled("split"):
        said = "val_where and test_where decide only on lines where the split column is empty."
        return [said] if by_settings else []
    return [] if by_settings else _unused_notes(table)


def _labelled(table: ClipTable, voted: Column | None, kinds: Kinds) -> ClipTable:
    """A table of targets with a label: what has the most votes, else its own where every line has one, else one for
    all."""
    label = voted or table.columns.get("label")
    if label is None or (voted is None and (kinds.get("label") == "value" or label.holds("").any())):
        label = Column(np.zeros(len(table), np.int32), [NO_LABEL])
    return replace(table, columns={**table.columns, "label": label})


def _together(table: ClipTable) -> Together | None:
    """A column, or names of files, that look as if several clips were of one person or source."""
    for name in group_like(table.file.header):
        if 1 < (number := len(table.columns[name].used())) < len(table):
            return Together("split_by", table.file.written(name), f"the column {name} names {number} groups of clips")
    return together_by_names(table.paths.texts)


def _with_sources(table: ClipTable) -> ClipTable:
    """With a column of what the names of the files say."""
    sources = [source_of(path) or "" for path in table.paths.texts]
    column = Column.of([sources[code] for code in table.paths.codes.tolist()])
    return replace(table, columns={**table.columns, BY_NAME: column})


def _check_header(file: CsvFile, label_columns: Sequence[str], *, multi_label: bool) -> None:
    """Raises: ValueError: another layout reads this table, or there are no labels."""
    if label_columns:
        check_label_columns(file, label_columns, multi_label=multi_label)
        return
    video, label = like(file.header, VIDEO), like(file.header, LABEL)
    if video and label and not {"path", "label"} <= {*file.header}:
        command = command_line("train", "data=table", f"data.root={display_path(os.path.dirname(file.path))}")
        file.fail(1, f"path and label are called {video[0]} and {label[0]} here; the layout table reads it: {command}")
    if "label" not in file.header and (found := likely_label_columns(file)):
        settings = f"data.multi_label=true 'data.label_columns=[{','.join(found)}]'"
        file.fail(1, f"there is no column label, and {truncated_list(found)} hold 1 and 0: {settings} reads them")
    file.position("label", "the header")


def _unused_notes(table: ClipTable) -> list[str]:
    """Columns that look like splits, where splits are going to be drawn without them."""
    notes, header = [], table.file.header
    for name in split_like(header)[:1]:
        given = truncated_list(table.columns[name].used(), 4)
        notes.append(
            f"the column {name} ({given}) looks like a split and is not used: set "
            f"'data.test_where={{{name}: VALUE}}', or call it split."
        )
    return notes


def _group_column(table: ClipTable, split_by: str | None) -> str | None:
    if split_by is None:
        return "group" if table.is_filled("group") else None
    if split_by == "clip" and "clip" not in table.columns:
        return None
    if split_by not in table.columns:
        table.file.position(split_by, "split_by")
    return split_by


def _list_clips(
    table: ClipTable, *, root: str, group_column: str | None, wheres: Mapping[str, Where | None], multi_label: bool
) -> Listing:
    split = _splits_from_where(table, wheres)
    start, end = (table.seconds.get(name, np.full(len(table), np.nan)) for name in SECONDS)
    _check_lines(table, start, end, multi_label=multi_label)
    if "split" in table.columns:
        said = table.columns["split"]
        meant = [SPLITS.index(SPLIT_NAMES[text.lower()]) if text.lower() in SPLIT_NAMES else -1 for text in said.texts]
        split = np.where(said.holds(""), split, np.array(meant, np.int8)[said.codes])
    label = table.columns["label"]
    labels, names, label_sets = label.codes, label.texts, None
    if multi_label:
        labels, names, label_sets = read_label_sets(table)
    groups = table.columns[group_column] if group_column else Column(np.full(len(table), -1), [])
    items = Items.from_codes(
        table.paths.texts,
        groups.texts,
        table.paths.codes,
        labels,
        np.where(np.isnan(start), 0.0, start),
        end,
        np.where(groups.holds(""), -1, groups.codes),
        root=root,
        label_sets=label_sets,
    )
    return Listing(items, names, split)


def _label_notes(clips: Listing) -> list[str]:
    """What to say about labels that are several, or look as if they were meant to be."""
    if clips.items.label_sets is not None:
        return [*label_notes(clips.items), *unknown_notes(clips.items, clips.names)]
    counts = clips.items.count_labels(len(clips.names))
    cut = [name for name, count in zip(clips.names, counts, strict=True) if count and SEPARATOR in name]
    names = truncated_list(cut, 3)
    return (
        [f"labels with a {SEPARATOR} ({names}) are one class each; data.multi_label=true cuts them there."]
        if cut
        else []
    )


def files_exist(paths: Iterable[str], root: str) -> ndarray:
    """bool [N], whether each path is there. A listing per folder is ten times as fast as a stat per file.

    Args:
        paths: in order, so that those of a folder stand together: few listings are then kept at a time.
    """

    @lru_cache(maxsize=16)
    def names(folder: str) -> frozenset[str]:
        return frozenset(names_in(os.path.join(root, folder)))

    exists: list[bool] = []
    for folder, below in groupby(paths, lambda path: path[: path.rfind(os.sep) + 1]):
        exists += map(names(folder).__contains__, map(itemgetter(slice(len(folder), None)), below))
    return np.array(exists, bool)


def _as_on_disk(table: ClipTable, root: str) -> tuple[ClipTable, set[str]]:
    """The table with paths as the disk spells them, and the paths of files that are missing."""
    texts = table.paths.texts
    exist, spelling = files_exist(texts, root).tolist(), Spelling(root)
    spelled = {number: spelling.on_disk(text) for number, text in enumerate(texts) if text and not exist[number]}
    if any(spelled.values()):
        paths = [spelled.get(code) or texts[code] for code in table.paths.codes.tolist()]
        table = replace(table, paths=Column.of(paths))
    return table, {texts[number] for number, name in spelled.items() if name is None}


def _check_none_missing(table: ClipTable, paths: set[str], root: str) -> None:
    missing = table.paths.holds(*paths)
    if missing.any():
        wanted = table.paths.used()
        gone = table.paths._replace(codes=table.paths.codes[missing]).used()
        table.fail_at(
            int(missing.argmax()),
            f"{len(gone)} of {len(wanted)} files are missing, first {', '.join(gone[:3])}. "
            f"Correct the paths, or set root to the folder they start from, now {root}",
        )


def _splits_from_where(table: ClipTable, wheres: Mapping[str, Where | None]) -> ndarray:
    """int8 [N], index into SPLITS, -1 = not said."""
    split_of = np.full(len(table), -1, np.int8)
    for split, where in wheres.items():
        if where:
            lines = table.matching(where, f"{split}_where")
            both = lines & (split_of >= 0)
            if both.any():
                table.fail_at(int(both.argmax()), "val_where and test_where both match this line; a clip has one split")
            split_of[lines] = SPLITS.index(split)
    return split_of


def _check_lines(table: ClipTable, start: ndarray, end: ndarray, *, multi_label: bool) -> None:
    """Complains about the first line with a fault, and of its faults about the first."""
    begin = np.where(np.isnan(start), 0.0, start)
    same_as = first_alike(table.paths.codes, begin, end)
    faults = {
        "path": table.paths.holds(""),
        "label": table.columns["label"].holds("") & (not multi_label),  # none of several classes is an answer
        "start_seconds": start == NO_NUMBER,
        "end_seconds": end == NO_NUMBER,
        "order": end <= begin,
        "split": _holds_no_split(table),
        "twice": same_as < np.arange(len(table)),
    }
    wrong = np.any(list(faults.values()), axis=0)
    if not wrong.any():
        return
    index = int(wrong.argmax())
    fault = next(name for name, lines in faults.items() if lines[index])
    _, here = table.line(index)
    if fault in ("path", "label"):
        problem = f"the {fault} is empty; fill it in or delete the line"
    elif fault in SECONDS:
        written = table.file.written(fault)
        problem = f"{written} is {here[fault]!r}; a number of seconds, 0 or more, such as 1.5 is allowed"
    elif fault == "order":
        problem = f"end_seconds {end[index]:g} must lie after start_seconds {begin[index]:g}"
    elif fault == "split":
        hint = did_you_mean(here["split"].lower(), SPLIT_NAMES)
        problem = f"split is {here['split']!r}; allowed: {', '.join(SPLIT_NAMES)}.{hint}"
    else:
        number, other = table.line(int(same_as[index]))
        differ = here.get("label") != other.get("label")
        where = f"as {here['label']!r} here and as {other['label']!r}" if differ else "here and"
        problem = f"{here['path']} is listed twice, {where} on line {number}; delete one of the lines"
    table.fail_at(index, problem)


def _holds_no_split(table: ClipTable) -> ndarray:
    if "split" not in table.columns:
        return np.zeros(len(table), bool)
    column = table.columns["split"]
    return column.holds(*(text for text in column.texts if text and text.lower() not in SPLIT_NAMES))


def _text(where: Where) -> str:
    return " and ".join(f"{column} = {value}" for column, value in where.items())
