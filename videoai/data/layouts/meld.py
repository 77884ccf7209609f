"""MELD (arXiv:1810.02508): train_sent_emo.csv, dev_sent_emo.csv, test_sent_emo.csv.

Utterance 3 of dialogue 12 is dia12_utt3.mp4 in train_splits, dev_splits_complete or output_repeated_splits_test. All
splits number their dialogues from 0, so a file is looked for in the folder of its split alone.
"""

import os
import re
from collections.abc import Iterator
from typing import Literal, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.path_list import split_word
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds

COLUMNS = ("Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID")
NAME = re.compile(r"(final_videos_test)?dia\d+_utt\d+")
REPEATED = "final_videos_test"  # some files of test have it before their name
OFFERED: Offered = {"emotion": ["class"], "sentiment": ["class"]}


def detect(tree: Survey) -> Candidate | None:
    files = tree.with_columns(*COLUMNS)
    why = f"{len(files)} csv with the columns {', '.join(COLUMNS)}"
    return Candidate("meld", {"root": tree.root}, why) if files else None


def from_meld(
    root: str,
    *,
    annotations: str | None = None,
    target: Literal["emotion", "sentiment"] = "emotion",
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the official splits; utterances of one dialogue are a group.

    Args:
        annotations: the folder of the csv files; None = below root.
        target: what the label is; sentiment is positive, neutral or negative.
        columns: targets of kind class beside it: emotion, sentiment.
    """
    check_offered("meld", columns, OFFERED)
    tree = survey(annotations or root)
    files = tree.with_columns(*COLUMNS) or tree.fail("MELD", f"a csv with {', '.join(COLUMNS)}")
    folders = _folders(survey(root))
    clips = (clip for path in files for clip in _clips(path, folders, target, columns or {}))
    return manifest_from_annotations(
        clips, root, files[0], grouped_by="dialogue", published=True, columns=columns, **options
    )


def _folders(tree: Survey) -> dict[str, str]:
    """Split -> the folder of its videos, by a word in its name."""
    named = {
        os.path.dirname(path) for path in tree.videos if NAME.fullmatch(os.path.splitext(os.path.basename(path))[0])
    }
    return {split: folder for folder in sorted(named, reverse=True) if (split := split_word(os.path.basename(folder)))}


def _clips(path: str, folders: dict[str, str], target: str, columns: Kinds) -> Iterator[Annotated]:
    split = split_word(path)
    for entry in csv_entries(path):
        if split is None:
            entry.fail("the name of the file tells no split; train, dev or test must stand in it")
        dialogue, utterance = entry.number("Dialogue_ID"), entry.number("Utterance_ID")
        said = {"emotion": entry.text("Emotion").lower(), "sentiment": entry.text("Sentiment").lower()}
        name, folder = f"dia{dialogue}_utt{utterance}", folders.get(split, "")
        video, again = (os.path.join(folder, prefix + name) for prefix in ("", REPEATED))
        targets = tuple(said[column] for column in columns)
        yield Annotated(video, said[target], split, f"{split} {dialogue}", also=(again,), targets=targets)
