"""CREMA-D (Cao et al., IEEE Transactions on Affective Computing 2014): 1001_DFA_ANG_XX.flv is actor, sentence, emotion,
intensity."""

import os
import re
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.survey import Candidate, Survey
from videoai.data.layouts.video_index import VideoIndex
from videoai.data.lists.manifest import Manifest

EMOTIONS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
NAME = re.compile(rf"(\d{{4}})_[A-Z]{{3}}_({'|'.join(EMOTIONS)})_[A-Z]{{1,2}}")


def detect(tree: Survey) -> Candidate | None:
    named = [path for path in tree.videos if NAME.fullmatch(os.path.splitext(os.path.basename(path))[0])]
    why = f"files named ACTOR_SENTENCE_EMOTION_INTENSITY, such as {os.path.basename(named[0])}" if named else ""
    return Candidate("crema_d", {"root": tree.root}, why) if len(named) > len(tree.videos) / 2 else None


def from_crema_d(root: str, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads the emotion of each file's name; splits are made by actor."""
    root = os.path.abspath(os.path.expanduser(root))
    names = [match for stem in VideoIndex(root).stems() if (match := NAME.fullmatch(stem))]
    clips = (Annotated(name[0], EMOTIONS[name[2]], None, name[1]) for name in names)
    return manifest_from_annotations(clips, root, root, grouped_by="actor", **options)
