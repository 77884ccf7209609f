"""RAVDESS (Livingstone and Russo, PLoS ONE 2018): 01-01-06-01-02-01-12.mp4 says all, in seven numbers.

Modality (01 picture and sound, 02 picture, 03 sound), channel, emotion, intensity, statement, repetition, actor.
"""

import os
import re
from collections.abc import Iterator
from typing import Literal, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.survey import Candidate, Survey
from videoai.data.layouts.video_index import VideoIndex
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.source_names import BY_CLIP
from videoai.data.lists.target_columns import Kinds

NAME = re.compile(r"(0[123])(-0[12]-0([1-8])-0([12])-\d\d-\d\d-(\d\d))")
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # 01 to 08
INTENSITIES = ("normal", "strong")  # 01, 02; neutral is always normal
OFFERED: Offered = {"emotion": ["class"], "intensity": ["class", "value"]}


def detect(tree: Survey) -> Candidate | None:
    named = [path for path in tree.videos if NAME.fullmatch(os.path.splitext(os.path.basename(path))[0])]
    why = f"files named by seven numbers, such as {os.path.basename(named[0])}" if named else ""
    return Candidate("ravdess", {"root": tree.root}, why) if len(named) > len(tree.videos) / 2 else None


def from_ravdess(
    root: str,
    *,
    target: Literal["emotion", "intensity"] = "emotion",
    split_by: Literal["actor", "clip"] = "actor",
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads each file's name; splits are made by actor.

    A recording comes with sound (01) and without (02), the pictures alike: 02 is left out where 01 is there. 03 has no
    pictures and is left out.

    Args:
        target: what the label is; intensity is normal or strong.
        split_by: "clip" lets an actor cross splits, which flatters the score.
        columns: targets beside it: emotion (class), intensity (class, or value: 1 and 2).
    """
    check_offered("ravdess", columns, OFFERED)
    root = os.path.abspath(os.path.expanduser(root))
    names = [match for stem in VideoIndex(root).stems() if (match := NAME.fullmatch(stem))]
    notes = [*_left_out(names), *([BY_CLIP] if split_by == "clip" else [])]
    clips = _clips(names, target, columns or {}, with_group=split_by == "actor")
    return manifest_from_annotations(clips, root, root, notes=notes, grouped_by="actor", columns=columns, **options)


def _clips(names: list[re.Match[str]], target: str, columns: Kinds, *, with_group: bool) -> Iterator[Annotated]:
    with_sound = {name[2] for name in names if name[1] == "01"}
    for name in names:
        if name[1] == "01" or (name[1] == "02" and name[2] not in with_sound):
            said = {"emotion": EMOTIONS[int(name[3]) - 1], "intensity": INTENSITIES[int(name[4]) - 1]}
            targets = tuple(name[4] if kind == "value" else said[column] for column, kind in columns.items())
            yield Annotated(name[0], said[target], None, name[5] if with_group else None, targets=targets)


def _left_out(names: list[re.Match[str]]) -> list[str]:
    with_sound = {name[2] for name in names if name[1] == "01"}
    double = sum(name[1] == "02" and name[2] in with_sound for name in names)
    silent = sum(name[1] == "03" for name in names)
    return [
        *([f"left out {double} files 02-... whose pictures are those of 01-...."] if double else []),
        *([f"left out {silent} files 03-..., which hold sound alone."] if silent else []),
    ]
