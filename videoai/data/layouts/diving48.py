"""Diving48 (Li et al., ECCV 2018): JSON of vid_name, label, start_frame, end_frame; Diving48_vocab.json names dives.

The videos are cut already, so the frames are not needed. The source of a clip is its name without the last number.
"""

import os
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import json_entries, load_json
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.manifest import Manifest


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree, "train")
    why = f"{os.path.basename(files[0])} with vid_name" if files else ""
    return Candidate("diving48", {"root": tree.root}, why) if files else None


def from_diving48(root: str, *, annotations: str | None = None, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads train and test, V2 (the corrected labels of 2020) where it is there. val is made out of train, by source.

    Args:
        annotations: the folder of the JSON files; None = below root.
    """
    tree = survey(annotations or root)
    train = _files(tree, "train") or tree.fail("Diving48", "*_train.json with vid_name")
    vocabulary = tree.named("*vocab.json")
    names = [" ".join(parts) for parts in load_json(vocabulary[0])] if vocabulary else []
    splits = [("train", train[:1]), ("test", _files(tree, "test")[:1])]
    clips = (clip for split, paths in splits for path in paths for clip in _clips(path, split, names))
    notes = [] if names else ["no Diving48_vocab.json, so classes are numbers."]
    return manifest_from_annotations(
        clips, root, train[0], notes=notes, grouped_by="source video", published=True, **options
    )


def _files(tree: Survey, split: str) -> list[str]:
    files = [path for path in tree.named(f"*_{split}.json") if '"vid_name"' in peek(path)]
    return sorted(files, key=lambda path: "_v2_" not in path.lower())  # V2 first


def _clips(path: str, split: str, names: list[str]) -> Iterator[Annotated]:
    for entry in json_entries(path):
        video, label = entry.text("vid_name"), entry.number("label")
        if names and label >= len(names):
            entry.fail(f"label is {label}; Diving48_vocab.json names {len(names)} dives, 0 to {len(names) - 1}")
        yield Annotated(video, names[label] if names else str(label), split, video.rpartition("_")[0])
