"""Reads `root/<class>/**/*`, `root/{train,val,test}/<class>/**/*` or `root/<class>/{train,val,test}/**/*` into rows.
Looks at names only, opens no file.

A video is a file, or a folder of numbered images such as img_00001.jpg.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from videoai.core.messages import near_names, truncated_list
from videoai.data.lists.listing import SPLIT_NAMES, Listing, ReadClips, Row, group_notes

# The usual names of what media.FORMAT_WHITELIST can open.
VIDEO_EXTENSIONS = frozenset(
    (".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts")
    + (".flv", ".ogv", ".wmv", ".asf", ".gif", ".ivf")
)

NUMBERED_IMAGE = re.compile(r".*\d\.(jpe?g|png)", re.IGNORECASE)
SOURCE_NUMBER = re.compile(r"_(g\d+)_c\d+\b", re.IGNORECASE)  # of UCF101 and those that follow it
PATHS_LOOKED_AT = 10_000  # to see whether clips have sources
NAMES_LOOKED_AT = 50  # names of a folder that are read to see whether it holds the frames of one video


def read_class_folders(
    root: str, *, extensions: Collection[str] | None = None, group_by: Literal["clip", "folder"] | None = None
) -> ReadClips:
    """One clip per video. Names starting with a dot are ignored, links are followed.

    Args:
        root: absolute path.
        extensions: None = VIDEO_EXTENSIONS.
        group_by: "folder" sets a clip's group to the name of the first sub-folder below its class folder, if any;
            None = "clip", but sub-folders that are the same in all classes are refused: are they classes, or people?
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
        _check_not_alike(root, folders)
    skipped: Counter[str] = Counter()

    def rows() -> Iterator[Row]:
        for _, folder in split_folders or [(None, root)]:
            _count_outside(folder, wanted, skipped)
        for folder in folders:
            yield from _class_rows(root, folder, wanted, skipped, group_by)

    clips = Listing.of(rows(), root)
    notes = _notes(root, split_folders, skipped)
    if group_by is None and not any(folder.split for folder in folders):
        notes += _source_notes(clips.items.files)
    if not clips.items:
        raise ValueError(
            f"{root}: no videos. Looked for <class>/**/* and {{train,val,test}}/<class>/**/* ending in "
            f"{_listed(wanted)}. Put the videos of each class into a folder of its own. {' '.join(notes)}".rstrip()
        )
    notes += group_notes(clips.items, "folder" if group_by == "folder" else None)
    has_test_split = any(folder.split not in (None, "train") for folder in folders)
    return ReadClips(clips, has_test_split, notes)


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
        elif _extension(entry.name) in wanted and entry.is_file():
            yield entry.path
        else:
            kind = _extension(entry.name) or "no extension"
            skipped[f"{kind} that is no regular file" if kind in wanted else kind] += 1


def holds_frames(folder: str) -> bool:
    """Whether a folder is one video: numbered images, and neither videos nor folders among its first names."""
    entries = list(islice(os.scandir(folder), NAMES_LOOKED_AT))
    if any(_extension(entry.name) in VIDEO_EXTENSIONS or entry.is_dir() for entry in entries):
        return False
    return any(NUMBERED_IMAGE.fullmatch(entry.name) for entry in entries)


def natural_order(names: Iterable[str]) -> list[str]:
    """Sorted with the numbers in names compared as numbers: clip2 before clip10; whole numbers by value."""
    names = list(names)
    if all(re.fullmatch(r"-?[0-9]+", name) for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(
        names, key=lambda name: ([(int(p) if p.isdecimal() else 0, p) for p in re.split(r"(\d+)", name)], name)
    )


class ClassFolder(NamedTuple):
    """Where clips of a class lie."""

    split: str | None  # None = to be made
    label: str
    path: str


def class_folders_of(root: str) -> list[ClassFolder]:
    """The folders of all classes: in those of the splits, above them, or without any."""
    if splits := split_folders_of(root):
        return [
            ClassFolder(split, name, os.path.join(above, name)) for split, above in splits for name in subfolders(above)
        ]
    names = subfolders(root)
    inside = {name: splits_named(subfolders(os.path.join(root, name))) for name in names}
    if names and all(inside[name].keys() == {*subfolders(os.path.join(root, name))} != set() for name in names):
        return [
            ClassFolder(split, name, os.path.join(root, name, folder))
            for name in names
            for folder, split in inside[name].items()
        ]
    return [ClassFolder(None, name, os.path.join(root, name)) for name in names]


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


def _check_not_alike(root: str, folders: Sequence[ClassFolder]) -> None:
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


def _class_rows(
    root: str,
    folder: ClassFolder,
    wanted: Collection[str],
    skipped: Counter[str],
    group_by: Literal["clip", "folder"] | None,
) -> Iterator[Row]:
    path = None
    for path in videos_below(folder.path, wanted, skipped):
        inside = path[len(folder.path) + 1 :].split(os.sep)
        group = inside[0] if group_by == "folder" and len(inside) > 1 else None
        yield Row(path[len(root) :].lstrip(os.sep), folder.label, folder.split, group)
    if path is None:
        raise ValueError(
            f"{folder.path}: this class has no videos ending in {_listed(wanted)}; add some, remove the folder, "
            "or rename them"
        )


def _count_outside(folder: str, wanted: Collection[str], skipped: Counter[str]) -> None:
    for entry in os.scandir(folder):
        if not entry.is_dir() and not entry.name.startswith("."):
            kind = _extension(entry.name) or "no extension"
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


def _source_notes(paths: Iterable[str]) -> list[str]:
    """What to say of paths below the root that look as if several clips were of one person or source."""
    looked_at = list(islice(paths, PATHS_LOOKED_AT))
    inside = {parts[1] for path in looked_at if len(parts := path.split(os.sep)) > 2}
    sources = {match[1] for path in looked_at if (match := SOURCE_NUMBER.search(os.path.basename(path)))}
    notes = []
    if inside:
        notes.append(
            f"clips lie in sub-folders of their class ({truncated_list(natural_order(inside), 3)}). If these are people "
            "or sources, made splits part their clips; data.split_by=folder keeps them together."
        )
    if len(sources) > 1:
        notes.append(
            f"names such as _{min(sources)}_c01 tell from which source a clip is, and made splits part the clips of "
            "one. A table with a column group keeps them together: data=csv."
        )
    return notes


def subfolders(folder: str) -> list[str]:
    """Names in natural order, those that begin with a dot left out."""
    return natural_order(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")


def _extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _listed(extensions: Collection[str]) -> str:
    return " ".join(sorted(extensions))
