"""The same videos and labels with features of ``features extract`` in the place of pixels."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from videoai.core.messages import pluralize, truncated_list
from videoai.data.feature_sequences import MARK, FeatureSequences, gaps_note, open_sequences, sequence_name
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest


def with_features(manifest: Manifest, path: str) -> Manifest:
    """The manifest with items that name the videos of a table, ``features.parquet#/films/a.mp4``. Videos are found in
    it by their path, below the data's folder or absolute, else by a file name that occurs once.

    Videos without features are left out of train. Of val and test they stay, and count as unreadable.

    Raises: FileNotFoundError, ValueError, ImportError: no table of windows, or one of other videos.
    """
    sequences = open_sequences(path)
    paths = {item.path for items in manifest.splits.values() for item in items}
    name_of = names_in(sequences, paths, manifest.root)
    if not name_of:
        raise ValueError(
            f"data.features={path}: none of the {pluralize(len(paths), 'video')} of {manifest.source} is in it: "
            f"{truncated_list(sorted(paths), 2)}. It has {truncated_list(list(sequences.rows), 2)}. Videos are found "
            "by path or by file name."
        )
    root = f"{sequences.path}{MARK[:-1]}"

    def renamed(split: str, items: Items) -> Items:
        kept = (item for item in items if split != "train" or item.path in name_of)
        names = ((item, name_of.get(item.path) or sequence_name(item.path)) for item in kept)
        return Items.of((item._replace(path=f"{root}/{name}") for item, name in names), root)

    splits = {split: renamed(split, items) for split, items in manifest.splits.items()}
    notes = notes_of(sequences, paths, name_of, os.path.basename(manifest.source))
    return replace(manifest, splits=splits, root=root, notes=(*manifest.notes, *notes))


def notes_of(sequences: FeatureSequences, paths: set[str], name_of: Mapping[str, str], source: str) -> list[str]:
    """What the features are, and which videos of the data and of the table have no counterpart."""
    facts, used = sequences.facts, {*name_of.values()}
    notes = [
        f"features of {pluralize(len(name_of), 'video')}: {sequences.width} numbers each {sequences.stride_seconds:g} "
        f"s, from windows of {sequences.window_seconds:g} s, of {facts.get('checkpoint')} ({facts.get('weights')})."
    ]
    if lacking := sorted(paths - name_of.keys()):
        notes.append(
            f"{pluralize(len(lacking), 'video')} without features, left out of train and unreadable in val and test: "
            f"{truncated_list(lacking, 3)}"
        )
    if unused := [name for name in sequences.rows if name not in used]:
        notes.append(
            f"{pluralize(len(unused), 'video')} of the table have no line in {source}, and are left out: "
            f"{truncated_list(unused, 3)}. One in which nothing happens needs a line without a label."
        )
    gaps = gaps_note(sequences, list(name_of.values()))
    return [*notes, gaps] if gaps else notes


def names_in(sequences: FeatureSequences, paths: Iterable[str], root: str) -> dict[str, str]:
    """What the table calls each of these videos; those that it lacks have no name there."""
    known = {sequences.file_of(name): name for name in sequences.rows}
    stems = Counter(stem_of(path) for path in paths), Counter(map(stem_of, sequences.rows))
    by_stem = {stem_of(name): name for name in sequences.rows}
    found = {}
    for path in paths:
        below = sequence_name(os.path.relpath(path, root)) if root else sequence_name(path)
        stem, alone = stem_of(path), stems[0][stem_of(path)] == 1 == stems[1][stem_of(path)]
        name = known.get(os.path.abspath(path)) or (below if below in sequences.rows else None)
        if name := name or (by_stem[stem] if alone else None):
            found[path] = name
    return found


def stem_of(path: str) -> str:
    """``films/a.mp4`` -> ``a``: another container of the same video has the same features."""
    return os.path.splitext(os.path.basename(path))[0]
