"""CREMA-D (Cao et al., IEEE Transactions on Affective Computing 2014): 1001_DFA_ANG_XX.flv is actor, sentence, emotion,
intensity. processedResults/tabulatedVotes.csv counts what raters saw.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Literal, Unpack

from videoai.core.messages import pluralize
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.layouts.video_index import VideoIndex
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.source_names import BY_CLIP
from videoai.data.lists.target_columns import Kinds

EMOTIONS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
LEVELS = {"LO": "low", "MD": "medium", "HI": "high"}  # XX, most clips: not specified
NAME = re.compile(rf"(\d{{4}})_[A-Z]{{3}}_({'|'.join(EMOTIONS)})_([A-Z]{{1,2}})")
VOTES = {name: code[0] for code, name in EMOTIONS.items()}  # class -> column of tabulatedVotes.csv
FACE = "2"  # the first column numbers 100,000 times the kind of the query, 2 = the picture alone, and the clip
OFFERED: Offered = {"emotion": ["class"], "intensity": ["class", "value"], **{name: ["votes"] for name in VOTES}}
Votes = Mapping[str, Mapping[str, str]]  # name of a file -> class -> votes


def detect(tree: Survey) -> Candidate | None:
    named = [path for path in tree.videos if NAME.fullmatch(os.path.splitext(os.path.basename(path))[0])]
    why = f"files named ACTOR_SENTENCE_EMOTION_INTENSITY, such as {os.path.basename(named[0])}" if named else ""
    return Candidate("crema_d", {"root": tree.root}, why) if len(named) > len(tree.videos) / 2 else None


def from_crema_d(
    root: str,
    *,
    target: Literal["emotion", "intensity"] = "emotion",
    split_by: Literal["actor", "clip"] = "actor",
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads each file's name; splits are made by actor.

    Args:
        target: what the label is: the emotion that was acted, or the level, which one sentence of twelve has.
        split_by: "clip" lets an actor cross splits, which flatters the score.
        columns: targets beside it: emotion (class), intensity (class, or value: 1 to 3), and each emotion's votes, of
            those who saw the picture alone.
    """
    check_offered("crema_d", columns, OFFERED)
    root = os.path.abspath(os.path.expanduser(root))
    names = [match for stem in VideoIndex(root).stems() if (match := NAME.fullmatch(stem))]
    notes = [BY_CLIP] if split_by == "clip" else []
    if target == "intensity" and (without := sum(name[3] not in LEVELS for name in names)):
        names = [name for name in names if name[3] in LEVELS]
        notes.append(f"left out {pluralize(without, 'clip')} of unspecified level (XX).")
    votes = _votes(root) if "votes" in (columns or {}).values() else {}
    clips = _clips(names, target, columns or {}, votes, with_group=split_by == "actor")
    return manifest_from_annotations(clips, root, root, notes=notes, grouped_by="actor", columns=columns, **options)


def _clips(
    names: list[re.Match[str]], target: str, columns: Kinds, votes: Votes, *, with_group: bool
) -> Iterator[Annotated]:
    for name in names:
        level = LEVELS.get(name[3], "")
        said = {"emotion": EMOTIONS[name[2]], "intensity": level, **votes.get(name[0], {})}
        number = str([*LEVELS].index(name[3]) + 1) if level else ""
        targets = tuple(number if kind == "value" else said.get(column, "") for column, kind in columns.items())
        yield Annotated(name[0], said[target], None, name[1] if with_group else None, targets=targets)


def _votes(root: str) -> Votes:
    """Raises: ValueError: no table of votes, or one without the columns."""
    tree = survey(root)
    files = tree.named("tabulatedvotes.csv") or tree.fail("CREMA-D's votes", "processedResults/tabulatedVotes.csv")
    votes = {}
    for entry in csv_entries(files[0]):
        if str(next(iter(entry.fields.values()))).startswith(FACE):
            votes[entry.text("fileName")] = {name: entry.text(column) for name, column in VOTES.items()}
    return votes
