"""Lists of ``path label`` (VideoMAE, SlowFast, MMAction2), and of ``folder num_frames label`` for folders of frames.

Splits come from the names of the lists: train.csv, val.csv, kinetics400_train_list_videos.txt.
"""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.entries import Entry, line_entries
from videoai.data.layouts.settle import PUBLISHED_SPLITS, Annotated, Settling, settle
from videoai.data.layouts.survey import Candidate, Survey, first_line, survey
from videoai.data.lists.class_folders import VIDEO_EXTENSIONS
from videoai.data.lists.manifest import Manifest

LINE = re.compile(r"(?P<path>\S.*?)[\s,]+(?:(?P<num_frames>\d+)[\s,]+)?(?P<label>-?\d+)")


def detect(seen: Survey) -> Candidate | None:
    lists = _lists(seen)
    why = f"{len(lists)} lists of paths and labels, such as {os.path.relpath(lists[0], seen.root)}" if lists else ""
    return Candidate("list", {"root": seen.root}, why) if lists else None


def from_list(
    root: str, *, annotations: str | None = None, class_names: str | None = None, **settling: Unpack[Settling]
) -> Manifest:
    """Reads every list. One whose name holds no word for a split leaves its clips to a split that is made.

    Args:
        root: paths in the lists start from it, or from any folder below it.
        annotations: a list or the folder that holds them; None = below root.
        class_names: a text file with the name of class 0, 1, 2, ... on each line; None = label_map.txt beside the
            lists, else the numbers stand for themselves.
    """
    seen = survey(annotations or root)
    lists = _lists(seen) or seen.refuse("lists", "a .txt or .csv whose lines are 'path label'")
    beside = class_names or next(iter(seen.named("label_map.txt")), None)
    names = [line for line, _ in line_entries(os.path.abspath(beside))] if beside else []
    clips = (clip for path in lists for clip in _clips(path, names))
    return settle(clips, root, lists[0] if len(lists) == 1 else seen.root, **settling)


def split_word(path: str) -> str | None:
    """The split that a file's name speaks of, such as ``val`` in ``k400_val_list.txt``; None = it does not."""
    words = re.split(r"[^a-z]+", os.path.splitext(os.path.basename(path))[0].lower())
    return next((PUBLISHED_SPLITS[word] for word in words if word in PUBLISHED_SPLITS), None)


def _lists(seen: Survey) -> list[str]:
    found = []
    for path in seen.named("*.txt", "*.csv"):
        line = LINE.fullmatch(first_line(path))
        if line and (line["num_frames"] or os.path.splitext(line["path"])[1].lower() in VIDEO_EXTENSIONS):
            found.append(path)
    return found


def _clips(path: str, names: list[str]) -> Iterator[Annotated]:
    split = split_word(path)
    for line, entry in line_entries(path):
        found = LINE.fullmatch(line)
        if not found:
            entry.fail(f"{line[:80]!r}; 'path label' or 'folder num_frames label' is needed, the label a number")
        if found["num_frames"] and os.path.splitext(found["path"])[1].lower() in VIDEO_EXTENSIONS:
            entry.fail(f"{line[:80]!r} gives a video two labels; one label a clip is supported")
        yield Annotated(found["path"], _name(int(found["label"]), names, entry), split)


def _name(label: int, names: list[str], entry: Entry) -> str:
    if names and not 0 <= label < len(names):
        entry.fail(f"label is {label}; the file of class names holds {len(names)}, for 0 to {len(names) - 1}")
    return names[label] if names else str(label)
