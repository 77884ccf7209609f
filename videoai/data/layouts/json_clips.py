"""Your clips as JSON: a list of objects, or one object a line, with path and label, and what the csv layout knows:
split, group, start_seconds, end_seconds. In a multi-label set label is a list, and label_seconds, a list of
[start, end], may say when each holds. Times may have other names (lists/column_names.py). Other keys do not matter."""

import os
import re
from functools import partial
from itertools import chain
from typing import Any, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, json_entries
from videoai.data.layouts.path_list import split_of_list
from videoai.data.layouts.survey import Candidate, Survey, peek
from videoai.data.lists.column_names import group_like, ours
from videoai.data.lists.listing import SPLIT_NAMES, NamedSpan
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds
from videoai.data.media import MAX_SECONDS

SECONDS = "label_seconds"
LABEL_LIST = re.compile(r'"label"\s*:\s*\[')


def detect(tree: Survey) -> Candidate | None:
    files = [path for path in tree.named("*.json", "*.jsonl") if _names_clips(path)]
    if len({split_of_list(path, tree.root) for path in files}) > 1:  # one a split: table reads them all
        return None
    why = f"{os.path.basename(files[0])} with path and label" if files else ""
    several = {"multi_label": True} if files and LABEL_LIST.search(peek(files[0])) else {}
    return Candidate("json", {"path": files[0], **several}, why) if files else None


def from_json(
    path: str,
    *,
    root: str | None = None,
    multi_label: bool = False,
    group: str | None = None,
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads one object a clip.

    Args:
        root: what paths are relative to; None = the folder of the file.
        multi_label: label is a list of any number of classes. label_seconds, a list as long, says when each holds:
            [start, end], [start, null], or null for all along; without it all hold all along.
        group: the key whose equal values stay together; None = group.
        columns: keys that are targets, and their kinds; a label is then not needed.
    """
    if columns and multi_label:
        raise ValueError(f"{path}: data.multi_label=true and columns of targets do not go together")
    path = os.path.abspath(os.path.expanduser(path))
    entries = json_entries(path)
    first = next(entries, None)
    keys = first.fields if first else {}
    likely = None if group or "group" in keys else next(iter(group_like(keys)), None)
    read = partial(_clip, multi_label=multi_label, group_key=group or "group", likely=likely, kinds=columns or {})
    clips = map(read, chain([first] if first else [], entries))
    where = root or os.path.dirname(path)
    return manifest_from_annotations(
        clips, where, path, grouped_by=group, likely_group=likely, columns=columns, **options
    )


def _names_clips(path: str) -> bool:
    head = peek(path).lstrip()
    return head[:1] in ("[", "{") and '"path"' in head and '"label"' in head


def _clip(entry: Entry, *, multi_label: bool, group_key: str, likely: str | None, kinds: Kinds) -> Annotated:
    try:
        renamed = ours(tuple(entry.fields))
    except ValueError as error:
        entry.fail(str(error))
    entry.fields = {renamed.get(key, key): value for key, value in entry.fields.items()}
    given = {key for key, value in entry.fields.items() if value not in (None, "")}
    word = entry.text("split").lower() if "split" in given else ""
    if word and word not in SPLIT_NAMES:
        entry.fail(f"split is {word!r}; allowed: {', '.join(SPLIT_NAMES)}")
    start = entry.seconds("start_seconds") if "start_seconds" in given else 0.0
    end = entry.seconds("end_seconds") if "end_seconds" in given else None
    if end is not None and end <= start:
        entry.fail(f"end_seconds {end:g} must lie after start_seconds {start:g}")
    group = entry.text(group_key) if group_key in given else None
    likely_group = str(entry.fields[likely]) if likely in given else None
    spans = _spans(entry, entry.fields.get("label"), entry.fields.get(SECONDS)) if multi_label else None
    label = "" if multi_label else entry.label_beside("label", kinds) if kinds else _label(entry)
    clip = Annotated(entry.text("path"), label, SPLIT_NAMES.get(word), group, start, end, spans=spans)
    return clip._replace(likely_group=likely_group, targets=entry.targets(kinds))


def _label(entry: Entry) -> str:
    if isinstance(entry.fields.get("label"), list):
        entry.fail("label is a list; data.multi_label=true reads several labels a clip")
    return entry.text("label")


def _spans(entry: Entry, labels: Any, seconds: Any) -> tuple[NamedSpan, ...]:
    """In one order, whatever the file's, so that a clip that is listed twice is known again."""
    names = [str(label).strip() for label in labels if type(label) in (str, int)] if isinstance(labels, list) else [""]
    if not all(names) or (isinstance(labels, list) and len(names) < len(labels)):
        entry.fail(
            f"label is {labels!r}; with data.multi_label=true a list of names is needed, [] = none of the classes"
        )
    times = [None] * len(names) if seconds is None else seconds
    if not isinstance(times, list) or len(times) != len(names):
        entry.fail(f"{SECONDS} is {seconds!r}; a list with one [start, end] or null for each of {len(names)} labels")
    spans = {NamedSpan(name, *_interval(entry, time)) for name, time in zip(names, times, strict=True)}
    if len(spans) < len(names):
        entry.fail(f"label is {labels!r}: a label is given twice; delete one")
    return tuple(sorted(spans, key=lambda span: span[:2]))


def _interval(entry: Entry, time: Any) -> tuple[float, float | None]:
    match time:
        case None:
            return 0.0, None
        case [start, None] if _is_time(start):
            return float(start), None
        case [start, end] if _is_time(start) and _is_time(end) and start < end:
            return float(start), float(end)
    return entry.fail(f"{SECONDS} holds {time!r}; [start, end] in seconds, the end later or null, or null is allowed")


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= MAX_SECONDS
