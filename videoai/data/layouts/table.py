"""Other people's CSV of clips: ids instead of paths, and columns under other names than the csv layout wants.

With a start and an end, clips are stretches of untrimmed videos, as in HACS. Also the videofolder of Hugging Face:
metadata.csv or metadata.jsonl with file_name, beside the videos of each split or above the folders of the splits.
"""

import json
import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Unpack

from videoai.core.messages import did_you_mean
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries, json_entries
from videoai.data.layouts.path_list import beside, split_of_list
from videoai.data.layouts.survey import Candidate, Survey, header, peek, survey
from videoai.data.lists.column_names import END, GROUP, LABEL, SPLIT, START, VIDEO, group_like, like
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.split_folders import splits_named, subfolders
from videoai.data.lists.target_columns import Kinds

JSON = ("*.json", "*.jsonl")
TABLES = ("*.csv", "*.tsv", "metadata.jsonl")  # files whose columns may be misspelt; other JSON may hold anything
NEAR = 0.8  # difflib's ratio: one letter wrong in a name of five (judgement)
SHORTEST = 4  # letters of a name that may be misspelt; idx is no id (judgement)


def detect(tree: Survey) -> Candidate | None:
    tables = _tables(tree)
    if not tables:
        return None
    names = [name for name in map(_column(tables[0]), (VIDEO, LABEL, START, END, SPLIT, GROUP)) if name]
    more = f", and {len(tables) - 1} more" if len(tables) > 1 else ""
    why = f"{os.path.relpath(tables[0], tree.root)} with the columns {', '.join(names)}{more}"
    return Candidate("table", {"root": tree.root}, why)


def detect_misnamed(tree: Survey) -> Candidate | None:
    """A list with a misspelt column, for where no layout fits: reading it will say so."""
    misnamed = next(filter(_misnamed, tree.named(*TABLES)), None)
    if not misnamed:
        return None
    return Candidate("table", tree.place(), f"{os.path.relpath(misnamed, tree.root)}, a list of clips")


def from_table(
    root: str,
    *,
    annotations: str | None = None,
    video: str | None = None,
    label: str | None = None,
    start: str | None = None,
    end: str | None = None,
    split: str | None = None,
    group: str | None = None,
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads every CSV with a column for the video and one for the label; where there is none, every such JSON file.

    A clip's split is what the split column says, else the name of the table or of its folder (train.csv,
    train/metadata.csv), else the folder of the video where folders of splits lie in root, else made.

    Args:
        annotations: a csv or a folder; None = below root.
        video, label, start, end, split, group: names of columns; None = the usual ones, see lists/column_names.py
        columns: columns that are targets, and their kinds; a label is then not needed.
    """
    named = {"video": video, "label": label, "start": start, "end": end, "split": split, "group": group}
    tree = survey(annotations or root)
    kinds = columns or {}
    tables = _tables(tree, video, label, kinds)
    _check_headers(tree, tables, {"video": video, "label": label})
    tables = tables or tree.fail(
        "a table", f"a csv with the columns {video or 'video, path, ...'} and {label or 'label, class, ...'}"
    )
    folders = _split_folders(root)
    clips = (
        clip._replace(split=clip.split or split_of_list(path, tree.root) or folders.get(clip.also[0].split("/")[0]))
        for path in tables
        for clip in _clips(path, _columns(path, named), root, kinds)
    )
    source = tables[0] if len(tables) == 1 else tree.root
    grouped_by = group or ("group" if any("group" in _header(path) for path in tables) else None)
    likely = None if grouped_by else _likely_group(_columns(tables[0], named), _header(tables[0]))
    return manifest_from_annotations(
        clips, root, source, grouped_by=grouped_by, likely_group=likely, columns=columns, **options
    )


def _tables(tree: Survey, video: str | None = None, label: str | None = None, kinds: Iterable[str] = ()) -> list[str]:
    def is_table(path: str) -> bool:
        columns, column = _header(path), _column(path)
        has_label = label in columns if label else column(LABEL) or (kinds and {*kinds} <= {*columns})
        return bool((video in columns if video else column(VIDEO)) and has_label)

    return [*filter(is_table, tree.named("*.csv", "*.tsv"))] or [*filter(is_table, tree.named(*JSON))]


def _misnamed(path: str) -> tuple[str, str, str] | None:
    """What a list of clips lacks by a typo: video or label, the column that may be meant, and its usual name."""
    columns, column = _header(path), _column(path)
    for meaning, usual, other in (("video", VIDEO, LABEL), ("label", LABEL, VIDEO)):
        if not column(usual) and column(other):
            for name in filter(partial(_may_be_misspelt, usual), columns):
                if near := get_close_matches(name.lower(), usual, n=1, cutoff=NEAR):
                    return meaning, name, near[0]
    return None


def _may_be_misspelt(usual: tuple[str, ...], name: str) -> bool:
    """Plurals are counts, as in a table of classes."""
    return len(name) >= SHORTEST and name.lower().removesuffix("s") not in usual


def _check_headers(tree: Survey, tables: list[str], named: dict[str, str | None]) -> None:
    """Raises: ValueError: the only list, or the only one of a split, has a misspelt column: its clips would be lost."""
    read = {split_of_list(path, tree.root) for path in tables}
    for path in tree.named(*TABLES):
        split = split_of_list(path, tree.root)
        if read and (split is None or read & {None, split}):  # the tables that are read hold these clips
            continue
        if not (misnamed := _misnamed(path)) or named[misnamed[0]]:
            continue
        meaning, name, usual = misnamed
        raise ValueError(
            f"{path}:1: no column names the {meaning}; columns here: {', '.join(_header(path))}. Rename {name} to "
            f"{usual}, or set data.{meaning}={name}"
        )


def _header(path: str) -> list[str]:
    """The columns of a CSV file, or the keys of the first object of a JSON file, as far as it is short."""
    if not _is_json(path):
        return header(path)
    try:
        fields, _ = json.JSONDecoder().raw_decode(peek(path).lstrip(" \t\r\n["))
    except ValueError:
        return []
    return list(fields) if isinstance(fields, dict) else []


def _is_json(path: str) -> bool:
    return path.lower().endswith((".json", ".jsonl"))


def _split_folders(root: str) -> dict[str, str]:
    """Folders of root that are called after splits -> the splits, where there are several."""
    folders = splits_named(subfolders(root)) if os.path.isdir(root) else {}
    return folders if len({*folders.values()}) > 1 else {}


def _column(path: str):
    """A function from usual names to the column of the file that bears one of them, or None."""
    columns = _header(path)
    return lambda usual: next(iter(like(columns, usual)), None)


def _columns(path: str, named: dict[str, str | None]) -> dict[str, str | None]:
    """Which column means what. Raises ValueError for a named one that is not there."""
    usual = dict(zip(named, (VIDEO, LABEL, START, END, SPLIT, GROUP), strict=True))
    there, column = _header(path), _column(path)
    for meaning, name in named.items():
        if name and name not in there:
            raise ValueError(
                f"{path}:1: data.{meaning}={name}, but the columns are {', '.join(there)}.{did_you_mean(name, there)}"
            )
    return {meaning: name or column(usual[meaning]) for meaning, name in named.items()}


def _likely_group(columns: dict[str, str | None], header: list[str]) -> str | None:
    """A column that may name people or sources and has no other meaning."""
    return next((name for name in group_like(header) if name not in columns.values()), None)


def _clips(path: str, columns: dict[str, str | None], root: str, kinds: Kinds) -> Iterator[Annotated]:
    likely = None if columns["group"] else _likely_group(columns, _header(path))
    video, label, start, end = (columns[meaning] or "" for meaning in ("video", "label", "start", "end"))
    for entry in json_entries(path) if _is_json(path) else csv_entries(path):
        said = str(entry.fields.get(columns["split"] or "") or "").lower()
        if said and said not in SPLIT_NAMES:
            entry.fail(f"{columns['split']} is {said!r}; allowed: {', '.join(SPLIT_NAMES)}")
        begins = entry.seconds(start) if entry.fields.get(start) else 0.0
        ends = entry.seconds(end) if entry.fields.get(end) else None
        if ends is not None and ends <= begins:
            entry.fail(f"{end} {ends:g} must lie after {start or 'the beginning'} {begins:g}")
        group = str(entry.fields.get(columns["group"] or "") or "") or None
        name, what, split = entry.text(video), entry.label_beside(label, kinds), SPLIT_NAMES.get(said)
        clip = Annotated(beside(path, root, name), what, split, group, begins, ends, also=(name,))
        likely_group = str(entry.fields.get(likely or "") or "") or None
        yield clip._replace(likely_group=likely_group, targets=entry.targets(kinds))
