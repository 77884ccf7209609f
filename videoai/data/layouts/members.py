"""Videos inside packed files -> a Manifest."""

import os
from collections.abc import Iterable, Sequence
from typing import TypedDict

from videoai.data.layouts.path_list import split_word
from videoai.data.lists.from_files import assemble
from videoai.data.lists.listing import SPLIT_NAMES, Listing, ReadClips, Row
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds


class MadeSplits(TypedDict, total=False):
    """What every layout of packed files takes."""

    val_fraction: float
    test_fraction: float
    split_seed: int


def manifest_from_members(
    rows: Iterable[Row],
    root: str,
    source: str,
    notes: Sequence[str] = (),
    *,
    prefix: str = "",
    columns: Kinds | None = None,
    val_fraction: float = 0.15,
    test_fraction: float = 0.15,
    split_seed: int = 0,
) -> Manifest:
    """Resolves labels and splits of videos that are no files.

    Args:
        rows: their paths lie below root.
        columns: what the targets of rows are, by the names of their columns.
        prefix: stands before the root in the path of every item, and says how it is read.
    Raises:
        ValueError: there are none; whatever ``assemble`` says.
    """
    root = prefix + os.path.abspath(os.path.expanduser(root))
    listing = Listing.of(rows, root, columns)
    if not len(listing.items):
        raise ValueError(f"{source}: it holds no video with a label")
    result = ReadClips(listing, bool((listing.split >= 0).any()), list(notes))
    return assemble(result, root, source, val_fraction=val_fraction, test_fraction=test_fraction, split_seed=split_seed)


def split_of(path: str) -> str | None:
    """The split that the name of a file or of the folder around it says: ``train-000.tar``, ``val/000.tar``."""
    return split_word(path) or SPLIT_NAMES.get(os.path.basename(os.path.dirname(path)).lower())
