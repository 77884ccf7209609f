"""Other people's CSV of clips: ids instead of paths, and columns under other names than the csv layout wants.

With a start and an end, clips are stretches of untrimmed videos, as in HACS.
"""

import os
from collections.abc import Iterator
from typing import Unpack

from videoai.core.messages import did_you_mean
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.path_list import split_word
from videoai.data.layouts.survey import Candidate, Survey, header, survey
from videoai.data.lists.column_names import END, GROUP, LABEL, SPLIT, START, VIDEO, like
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest


def detect(tree: Survey) -> Candidate | None:
    tables = _tables(tree)
    if not tables:
        return None
    names = [name for name in map(_column(tables[0]), (VIDEO, LABEL, START, END, SPLIT, GROUP)) if name]
    return Candidate("table", {"root": tree.root}, f"{os.path.basename(tables[0])} with the columns {', '.join(names)}")


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
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads every CSV with a column for the video and one for the label.

    A clip's split is what the split column says, else what the name of the file says (train.csv), else made.

    Args:
        annotations: a csv or a folder; None = below root.
        video, label, start, end, split, group: names of columns; None = the usual ones, see lists/column_names.py
    """
    named = {"video": video, "label": label, "start": start, "end": end, "split": split, "group": group}
    tree = survey(annotations or root)
    tables = _tables(tree, video, label) or tree.fail(
        "a table", f"a csv with the columns {video or 'video, path, ...'} and {label or 'label, class, ...'}"
    )
    clips = (clip for path in tables for clip in _clips(path, _columns(path, named)))
    source = tables[0] if len(tables) == 1 else tree.root
    grouped_by = group or ("group" if any("group" in header(path) for path in tables) else None)
    return manifest_from_annotations(clips, root, source, grouped_by=grouped_by, **options)


def _tables(tree: Survey, video: str | None = None, label: str | None = None) -> list[str]:
    tables = []
    for path in tree.named("*.csv", "*.tsv"):
        column = _column(path)
        if (video in header(path) if video else column(VIDEO)) and (label in header(path) if label else column(LABEL)):
            tables.append(path)
    return tables


def _column(path: str):
    """A function from usual names to the column of the file that bears one of them, or None."""
    columns = header(path)
    return lambda usual: next(iter(like(columns, usual)), None)


def _columns(path: str, named: dict[str, str | None]) -> dict[str, str | None]:
    """Which column means what. Raises ValueError for a named one that is not there."""
    usual = dict(zip(named, (VIDEO, LABEL, START, END, SPLIT, GROUP), strict=True))
    there, column = header(path), _column(path)
    for meaning, name in named.items():
        if name and name not in there:
            raise ValueError(
                f"{path}:1: data.{meaning}={name}, but the columns are {', '.join(there)}.{did_you_mean(name, there)}"
            )
    return {meaning: name or column(usual[meaning]) for meaning, name in named.items()}


def _clips(path: str, columns: dict[str, str | None]) -> Iterator[Annotated]:
    by_name = split_word(path)
    video, label, start, end = (columns[meaning] or "" for meaning in ("video", "label", "start", "end"))
    for entry in csv_entries(path):
        said = str(entry.fields.get(columns["split"] or "") or "").lower()
        if said and said not in SPLIT_NAMES:
            entry.fail(f"{columns['split']} is {said!r}; allowed: {', '.join(SPLIT_NAMES)}")
        begins = entry.seconds(start) if entry.fields.get(start) else 0.0
        ends = entry.seconds(end) if entry.fields.get(end) else None
        if ends is not None and ends <= begins:
            entry.fail(f"{end} {ends:g} must lie after {start or 'the beginning'} {begins:g}")
        group = entry.fields.get(columns["group"] or "") or None
        split = SPLIT_NAMES[said] if said else by_name
        yield Annotated(entry.text(video), entry.text(label), split, group, begins, ends)
