"""DFEW (arXiv:2008.05924): five folds, EmoLabel_DataSplit/train(single-labeled)/set_1.csv and test(...)/set_1.csv.

``video_name,label`` with labels 1 to 7. Video 12 is Clip/original/part_1/12.mp4, or a folder of frames 00012. The votes
of ten annotators are Annotation/annotation.csv, the published annotation.xlsx saved as CSV.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds

EMOTIONS = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")
VOTES = tuple(f"{number}{name}" for number, name in enumerate(EMOTIONS, start=1))  # columns of annotation.csv
OFFERED: Offered = {"emotion": ["class"], **{name: ["votes"] for name in EMOTIONS}}
Votes = Mapping[str, tuple[str, ...]]  # number of a video -> votes, in the order of EMOTIONS


def detect(tree: Survey) -> Candidate | None:
    lists = _lists(tree, "train", "[12345]")
    why = f"{len(lists)} lists such as {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("dfew", {"root": tree.root, "fold": 1}, why) if lists else None


def from_dfew(
    root: str,
    *,
    annotations: str | None = None,
    fold: int = 1,
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads train and test of one fold. val is made out of train; which film a clip is from is not published.

    Args:
        annotations: the folder EmoLabel_DataSplit; None = below root.
        fold: 1 to 5.
        columns: targets beside the label: emotion (class), and the votes for each of the seven.
    """
    check_offered("dfew", columns, OFFERED)
    tree = survey(annotations or root)
    lists = {split: _lists(tree, split, str(fold)) for split in ("train", "test")}
    if not all(lists.values()):
        tree.fail(f"DFEW with fold {fold}", f"set_{fold}.csv in train(single-labeled) and test(single-labeled)")
    votes = _votes(tree) if "votes" in (columns or {}).values() else {}
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split, columns or {}, votes))
    return manifest_from_annotations(clips, root, lists["train"][0], published=True, columns=columns, **options)


def _lists(tree: Survey, split: str, fold: str) -> list[str]:
    files = tree.named(f"set_{fold}.csv")
    return [path for path in files if os.path.basename(os.path.dirname(path)).lower().startswith(f"{split}(")]


def _votes(tree: Survey) -> Votes:
    """Raises: ValueError: no such table."""
    files = tree.with_columns(*VOTES, "order") or tree.fail(
        "DFEW's votes", f"a csv with {', '.join(VOTES)}, order: Annotation/annotation.xlsx, saved as CSV"
    )
    return {entry.text("order"): tuple(entry.text(name) for name in VOTES) for entry in csv_entries(files[0])}


def _clips(path: str, split: str, columns: Kinds, votes: Votes) -> Iterator[Annotated]:
    for entry in csv_entries(path):
        video, label = entry.text("video_name"), entry.number("label")
        if not 1 <= label <= len(EMOTIONS):
            entry.fail(f"label is {label}; allowed: 1 to {len(EMOTIONS)} ({', '.join(EMOTIONS)})")
        video = os.path.splitext(video)[0]
        if votes and (video.lstrip("0") or "0") not in votes:
            entry.fail(f"video {video} has no line in the table of votes; leave task.votes out, or add it")
        said = {"emotion": EMOTIONS[label - 1]}
        said |= dict(zip(EMOTIONS, votes.get(video.lstrip("0"), ()), strict=False))
        targets = tuple(said[name] for name in columns)
        yield Annotated(video, said["emotion"], split, also=(video.zfill(5),), targets=targets)
