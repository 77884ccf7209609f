"""WebDataset: tar files whose members of one key are a sample (github.com/webdataset/webdataset).

    train-000000.tar:  0001.mp4  0001.cls      a number, or a name
                       0002.mp4  0002.json     {"label": "run"}
                       0003.mp4  0003.txt

The key ends at the first dot of the name. Videos are read where they lie, by their range of bytes.
"""

import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Unpack

from videoai.core.messages import pluralize
from videoai.data.layouts.entries import Entry, line_entries
from videoai.data.layouts.members import MadeSplits, manifest_from_members, split_of
from videoai.data.layouts.stretches import choose, listed, most
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.column_names import LABEL, like
from videoai.data.lists.listing import Row
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.shards.ranges import RANGE, range_name

TEXTS = ("cls", "label", "class", "txt")  # members whose text is a label, the surest first
MAX_TEXT = 2**20  # bytes of a member that says something about a video
LOOKED_AT = 20  # samples of the first file that detection reads


@dataclass
class Sample:
    """The members of one key."""

    file: str  # the tar file
    key: str
    videos: list[tuple[str, int, int]] = field(default_factory=list)  # name, offset, bytes
    said: dict[str, Any] = field(default_factory=dict)  # by extension, or as json.KEY

    def entry(self) -> Entry:
        """What is said, for messages."""
        return Entry(self.said, lambda: f"{self.file}, {self.key}")


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    if not files:
        return None
    root = files[0] if not tree.num_folders else tree.root
    why = f"{pluralize(len(files), 'tar file')} of WebDataset, such as {os.path.basename(files[0])}"
    settings = {"root": root}
    try:
        counts = _counts(sample for sample, _ in zip(_samples(files[0]), range(LOOKED_AT), strict=False))
    except ValueError:  # reading it will say so
        return Candidate("webdataset", settings, why)
    if len(counts) > 1:
        settings["label"] = most(counts)
        why += f"; labels in {', '.join(listed(counts))} of the first samples, data.label chooses"
    return Candidate("webdataset", settings, why) if counts else None


def from_webdataset(
    root: str, *, label: str | None = None, class_names: str | None = None, **options: Unpack[MadeSplits]
) -> Manifest:
    """Reads the index of every tar file, and the small members that name labels.

    Args:
        root: the folder of the tar files, or one of them. train, val, test in the name of a file or of its folder is
            the split of its samples.
        label: the extension of the members that hold the label (cls, txt), or json.KEY; None = the only one there is.
        class_names: a text file with the name of class 0, 1, 2, ... on each line; None = labels stand for themselves.
    """
    tree = survey(root)
    files = _files(tree)
    if not files:
        raise ValueError(f"{root}: no .tar files here. Compressed ones cannot be read in parts: unpack them to .tar")
    samples = [sample for path in files for sample in _samples(path)]
    chosen = choose("label", label, _counts(samples, also=label), tree.root)
    names = [line for line, _ in line_entries(class_names)] if class_names else []
    notes = _notes(samples, chosen)
    rows = (row for sample in samples if chosen in sample.said for row in _rows(sample, chosen, names, tree.root))
    return manifest_from_members(rows, tree.root, root, notes, prefix=RANGE, **options)


def _files(tree: Survey) -> list[str]:
    """Those of videoai itself have an index beside them: data=shards."""
    return [path for path in tree.packed_files(".tar") if not os.path.exists(f"{path[:-4]}.csv")]


def _counts(samples: Iterable[Sample], also: str | None = None) -> Counter[str]:
    """Samples that have a video and say what may be a label: in texts, or under a usual name in JSON."""
    counts: Counter[str] = Counter()
    for sample in samples:
        usual = [f"json.{key}" for key in like([key[5:] for key in sample.said if key.startswith("json.")], LABEL)]
        counts.update(key for key in (*TEXTS, *usual, also) if sample.videos and key in sample.said)
    return counts


def _rows(sample: Sample, label: str, names: list[str], root: str) -> Iterator[Row]:
    text = sample.entry().text(label)
    if names:
        number = sample.entry().number(label)
        if number >= len(names):
            sample.entry().fail(f"{label} is {number}; the file of class names holds {len(names)}")
        text = names[number]
    group = sample.key if len(sample.videos) > 1 else None
    for name, offset, size in sample.videos:
        below = os.path.relpath(sample.file, root)
        yield Row(range_name(below, name, offset, size), text, split_of(sample.file), group)


def _notes(samples: list[Sample], label: str) -> list[str]:
    bare = [sample for sample in samples if sample.videos and label not in sample.said]
    blind = [sample for sample in samples if not sample.videos]
    return [
        f"left out {len(some)} samples without {what}, first {some[0].key} of {some[0].file}."
        for some, what in ((bare, label), (blind, "a video"))
        if some
    ]


def _samples(path: str) -> Iterator[Sample]:
    """Members of a key follow each other."""
    sample = None
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                folder, name = os.path.split(member.name)
                stem, _, extension = name.partition(".")
                key = os.path.join(folder, stem)
                if not member.isfile() or not stem:
                    continue
                if sample is None or sample.key != key:
                    if sample:
                        yield sample
                    sample = Sample(path, key)
                _add(sample, tar, member, extension.lower())
    except tarfile.TarError as error:
        raise ValueError(
            f"{path}: {error}; it is damaged, cut off or compressed, make it again as a plain .tar"
        ) from None
    if sample:
        yield sample


def _add(sample: Sample, tar: tarfile.TarFile, member: tarfile.TarInfo, extension: str) -> None:
    if os.path.splitext(f".{extension}")[1] in VIDEO_EXTENSIONS or f".{extension}" in VIDEO_EXTENSIONS:
        sample.videos.append((member.name, member.offset_data, member.size))
    elif extension in (*TEXTS, "json") and member.size <= MAX_TEXT and (file := tar.extractfile(member)):
        text = file.read().decode("utf-8", "replace").strip()
        if extension != "json":
            sample.said[extension] = text
            return
        try:
            about = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{sample.file}, {member.name}: {error}; this is not JSON") from None
        sample.said |= {f"json.{key}": value for key, value in about.items()} if isinstance(about, dict) else {}
