"""VideoEmotion-8 (AAAI 2014) and Ekman-6 in lists as VAANet's (arXiv:2003.00832): trainlist01.txt and testlist01.txt.

Each line is a class, a video and the number of the class: ``Surprise/TITLE 7``.
"""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, first_line, survey
from videoai.data.lists.manifest import Manifest

EMOTIONS = (
    "anger",
    "anticipation",
    "disgust",
    "fear",
    "joy",
    "sadness",
    "surprise",
    "trust",
)  # Ekman-6 has six of them
LINE = re.compile(r"([A-Za-z]+)/(\S.*?)(?:\s+\d+)?")


def detect(tree: Survey) -> Candidate | None:
    lists = [path for path in tree.named("trainlist01.txt") if _tells_emotions(path)]
    why = f"lists of emotions and videos, such as {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("video_emotion", {"root": tree.root, "fold": 1}, why) if lists else None


def from_video_emotion(
    root: str, *, annotations: str | None = None, fold: int = 1, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads train and test of one of the lists. val is made out of train.

    Args:
        annotations: the folder of the lists; None = below root.
        fold: the number in the names of the lists.
    """
    tree = survey(annotations or root)
    lists = {split: tree.named(f"{split}list{fold:02d}.txt") for split in ("train", "test")}
    if not all(lists.values()):
        tree.fail(f"VideoEmotion-8 with fold {fold}", f"trainlist{fold:02d}.txt and testlist{fold:02d}.txt")
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split))
    return manifest_from_annotations(clips, root, lists["train"][0], published=True, **options)


def _tells_emotions(path: str) -> bool:
    line = LINE.fullmatch(first_line(path))
    return line is not None and line[1].lower() in EMOTIONS


def _clips(path: str, split: str) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        match = LINE.fullmatch(line)
        if not match or match[1].lower() not in EMOTIONS:
            entry.fail(f"{line[:80]!r}; EMOTION/VIDEO NUMBER is needed, the emotion one of {', '.join(EMOTIONS)}")
        yield Annotated(f"{match[1]}/{match[2]}", match[1].lower(), split, also=(match[2],))
