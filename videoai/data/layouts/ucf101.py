"""UCF101's official splits (arXiv:1212.0402): trainlist01.txt, testlist01.txt, classInd.txt; groups g01 to g25."""

import os
import re
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import line_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.manifest import Manifest

GROUP = re.compile(r"_(g\d+)_c\d+$")


def detect(tree: Survey) -> Candidate | None:
    lists = tree.named("trainlist0[123].txt")
    why = f"{', '.join(map(os.path.basename, lists))} of the official splits"
    return Candidate("ucf101", {"root": tree.root, "fold": 1}, why) if lists else None


def from_ucf101(
    root: str, *, annotations: str | None = None, fold: int = 1, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads one of the three official splits. There is no official val: it is made out of train by group.

    Args:
        annotations: the folder ucfTrainTestlist; None = below root.
        fold: 1, 2 or 3.
    """
    tree = survey(annotations or root)
    names = {"train": f"trainlist{fold:02d}.txt", "test": f"testlist{fold:02d}.txt"}
    lists = {split: tree.named(name) for split, name in names.items()}
    if not all(lists.values()):
        tree.fail(f"UCF101 with fold {fold}", " and ".join(names.values()))
    clips = (clip for split, paths in lists.items() for clip in _clips(paths[0], split))
    return manifest_from_annotations(
        clips, root, lists["train"][0], grouped_by="class and group (g01 to g25)", published=True, **options
    )


def _clips(path: str, split: str) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        file = line.split()[0]  # trainlist: a number follows; testlist: nothing
        label, _, name = file.rpartition("/")
        stem = os.path.splitext(name)[0]
        if not label:
            entry.fail(f"{line!r}; CLASS/v_CLASS_g01_c01.avi is needed")
        group = GROUP.search(stem)  # the same g01 in two classes is not the same video
        yield Annotated(stem, label, split, f"{label} {group[1]}" if group else None)
