"""RAVDESS (Livingstone and Russo, PLoS ONE 2018): 01-01-06-01-02-01-12.mp4 says all, in seven numbers.

Modality (01 picture and sound, 02 picture, 03 sound), channel, emotion, intensity, statement, repetition, actor.
"""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.survey import Candidate, Survey
from videoai.data.layouts.video_index import VideoIndex
from videoai.data.lists.manifest import Manifest

NAME = re.compile(r"(0[123])(-0[12]-0([1-8])-\d\d-\d\d-\d\d-(\d\d))")
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # 01 to 08


def detect(tree: Survey) -> Candidate | None:
    named = [path for path in tree.videos if NAME.fullmatch(os.path.splitext(os.path.basename(path))[0])]
    why = f"files named by seven numbers, such as {os.path.basename(named[0])}" if named else ""
    return Candidate("ravdess", {"root": tree.root}, why) if len(named) > len(tree.videos) / 2 else None


def from_ravdess(root: str, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads the emotion of each file's name; splits are made by actor.

    A recording comes with sound (01) and without (02), the pictures alike: 02 is left out where 01 is there. 03 has no
    pictures and is left out.
    """
    root = os.path.abspath(os.path.expanduser(root))
    names = [match for stem in VideoIndex(root).stems() if (match := NAME.fullmatch(stem))]
    notes = _left_out(names)
    return manifest_from_annotations(_clips(names), root, root, notes=notes, grouped_by="actor", **options)


def _clips(names: list[re.Match[str]]) -> Iterator[Annotated]:
    with_sound = {name[2] for name in names if name[1] == "01"}
    for name in names:
        if name[1] == "01" or (name[1] == "02" and name[2] not in with_sound):
            yield Annotated(name[0], EMOTIONS[int(name[3]) - 1], None, name[4])


def _left_out(names: list[re.Match[str]]) -> list[str]:
    with_sound = {name[2] for name in names if name[1] == "01"}
    double = sum(name[1] == "02" and name[2] in with_sound for name in names)
    silent = sum(name[1] == "03" for name in names)
    return [
        *([f"left out {double} files 02-... whose pictures are those of 01-...."] if double else []),
        *([f"left out {silent} files 03-..., which hold sound alone."] if silent else []),
    ]
