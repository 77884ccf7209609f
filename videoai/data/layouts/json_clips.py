"""Your clips as JSON: a list of objects, or one object a line, with path and label, and what the csv layout knows:
split, group, start_seconds, end_seconds. Other keys do not matter."""

import os
from typing import Unpack

from videoai.data.layouts.entries import Entry, json_entries
from videoai.data.layouts.settle import PUBLISHED_SPLITS, Annotated, Settling, settle
from videoai.data.layouts.survey import Candidate, Survey, peek
from videoai.data.manifest import Manifest


def detect(seen: Survey) -> Candidate | None:
    files = [path for path in seen.named("*.json", "*.jsonl") if _names_clips(path)]
    why = f"{os.path.basename(files[0])} with path and label" if files else ""
    return Candidate("json", {"path": files[0]}, why) if files else None


def from_json(path: str, *, root: str | None = None, **settling: Unpack[Settling]) -> Manifest:
    """Reads one object a clip.

    Args:
        root: what paths are relative to; None = the folder of the file.
    """
    path = os.path.abspath(os.path.expanduser(path))
    clips = map(_clip, json_entries(path))
    return settle(clips, root or os.path.dirname(path), path, **settling)


def _names_clips(path: str) -> bool:
    head = peek(path).lstrip()
    return head[:1] in ("[", "{") and '"path"' in head and '"label"' in head


def _clip(entry: Entry) -> Annotated:
    given = {key for key, value in entry.fields.items() if value not in (None, "")}
    word = entry.text("split").lower() if "split" in given else ""
    if word and word not in PUBLISHED_SPLITS:
        entry.fail(f"split is {word!r}; allowed: {', '.join(PUBLISHED_SPLITS)}")
    start = entry.seconds("start_seconds") if "start_seconds" in given else 0.0
    end = entry.seconds("end_seconds") if "end_seconds" in given else None
    if end is not None and end <= start:
        entry.fail(f"end_seconds {end:g} must lie after start_seconds {start:g}")
    group = entry.text("group") if "group" in given else None
    return Annotated(entry.text("path"), entry.text("label"), PUBLISHED_SPLITS.get(word), group, start, end)
