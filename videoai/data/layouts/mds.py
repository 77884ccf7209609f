"""MDS, the shards of MosaicML Streaming (github.com/mosaicml/streaming, streaming/base/format/mds).

    train/index.json         {"version": 2, "shards": [{"format": "mds", "samples": 64, "raw_data":
                              {"basename": "shard.00000.mds"}, "zip_data": null, "column_names": ["label", "video"],
                              "column_encodings": ["str", "bytes"], "column_sizes": [null, null]}]}
    train/shard.00000.mds    uint32 N, uint32 [N + 1] offsets of the samples in the file, the index's entry, the samples
    a sample                 uint32 sizes of the columns whose size is null, then the bytes of every column

Videos are read where they lie, by their range of bytes. All numbers are little-endian.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Unpack

import numpy as np

from videoai.core.messages import did_you_mean
from videoai.data.layouts.entries import Entry, line_entries, load_json
from videoai.data.layouts.members import MadeSplits, manifest_from_members, split_of
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.column_names import LABEL, like
from videoai.data.lists.listing import Row
from videoai.data.lists.manifest import Manifest
from videoai.data.shards.ranges import RANGE, range_name

INDEX = "index.json"
NUMBERS = ("int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")  # encodings of labels
TEXTS = ("str", "str_int", "json")
MAX_LABEL = 2**16  # bytes


class Shard(NamedTuple):
    """One file of samples."""

    index: str  # the index.json that describes it
    path: str
    num_samples: int
    encodings: dict[str, str]  # by column, in the order of the file
    sizes: dict[str, int | None]  # bytes; None = each sample says its own


class Part(NamedTuple):
    """Where one column of a sample lies in its file."""

    offset: int
    size: int


def detect(tree: Survey) -> Candidate | None:
    files = _indexes(tree)
    if not files:
        return None
    settings = {"root": tree.root}
    why = f"MDS shards of MosaicML Streaming, described by {os.path.relpath(files[0], tree.root)}"
    try:
        columns = _columns([shard for path in files for shard in _shards(path)])
    except ValueError:  # reading it will say so
        return Candidate("mds", settings, why)
    videos, labels = _videos(columns), _labels(columns)
    settings |= {"video": videos[0]} if len(videos) > 1 else {}
    settings |= {"label": labels[0]} if len(labels) > 1 else {}
    return Candidate("mds", settings, why)


def from_mds(
    root: str,
    *,
    video: str | None = None,
    label: str | None = None,
    class_names: str | None = None,
    **options: Unpack[MadeSplits],
) -> Manifest:
    """Reads the index and the labels of every shard.

    Args:
        root: the folder of index.json, or one above several. train, val, test as the name of its folder is the split.
        video: the column of the encoded videos, of the encoding bytes; None = the only one.
        label: the column of the classes, a text or a number; None = the only one of a usual name.
        class_names: a text file with the name of class 0, 1, 2, ... on each line; None = labels stand for themselves.
    Raises:
        ValueError: no such shards, compressed ones, columns that are not there, or a damaged file.
    """
    tree = survey(root)
    files = _indexes(tree)
    if not files:
        raise ValueError(f"{root}: no {INDEX} of MDS shards here, which MDSWriter writes beside them")
    shards = [shard for path in files for shard in _shards(path)]
    columns = _columns(shards)
    chosen_video = _one("video", video, _videos(columns), columns, files[0])
    chosen = _one("label", label, _labels(columns), columns, files[0])
    names = [line for line, _ in line_entries(class_names)] if class_names else []
    rows = (row for shard in shards for row in _rows(shard, chosen_video, chosen, names, tree.root))
    return manifest_from_members(rows, tree.root, root, prefix=RANGE, **options)


def _indexes(tree: Survey) -> list[str]:
    return [path for path in tree.named(INDEX) if '"shards"' in (head := peek(path)) and '"mds"' in head]


def _shards(index: str) -> Iterator[Shard]:
    content = load_json(index)
    listed = content.get("shards") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise ValueError(f"{index}: no list of shards")
    for number, about in enumerate(listed):
        entry = Entry(about if isinstance(about, dict) else {}, lambda number=number: f"{index}, shard {number}")
        yield _shard(entry, index)


def _shard(entry: Entry, index: str) -> Shard:
    fields = entry.fields
    if fields.get("format") != "mds":
        entry.fail(f"its format is {fields.get('format')!r}; mds alone is read")
    names, encodings, sizes = (fields.get(f"column_{what}") for what in ("names", "encodings", "sizes"))
    lists = [names, encodings, sizes]
    if not all(isinstance(one, list) for one in lists) or len({len(one) for one in lists if one is not None}) != 1:
        entry.fail("column_names, column_encodings and column_sizes are not three lists of one length")
    raw = fields.get("raw_data")
    base = str(raw.get("basename", "")) if isinstance(raw, dict) else ""
    if not base or os.path.isabs(base) or ".." in base.split("/"):
        entry.fail(f"raw_data names the file {base!r}; a name below the folder of {INDEX} is needed")
    path = os.path.join(os.path.dirname(index), base)
    if not os.path.isfile(path):
        packed = fields.get("zip_data")
        how = "it is compressed: unpack it, or write it with compression=None" if packed else "copy it there"
        entry.fail(f"no file {path}; {how}")
    given = zip(names or [], encodings or [], sizes or [], strict=True)
    columns = [(str(name), str(kind), size if isinstance(size, int) and size else None) for name, kind, size in given]
    encoding_of, size_of = {name: kind for name, kind, _ in columns}, {name: size for name, _, size in columns}
    return Shard(index, path, entry.number("samples"), encoding_of, size_of)


def _columns(shards: list[Shard]) -> dict[str, str]:
    """Columns that every shard has, with their encodings."""
    common = Counter((name, kind) for shard in shards for name, kind in shard.encodings.items())
    return {name: kind for (name, kind), count in common.items() if count == len(shards)}


def _videos(columns: dict[str, str]) -> list[str]:
    return [name for name, kind in columns.items() if kind == "bytes"]


def _labels(columns: dict[str, str]) -> list[str]:
    return like([name for name, kind in columns.items() if kind in (*TEXTS, *NUMBERS)], LABEL)


def _one(setting: str, wanted: str | None, usual: list[str], columns: dict[str, str], index: str) -> str:
    there = ", ".join(f"{name} ({kind})" for name, kind in columns.items())
    if wanted is not None and wanted not in columns:
        hint = did_you_mean(wanted, columns)
        raise ValueError(f"{index}: data.{setting}={wanted}, but the columns are {there}.{hint}")
    allowed = ("bytes",) if setting == "video" else (*TEXTS, *NUMBERS)
    if wanted is not None and columns[wanted] not in allowed:
        kind = columns[wanted]
        raise ValueError(f"{index}: data.{setting}={wanted} is of the encoding {kind}; read: {', '.join(allowed)}")
    if wanted is None and len(usual) != 1:
        found = f"{', '.join(usual)} could all be it" if usual else "none can be it"
        raise ValueError(f"{index}: which column is the {setting}? Of {there}, {found}: data.{setting}=NAME")
    return wanted or usual[0]


def _rows(shard: Shard, video: str, label: str, names: list[str], root: str) -> Iterator[Row]:
    below, split = os.path.relpath(shard.path, root), split_of(shard.index)
    with open(shard.path, "rb") as file:
        for number, parts in enumerate(_samples(shard, file)):
            entry = Entry({label: _decoded(shard, file, parts[label], label, number)}, lambda n=number: _at(shard, n))
            text = entry.text(label)
            if names:
                at = entry.number(label)
                text = names[at] if at < len(names) else entry.fail(f"{label} is {at}; {len(names)} classes are named")
            yield Row(range_name(below, f"{number:08d}", *parts[video]), text, split)


def _samples(shard: Shard, file: BinaryIO) -> Iterator[dict[str, Part]]:
    """Where the columns of each sample lie. Raises: ValueError: the file is cut off or no such shard."""
    (count,) = _numbers(shard, file, 0, 1)
    if count != shard.num_samples:
        raise ValueError(f"{shard.path}: it holds {count} samples, and {shard.index} says {shard.num_samples}")
    offsets = _numbers(shard, file, 4, count + 1)
    if offsets[-1] != os.path.getsize(shard.path):
        raise ValueError(f"{shard.path}: the file ends elsewhere than its samples do; it is cut off, copy it again")
    own = [name for name, size in shard.sizes.items() if size is None]
    for number, start in enumerate(offsets[:-1]):
        said = dict(zip(own, _numbers(shard, file, start, len(own)), strict=True))
        offset, parts = start + 4 * len(own), {}
        for name, size in shard.sizes.items():
            parts[name] = Part(offset, said[name] if size is None else size)
            offset += parts[name].size
        if offset != offsets[number + 1]:
            raise ValueError(f"{_at(shard, number)}: its columns do not end where the next sample begins")
        yield parts


def _numbers(shard: Shard, file: BinaryIO, offset: int, count: int) -> list[int]:
    file.seek(offset)
    data = file.read(4 * count)
    if len(data) < 4 * count:
        raise ValueError(f"{shard.path}: the file ends too early; it is cut off, copy it again")
    return np.frombuffer(data, "<u4").tolist()


def _decoded(shard: Shard, file: BinaryIO, part: Part, column: str, number: int) -> Any:
    """The label of a sample. Pickled ones, which can run code, are not read at all."""
    kind = shard.encodings[column]
    if part.size > MAX_LABEL:
        raise ValueError(f"{_at(shard, number)}: {column} has {part.size} bytes, which is no label")
    file.seek(part.offset)
    data = file.read(part.size)
    try:
        if kind in NUMBERS:
            return int(np.frombuffer(data, "<i8" if kind == "int" else np.dtype(kind).newbyteorder("<"))[0])
        return json.loads(data) if kind == "json" else data.decode()
    except (ValueError, IndexError) as error:
        raise ValueError(f"{_at(shard, number)}: {column} cannot be read as {kind} ({error})") from None


def _at(shard: Shard, number: int) -> str:
    return f"{shard.path}, sample {number}"
