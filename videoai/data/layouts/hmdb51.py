"""HMDB51's official splits (Kuehne et al., ICCV 2011): CLASS_test_split1.txt with 0 unused, 1 train, 2 test."""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest

SPLIT_OF = {"1": "train", "2": "test"}


def detect(tree: Survey) -> Candidate | None:
    lists = tree.named("*_test_split[123].txt")
    why = f"{len(lists)} lists such as {os.path.basename(lists[0])}" if lists else ""
    return Candidate("hmdb51", {"root": tree.root, "fold": 1}, why) if lists else None


def from_hmdb51(
    root: str, *, annotations: str | None = None, fold: int = 1, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads one of the three official splits. There is no official val: it is made out of train, by film.

    Args:
        annotations: the folder testTrainMulti_7030_splits; None = below root.
        fold: 1, 2 or 3.
    """
    tree = survey(annotations or root)
    lists = tree.named(f"*_test_split{fold}.txt") or tree.fail(
        f"HMDB51 with fold {fold}", f"CLASS_test_split{fold}.txt"
    )
    clips = (clip for path in lists for clip in _clips(path))
    return manifest_from_annotations(
        clips, root, os.path.dirname(lists[0]), grouped_by="film", published=True, **options
    )


def _clips(path: str) -> Iterator[Annotated]:
    label = os.path.basename(path).rpartition("_test_split")[0]
    for line, entry in line_entries(path):
        file, _, use = line.rpartition(" ")
        if use not in ("0", *SPLIT_OF) or not file:
            entry.fail(f"{line!r}; a file name and 0 (unused), 1 (train) or 2 (test) are needed")
        if use in SPLIT_OF:
            stem = os.path.splitext(file.strip())[0]
            yield Annotated(f"{label}/{stem}", label, SPLIT_OF[use], _film(stem, label), also=(stem,))


def _film(stem: str, label: str) -> str | None:
    """FILM_CLASS_h_cm_np1_fr_med_1: what was cut into clips; None where a name breaks the rule."""
    match = re.fullmatch(rf"(.+)_{re.escape(label)}_[hulf]_.*", stem)
    return match[1] if match else None
