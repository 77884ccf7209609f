"""DFEW (arXiv:2008.05924): five folds, EmoLabel_DataSplit/train(single-labeled)/set_1.csv and test(...)/set_1.csv.

``video_name,label`` with labels 1 to 7. Video 12 is Clip/original/part_1/12.mp4, or a folder of frames 00012.
"""

import os
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest

EMOTIONS = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")


def detect(tree: Survey) -> Candidate | None:
    lists = _lists(tree, "train", "[12345]")
    why = f"{len(lists)} lists such as {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("dfew", {"root": tree.root, "fold": 1}, why) if lists else None


def from_dfew(root: str, *, annotations: str | None = None, fold: int = 1, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads train and test of one fold. val is made out of train; which film a clip is from is not published.

    Args:
        annotations: the folder EmoLabel_DataSplit; None = below root.
        fold: 1 to 5.
    """
    tree = survey(annotations or root)
    lists = {split: _lists(tree, split, str(fold)) for split in ("train", "test")}
    if not all(lists.values()):
        tree.fail(f"DFEW with fold {fold}", f"set_{fold}.csv in train(single-labeled) and test(single-labeled)")
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split))
    return manifest_from_annotations(clips, root, lists["train"][0], published=True, **options)


def _lists(tree: Survey, split: str, fold: str) -> list[str]:
    files = tree.named(f"set_{fold}.csv")
    return [path for path in files if os.path.basename(os.path.dirname(path)).lower().startswith(split)]


def _clips(path: str, split: str) -> Iterator[Annotated]:
    for entry in csv_entries(path):
        video, label = entry.text("video_name"), entry.number("label")
        if not 1 <= label <= len(EMOTIONS):
            entry.fail(f"label is {label}; allowed: 1 to {len(EMOTIONS)} ({', '.join(EMOTIONS)})")
        video = os.path.splitext(video)[0]
        yield Annotated(video, EMOTIONS[label - 1], split, also=(video.zfill(5),))
