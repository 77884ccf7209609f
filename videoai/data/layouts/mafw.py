"""MAFW (ACM Multimedia 2022): single/no_caption/set_1/train.txt and test.txt, lines ``00001.mp4 anger``, five folds.

compound/ holds lists of the same form whose emotions are compounds; what a line says after the file is the class.
"""

import os
from collections.abc import Iterator
from typing import Literal, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest

EMOTIONS = (
    "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", "contempt", "anxiety", "helplessness",
    "disappointment",
)  # fmt: skip


def detect(tree: Survey) -> Candidate | None:
    lists = _lists(tree, "single", 1, "train")
    why = f"lists such as {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("mafw", {"root": tree.root, "fold": 1}, why) if lists else None


def from_mafw(
    root: str,
    *,
    annotations: str | None = None,
    labels: Literal["single", "compound"] = "single",
    fold: int = 1,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads train and test of one fold. val is made out of train; sources of clips are not published.

    Args:
        annotations: the folder above single/ and compound/; None = below root.
        labels: one of eleven emotions, or one of the compounds.
        fold: 1 to 5.
    """
    tree = survey(annotations or root)
    lists = {split: _lists(tree, labels, fold, split) for split in ("train", "test")}
    if not all(lists.values()):
        tree.fail(f"MAFW with labels {labels}, fold {fold}", f"{labels}/no_caption/set_{fold}/train.txt and test.txt")
    known = EMOTIONS if labels == "single" else ()
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split, known))
    return manifest_from_annotations(clips, root, lists["train"][0], published=True, **options)


def _lists(tree: Survey, labels: str, fold: int, split: str) -> list[str]:
    """Those without captions first."""
    files = [path for path in tree.named(f"{split}.txt") if f"/{labels}/" in path.replace(os.sep, "/").lower()]
    there = [path for path in files if os.path.basename(os.path.dirname(path)).lower() == f"set_{fold}"]
    return sorted(there, key=lambda path: ("no_caption" not in path.lower(), path))


def _clips(path: str, split: str, known: tuple[str, ...]) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        video, _, label = (part.strip() for part in line.partition(" "))
        if not label or (known and label.lower() not in known):
            entry.fail(f"{line[:80]!r}; a file and {'one of ' + ', '.join(known) if known else 'a class'} are needed")
        yield Annotated(video, label.lower(), split)
