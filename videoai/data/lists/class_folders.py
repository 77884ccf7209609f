"""Reads `root/<class>/**/*`, `root/{train,val,test}/<class>/**/*` or `root/<class>/{train,val,test}/**/*` into rows.
Looks at names only, opens no file.

A video is a file, or a folder of numbered images such as img_00001.jpg.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Literal

from videoai.core.messages import command_line, near_names, truncated_list
from videoai.core.natural_order import natural_order
from videoai.core.paths import display_path
from videoai.data.lists.listing import Listing, ReadClips, Row, Together, group_notes
from videoai.data.lists.source_names import PATHS_LOOKED_AT, source_of, together_by_names
from videoai.data.lists.split_folders import (
    VIDEO_EXTENSIONS,
    ClassFolder,
    check_not_alike,
    class_folders_of,
    extension,
    holds_frames,
    split_folders_of,
    subfolders,
)

GroupBy = Literal["clip", "folder", "source"]
LISTS = ("metadata.csv", "metadata.jsonl")  # a videofolder of Hugging Face has one


def read_class_folders(
    root: str, *, extensions: Collection[str] | None = None, group_by: GroupBy | None = None
) -> ReadClips:
    """One clip per video. Names starting with a dot are ignored, links are followed.

    Args:
        root: absolute path.
        extensions: None = VIDEO_EXTENSIONS.
        group_by: "folder" sets a clip's group to the name of the first sub-folder below its class folder, if any;
            "source" sets it by its name, see source_names. None = "clip", but sub-folders that are the same in all
            classes are refused: are they classes, or people?
    Raises:
        FileNotFoundError: no such folder. ValueError: no videos at all or in one class, unclear folders.
    """
    if os.path.isfile(root):
        raise ValueError(
            f"{root}: a file, but data=folder reads a folder of class folders. A table: data=csv data.path=FILE"
        )
    if not os.path.isdir(root):
        raise FileNotFoundError(f"{root}: no such folder of videos.{near_names(root)}")
    wanted = VIDEO_EXTENSIONS if extensions is None else {f".{name.lower().lstrip('.')}" for name in extensions}
    split_folders, folders = split_folders_of(root), class_folders_of(root)
    if group_by is None and not any(folder.split for folder in folders):
        check_not_alike(root, folders)
    skipped: Counter[str] = Counter()

    def rows() -> Iterator[Row]:
        for _, folder in split_folders or [(None, root)]:
            _count_outside(folder, wanted, skipped)
        for folder in folders:
            yield from _class_rows(root, folder, wanted, skipped, group_by)

    clips = Listing.of(rows(), root)
    notes = _notes(root, split_folders, skipped)
    if not clips.items:
        _check_no_list(root)
        raise ValueError(
            f"{root}: no videos. Looked for <class>/**/* and {{train,val,test}}/<class>/**/* ending in "
            f"{_listed(wanted)}. Put the videos of each class into a folder of its own. {' '.join(notes)}".rstrip()
        )
    notes += group_notes(clips.items, group_by if group_by != "clip" else None)
    has_test_split = any(folder.split not in (None, "train") for folder in folders)
    is_split = any(folder.split for folder in folders)
    together = None if group_by or is_split else _together(clips.items.files)
    return ReadClips(clips, has_test_split, notes, together)


def videos_below(
    folder: str, wanted: Collection[str], skipped: Counter[str], *, above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[str]:
    """Paths of videos at any depth. `above` ends loops of links."""
    about = os.stat(folder)
    here = (about.st_dev, about.st_ino)
    if here in above:
        skipped["link to a folder above"] += 1
        return
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if holds_frames(entry.path):
                yield entry.path
            else:
                yield from videos_below(entry.path, wanted, skipped, above=above | {here})
        elif extension(entry.name) in wanted and entry.is_file():
            yield entry.path
        else:
            kind = extension(entry.name) or "no extension"
            skipped[f"{kind} that is no regular file" if kind in wanted else kind] += 1


def _class_rows(
    root: str,
    folder: ClassFolder,
    wanted: Collection[str],
    skipped: Counter[str],
    group_by: GroupBy | None,
) -> Iterator[Row]:
    path = None
    for path in videos_below(folder.path, wanted, skipped):
        inside = path[len(folder.path) + 1 :].split(os.sep)
        group = inside[0] if group_by == "folder" and len(inside) > 1 else None
        group = source_of(path) if group_by == "source" else group
        yield Row(path[len(root) :].lstrip(os.sep), folder.label, folder.split, group)
    if path is None:
        raise ValueError(
            f"{folder.path}: this class has no videos ending in {_listed(wanted)}; add some, remove the folder, "
            "or rename them"
        )


def _check_no_list(root: str) -> None:
    """Raises: ValueError: the videofolder of Hugging Face, where a list names the labels."""
    lists = [os.path.join(folder, name) for folder in ("", *subfolders(root)) for name in LISTS]
    if there := [name for name in lists if os.path.isfile(os.path.join(root, name))]:
        command = command_line("train", "data=table", f"data.root={display_path(root)}")
        raise ValueError(f"{root}: no class folders, but {there[0]} may name the labels of its videos: {command}")


def _count_outside(folder: str, wanted: Collection[str], skipped: Counter[str]) -> None:
    for entry in os.scandir(folder):
        if not entry.is_dir() and not entry.name.startswith("."):
            kind = extension(entry.name) or "no extension"
            skipped[f"{kind} outside a class folder" if kind in wanted else kind] += 1


def _notes(root: str, split_folders: list[tuple[str, str]], skipped: Counter[str]) -> list[str]:
    notes = []
    beside = [name for name in subfolders(root) if name not in {os.path.basename(path) for _, path in split_folders}]
    if split_folders and beside:
        notes.append(f"ignored the folders beside the splits: {truncated_list(beside)}.")
    if skipped:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(skipped.items(), key=lambda kc: (-kc[1], kc[0])))
        total = skipped.total()
        files = "file that is not a video" if total == 1 else "files that are not videos"
        notes.append(f"skipped {total} {files}: {kinds}.")
    return notes


def _together(paths: Iterable[str]) -> Together | None:
    """Whether sub-folders or names below class folders look as if several clips were of one person or source."""
    looked_at = list(islice(paths, PATHS_LOOKED_AT))
    if inside := {parts[1] for path in looked_at if len(parts := path.split(os.sep)) > 2}:
        names = truncated_list(natural_order(inside), 3)
        return Together("split_by", "folder", f"clips lie in sub-folders of their class ({names}), people or sources")
    return together_by_names(looked_at)


def _listed(extensions: Collection[str]) -> str:
    return " ".join(sorted(extensions))
