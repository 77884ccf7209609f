"""FERV39k (CVPR 2022): 4_setups/All_scenes/train_All.csv and test_All.csv, or the lists of one scene.

Each line is a path and an emotion, ``Action/Happy/0267 Happy``; clips lie below 2_ClipsforFaceCrop, as files
or as folders of frames. Read as arXiv:2307.02227's preprocessing reads them.
"""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, first_line, survey
from videoai.data.lists.manifest import Manifest

EMOTIONS = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")
LINE = re.compile(r"(\S.*?)[\s,]+([A-Za-z]+)")


def detect(tree: Survey) -> Candidate | None:
    lists = [path for path in tree.named("train_all.csv") if _tells_emotions(path)]
    why = f"a list of paths and emotions, {os.path.relpath(lists[0], tree.root)}" if lists else ""
    return Candidate("ferv39k", {"root": tree.root}, why) if lists else None


def from_ferv39k(
    root: str, *, annotations: str | None = None, scene: str = "All", **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads train and test of all scenes, or of one. val is made out of train; sources of clips are not published.

    Args:
        annotations: the folder of the lists; None = below root.
        scene: as the lists are called, train_SCENE.csv.
    """
    tree = survey(annotations or root)
    lists = {split: tree.named(f"{split}_{scene.lower()}.csv") for split in ("train", "test")}
    if not all(lists.values()):
        tree.fail(f"FERV39k with scene {scene}", f"train_{scene}.csv and test_{scene}.csv of lines 'PATH EMOTION'")
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split))
    return manifest_from_annotations(clips, root, lists["train"][0], published=True, **options)


def _tells_emotions(path: str) -> bool:
    line = LINE.fullmatch(first_line(path))
    return line is not None and line[2].lower() in EMOTIONS


def _clips(path: str, split: str) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        match = LINE.fullmatch(line)
        if not match or match[2].lower() not in EMOTIONS:
            entry.fail(f"{line[:80]!r}; a path and one of {', '.join(EMOTIONS)} are needed")
        yield Annotated(match[1], match[2].lower(), split)
