"""Which folders below a root are splits, which are classes, and which are videos: by their names."""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from videoai.core.messages import truncated_list
from videoai.core.natural_order import natural_order
from videoai.core.paths import composed
from videoai.data.lists.listing import SPLIT_NAMES

# The usual names of what media.FORMAT_WHITELIST can open.
VIDEO_EXTENSIONS = frozenset(
    (".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts")
    + (".flv", ".ogv", ".wmv", ".asf", ".gif", ".ivf")
)

NUMBERED_IMAGE = re.compile(r".*\d\.(jpe?g|png)", re.IGNORECASE)
NAMES_LOOKED_AT = 50  # names of a folder that are read to see whether it holds the frames of one video


class ClassFolder(NamedTuple):
    """Where clips of a class lie."""

    split: str | None  # None = to be made
    label: str
    path: str


def class_folders_of(root: str) -> list[ClassFolder]:
    """The folders of all classes: in those of the splits, above them, or without any."""
    if splits := split_folders_of(root):
        return [
            ClassFolder(split, composed(name), os.path.join(above, name))
            for split, above in splits
            for name in subfolders(above)
        ]
    names = subfolders(root)
    inside = {name: splits_named(subfolders(os.path.join(root, name))) for name in names}
    if names and all(inside[name].keys() == {*subfolders(os.path.join(root, name))} != set() for name in names):
        return [
            ClassFolder(split, composed(name), os.path.join(root, name, folder))
            for name in names
            for folder, split in inside[name].items()
        ]
    return [ClassFolder(None, composed(name), os.path.join(root, name)) for name in names]


def splits_named(names: Sequence[str]) -> dict[str, str]:
    """Folders that are called after splits -> the splits: ``train``, ``Testing``; or two and more that differ in such a
    word alone, ``train_256`` and ``val_256``."""
    if exact := {name: SPLIT_NAMES[name.lower()] for name in names if name.lower() in SPLIT_NAMES}:
        return exact
    alike: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name in names:
        for word in re.finditer("[a-z]+", name.lower()):
            if word[0] in SPLIT_NAMES:
                alike[name.lower()[: word.start()], name.lower()[word.end() :]][name] = SPLIT_NAMES[word[0]]
    return next((found for found in alike.values() if len(found) > 1), {})


def split_folders_of(root: str) -> list[tuple[str, str]]:
    """(split, folder) pairs when the folders bear names of splits, else nothing: then they are classes. One folder
    alone is a split when it holds folders and nothing stands beside it."""
    names = subfolders(root)
    folders = [(split, name) for name, split in splits_named(names).items()]
    if len(folders) == 1 and len(names) > 1 and _holds_classes(os.path.join(root, folders[0][1])):
        name, beside = folders[0][1], [name for name in names if name != folders[0][1]]
        raise ValueError(
            f"{root}: {name}/ holds folders, as a split does, and beside it is no other split but "
            f"{truncated_list(beside)}. Move these classes into {name}/, or rename {name}/ if it is a class itself."
        )
    if len(folders) < 2 and not (folders and len(names) == 1 and subfolders(os.path.join(root, names[0]))):
        return []
    if len({split for split, _ in folders}) < len(folders):
        raise ValueError(
            f"{root}: the folders {truncated_list([name for _, name in folders])} look like splits, but there may be "
            "one each of train, val (or dev, eval, validation) and test; rename or merge them"
        )
    return [(split, os.path.join(root, name)) for split, name in folders]


def check_not_alike(root: str, folders: Sequence[ClassFolder]) -> None:
    """Raises: ValueError: all classes hold sub-folders of the same names, so that either may be the classes."""
    inside = {frozenset(subfolders(folder.path)) for folder in folders}
    if len(folders) < 2 or len(inside) > 1 or len(names := min(inside)) < 2 or not _holds_classes(folders[0].path):
        return
    above, below = truncated_list([folder.label for folder in folders], 3), truncated_list(natural_order(names), 3)
    raise ValueError(
        f"{root}: {above} hold the same folders, {below}. If {above} are splits, call them train, val and test. If "
        f"they are classes, and {below} people or sources, data.split_by=folder keeps the clips of each together; "
        "data.split_by=clip does not"
    )


def _holds_classes(folder: str) -> bool:
    """Whether there are folders in it that are no videos themselves."""
    return any(not holds_frames(os.path.join(folder, name)) for name in subfolders(folder))


def holds_frames(folder: str) -> bool:
    """Whether a folder is one video: numbered images, and neither videos nor folders among its first names."""
    entries = list(islice(os.scandir(folder), NAMES_LOOKED_AT))
    if any(extension(entry.name) in VIDEO_EXTENSIONS or entry.is_dir() for entry in entries):
        return False
    return any(NUMBERED_IMAGE.fullmatch(entry.name) for entry in entries)


def subfolders(folder: str) -> list[str]:
    """Names in natural order, those that begin with a dot left out."""
    return natural_order(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")


def extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()
