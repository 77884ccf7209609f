"""Lists of ``path label`` (VideoMAE, SlowFast, MMAction2), and of ``folder num_frames label`` for folders of frames.

Splits come from the names of the lists, train.csv, kinetics400_train_list_videos.txt, or of their folders.
"""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, line_entries
from videoai.data.layouts.survey import Candidate, Survey, first_line, survey
from videoai.data.lists.clip_table import relative
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS

LINE = re.compile(r"(?P<path>\S.*?)[\s,]+(?:(?P<num_frames>\d+)[\s,]+)?(?P<label>-?\d+)")


def detect(tree: Survey) -> Candidate | None:
    lists = _lists(tree)
    why = f"{len(lists)} lists of paths and labels, such as {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("list", {"root": tree.root}, why) if lists else None


def from_list(
    root: str, *, annotations: str | None = None, class_names: str | None = None, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads every list. One whose name holds no word for a split leaves its clips to a split that is made.

    Args:
        root: paths in the lists start from it, or from any folder below it.
        annotations: a list or the folder that holds them; None = below root.
        class_names: a text file with the name of class 0, 1, 2, ... on each line; None = label_map.txt beside the
            lists, else the numbers stand for themselves.
    """
    tree = survey(annotations or root)
    lists = _lists(tree) or tree.fail("lists", "a .txt or .csv whose lines are 'path label'")
    beside = class_names or next(iter(tree.named("label_map.txt")), None)
    names = [line for line, _ in line_entries(os.path.abspath(beside))] if beside else []
    clips = (clip for path in lists for clip in _clips(path, split_of_list(path, tree.root), root, names))
    return manifest_from_annotations(clips, root, lists[0] if len(lists) == 1 else tree.root, **options)


def split_word(path: str) -> str | None:
    """The split that a file's name says, such as ``val`` in ``k400_val_list.txt``; None = it does not."""
    words = re.split(r"[^a-z]+", os.path.splitext(os.path.basename(path))[0].lower())
    return next((SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES), None)


def split_of_list(path: str, root: str) -> str | None:
    """The split that the name of a list says, else that of the folder below root that it lies in:
    ``train/metadata.csv``."""
    return split_word(path) or SPLIT_NAMES.get(os.path.basename(_folder_below(root, path)).lower())


def beside(path: str, root: str, name: str) -> str:
    """The name of a video with the folder of its list, where it is looked for first: splits may use the same names."""
    return os.path.join(_folder_below(root, path), name)


def _folder_below(root: str, path: str) -> str:
    """The folder of a file as seen from root; nothing where it does not lie below."""
    folder = relative(os.path.dirname(path), os.path.abspath(os.path.expanduser(root)))
    return "" if os.path.isabs(folder) else folder


def _lists(tree: Survey) -> list[str]:
    lists = []
    for path in tree.named("*.txt", "*.csv"):
        line = LINE.fullmatch(first_line(path))
        if line and (line["num_frames"] or os.path.splitext(line["path"])[1].lower() in VIDEO_EXTENSIONS):
            lists.append(path)
    return lists


def _clips(path: str, split: str | None, root: str, names: list[str]) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        match = LINE.fullmatch(line)
        if not match:
            entry.fail(f"{line[:80]!r}; 'path label' or 'folder num_frames label' is needed, the label a number")
        if match["num_frames"] and os.path.splitext(match["path"])[1].lower() in VIDEO_EXTENSIONS:
            entry.fail(f"{line[:80]!r} gives a video two labels; one label a clip is supported")
        label = _name(int(match["label"]), names, entry)
        yield Annotated(beside(path, root, match["path"]), label, split, also=(match["path"],))


def _name(label: int, names: list[str], entry: Entry) -> str:
    if names and not 0 <= label < len(names):
        entry.fail(f"label is {label}; the file of class names holds {len(names)}, for 0 to {len(names) - 1}")
    return names[label] if names else str(label)
