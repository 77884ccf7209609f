"""A bounded look at a folder: which annotation files, videos and folders of frames lie where. Opens no video."""

import csv
import os
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatch
from glob import glob
from typing import Any, NamedTuple, NoReturn

from videoai.core.messages import near_names, truncated_list
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS, holds_frames

ANNOTATION_EXTENSIONS = frozenset((".csv", ".tsv", ".json", ".jsonl", ".txt", ".xml", ".eaf"))
PACKED_EXTENSIONS = frozenset((".tar", ".parquet"))  # files that hold many videos, or tables of them
# A second or so on a local disk. Annotations lie near the top, and folders are visited level by level.
MAX_FOLDERS = 2000
MAX_NAMES = 1_000_000
KEPT_VIDEOS = 200  # names kept for each folder
PEEK_BYTES = 4096


class Candidate(NamedTuple):
    """A layout that fits what was seen."""

    name: str  # NAME in configs/data/NAME.yaml
    settings: dict[str, Any]  # data.* values
    why: str


@dataclass(frozen=True)
class Survey:
    """What lies below a folder; paths below it, level by level, each level in order of name."""

    root: str
    annotations: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)  # some of each folder
    frame_folders: list[str] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)  # extension -> files of no known kind
    num_folders: int = 0
    is_whole: bool = True  # False: there is more below than was looked at

    def named(self, *patterns: str) -> list[str]:
        """Annotation files whose name, in lower case, fits one of the patterns: absolute paths."""
        return [
            os.path.join(self.root, path)
            for path in self.annotations
            if any(fnmatch(os.path.basename(path).lower(), pattern) for pattern in patterns)
        ]

    def with_columns(self, *columns: str) -> list[str]:
        """CSV files whose first line names all of the columns: absolute paths."""
        return [path for path in self.named("*.csv", "*.tsv") if {*columns} <= {*header(path)}]

    def place(self) -> dict[str, Any]:
        """data.root, and data.annotations where a single file was looked at."""
        alone = not self.num_folders and len(self.annotations) == 1
        return {"root": self.root} | ({"annotations": os.path.join(self.root, *self.annotations)} if alone else {})

    def packed_files(self, extension: str) -> list[str]:
        """Files of this extension that hold many videos: absolute paths."""
        return [os.path.join(self.root, path) for path in self.packed if path.lower().endswith(extension)]

    def fail(self, layout: str, wanted: str) -> NoReturn:
        """Raises ValueError: no annotations of the layout lie here."""
        present = truncated_list(self.annotations, 4) or "no .csv, .json or .txt file"
        raise ValueError(
            f"{self.root}: no annotations of {layout} here. Looked for {wanted}; found {present}. "
            "Set data.annotations to the file or folder that holds them"
        )


def survey(path: str) -> Survey:
    """Looks below a folder; an annotation file, or a pattern such as ``lists/*_split_1.txt``, stands for itself alone.

    Raises: FileNotFoundError.
    """
    path = os.path.abspath(os.path.expanduser(path))
    if files := [] if os.path.isdir(path) else [file for file in sorted({path, *glob(path)}) if os.path.isfile(file)]:
        names = [os.path.basename(file) for file in files]
        packed = [name for name in names if os.path.splitext(name)[1].lower() in PACKED_EXTENSIONS]
        return Survey(os.path.dirname(path), [name for name in names if name not in packed], packed=packed)
    if not os.path.isdir(path):
        raise FileNotFoundError(f"{path}: no such file or folder.{near_names(path)}")
    tree = Survey(path)
    waiting, visited, num_names = deque([""]), set(), 0
    while waiting and len(visited) < MAX_FOLDERS and num_names < MAX_NAMES:
        folder = waiting.popleft()
        about = os.stat(os.path.join(path, folder))
        if (about.st_dev, about.st_ino) in visited:  # a link to what was seen already
            continue
        visited.add((about.st_dev, about.st_ino))
        if folder and holds_frames(os.path.join(path, folder)):
            tree.frame_folders.append(folder)
            continue
        num_names += _list(tree, folder, waiting)
    return Survey(
        path,
        tree.annotations,
        tree.videos,
        tree.frame_folders,
        tree.packed,
        tree.others,
        num_folders=len(visited),
        is_whole=not waiting,
    )


def peek(path: str) -> str:
    """The first characters of a file, whatever they are."""
    try:
        with open(path, "rb") as file:
            return file.read(PEEK_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def first_line(path: str) -> str:
    return peek(path).partition("\n")[0].strip()


def header(path: str) -> list[str]:
    """The fields of the first line of a CSV file."""
    line = first_line(path)
    delimiter = max(",;\t", key=line.count)
    return [name.strip().strip('"') for name in line.split(delimiter)]


def first_values(path: str, column: str) -> list[str]:
    """What stands in a column of a CSV file on its first lines; the last may be cut off."""
    delimiter = max(",;\t", key=first_line(path).count)
    lines = csv.DictReader(peek(path).splitlines()[1:], header(path), delimiter=delimiter)
    return [value for line in lines if isinstance(value := line.get(column), str)]


def _list(tree: Survey, folder: str, waiting: deque[str]) -> int:
    """Sorts the names of one folder into the survey. Returns how many there are."""
    try:
        entries = sorted(os.scandir(os.path.join(tree.root, folder)), key=lambda entry: entry.name)
    except OSError:  # not ours to read; what needs it will say so
        return 0
    num_videos = 0
    for entry in entries:
        path = os.path.join(folder, entry.name)
        extension = os.path.splitext(entry.name)[1].lower()
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            waiting.append(path)
        elif extension in VIDEO_EXTENSIONS:
            num_videos += 1
            if num_videos <= KEPT_VIDEOS:
                tree.videos.append(path)
        elif extension in PACKED_EXTENSIONS and entry.is_file():
            tree.packed.append(path)
        elif extension in ANNOTATION_EXTENSIONS and entry.is_file():  # to look into a pipe would wait for its writer
            tree.annotations.append(path)
        else:
            tree.others[extension] = tree.others.get(extension, 0) + 1
    return len(entries)
