"""The data set that ``data prepare to=shards`` wrote: the items, splits, labels, targets and order it was made from."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os.path import abspath, expanduser, normpath
from typing import Any, NamedTuple

import numpy as np

from videoai.core.paths import is_url
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.clips_csv import CLIP_COLUMNS, MULTI_LABEL_COLUMNS, PARTLY_LABELLED_COLUMNS
from videoai.data.lists.items import Items
from videoai.data.lists.label_texts import split_labels
from videoai.data.lists.manifest import SPLITS, Manifest
from videoai.data.lists.target_columns import Kinds, TargetColumn, select_columns
from videoai.data.shards.shards import UNVERIFIED, read_table
from videoai.data.shards.storage import read_bytes

MEMBER_PATH = re.compile(r"shards/\d{5,}\.tar#.+", re.DOTALL)
HEADERS = CLIP_COLUMNS, MULTI_LABEL_COLUMNS, PARTLY_LABELLED_COLUMNS


class Packed(NamedTuple):
    """What prepare.json says of a set."""

    label_of: Mapping[str, int]  # the number of each class, in order
    columns: tuple[TargetColumn, ...]


def from_shards(path: str, *, verify: bool = True, columns: Kinds | None = None) -> Manifest:
    """Reads the list of clips; no shard is opened.

    Args:
        path: a folder, or a URL that fsspec supports.
        verify: compare the hash of every video that is read with the one it was packed with.
        columns: columns that are targets, and their kinds, among those that were packed.
    Raises:
        FileNotFoundError: no shards there. ValueError: written by a newer version, or not by this program; a column
        that was not packed. ImportError: the protocol of the URL needs a package that is not installed.
    """
    root = path.rstrip("/") if is_url(path) else abspath(expanduser(path))
    packed = _packed(root)
    prefix = root if verify else UNVERIFIED + root
    headers = [(*CLIP_COLUMNS, *(column.name for column in packed.columns))] if packed.columns else HEADERS
    splits: dict[str, list[VideoItem]] = {split: [] for split in SPLITS}
    for number, row in enumerate(read_table(f"{root}/clips.csv", *headers), start=2):
        try:
            split, item = _item(row, packed)
            splits[split].append(item)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{root}/clips.csv:{number}: {error}; prepare the shards again") from error
    notes = () if verify else ("hashes are not compared: damage in the shards may go unseen.",)
    items = {split: Items.of(listed, prefix) for split, listed in splits.items()}
    whole = Manifest(tuple(packed.label_of), items, root, notes, normpath(prefix), columns=packed.columns)
    return _with_columns(whole, columns or {}) if packed.columns or columns else whole


def _item(row: Sequence[str], packed: Packed) -> tuple[str, VideoItem]:
    """A line of clips.csv, and its split. Raises: ValueError, KeyError: it makes no sense."""
    name, label, split, group, start, end, *rest = row
    if not MEMBER_PATH.fullmatch(name):  # it must not lead elsewhere
        raise ValueError(f"'{name}' is not the path of a member, shards/00000.tar#NAME")
    label_of, stretch = packed.label_of, (float(start), float(end) if end else None, group or None)
    if packed.columns:
        values = tuple(_value(column, text) for column, text in zip(packed.columns, rest, strict=True))
        return split, VideoItem(name, label_of[label], *stretch, None, values)
    if rest:
        spans = tuple(LabelSpan(label_of[span.label], *span[1:]) for span in split_labels(label, *rest))
        return split, VideoItem(name, MULTI_LABEL, *stretch, spans)
    return split, VideoItem(name, label_of[label], *stretch)


def _value(column: TargetColumn, text: str) -> float | None:
    """Raises: ValueError: no number, or a class that the column has not."""
    if not text:
        return None
    if column.kind == "class":
        return float(column.classes.index(text))
    return float(text)


def _with_columns(manifest: Manifest, kinds: Kinds) -> Manifest:
    """With those columns alone that ``kinds`` names. Raises: ValueError: one that there is not."""
    splits, kept = {}, ()
    for split, items in manifest.splits.items():
        block = items.values if items.values is not None else np.empty((0, len(manifest.columns)))
        block, kept = select_columns(block, manifest.columns, kinds, manifest.source)
        splits[split] = replace(items, values=block if kinds else None)
    return replace(manifest, splits=splits, columns=kept)


def _packed(root: str) -> Packed:
    try:
        settings = json.loads(read_bytes(f"{root}/prepare.json"))
        kind, version, classes = settings["to"], settings["format"], settings["classes"]
        columns = tuple(_column(**node) for node in settings.get("columns", ()))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{root}: no shards here (no prepare.json). Make them: videoai data prepare PATH to=shards out=DIR"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{root}/prepare.json: cannot be parsed ({error}); prepare the shards again") from error
    if kind != "shards":
        raise ValueError(f"{root} holds {kind}, not shards: train on it with data=csv data.path={root}/clips.csv")
    if version != 1:
        raise ValueError(f"{root}: format {version}, this videoai reads format 1. Upgrade videoai.")
    return Packed({name: label for label, name in enumerate(classes)}, columns)


def _column(name: str, kind: Any, classes: Sequence[str]) -> TargetColumn:
    return TargetColumn(name, kind, tuple(classes))
