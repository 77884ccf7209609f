"""Jester (Materzynska et al., ICCV workshops 2019) and Something-Something v1: lists of ID;LABEL, a folder of frames
for each ID."""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, first_line, survey
from videoai.data.lists.manifest import Manifest

LINE = re.compile(r"(\d+);(.+)")


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree, "train")
    why = f"{os.path.basename(files[0])} with lines ID;LABEL" if files else ""
    return Candidate("jester", {"root": tree.root}, why) if files else None


def from_jester(root: str, *, annotations: str | None = None, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads train and validation; the test list is published without labels.

    Args:
        annotations: the folder of jester-v1-train.csv; None = below root.
    """
    tree = survey(annotations or root)
    train = _files(tree, "train") or tree.fail("Jester", "*-train.csv with lines ID;LABEL")
    splits = [("train", train[:1]), ("val", _files(tree, "validation")[:1])]
    clips = (clip for split, paths in splits for path in paths for clip in _clips(path, split))
    notes = ["the test list has no labels, so it is left out."] if tree.named("*-test.csv") else []
    return manifest_from_annotations(clips, root, train[0], notes=notes, published=True, **options)


def _files(tree: Survey, split: str) -> list[str]:
    return [path for path in tree.named(f"*-{split}.csv") if LINE.fullmatch(first_line(path))]


def _clips(path: str, split: str) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        if not (match := LINE.fullmatch(line)):
            entry.fail(f"{line!r}; ID;LABEL is needed")
        yield Annotated(match[1], match[2].strip(), split)
