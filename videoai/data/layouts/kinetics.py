"""Kinetics 400, 600 and 700 (arXiv:1705.06950): label,youtube_id,time_start,time_end,split.

Files are named ID_000001_000011.mp4 as the publishers' crawler does, or ID.mp4, in class folders or not.
"""

from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest

COLUMNS = ("label", "youtube_id", "time_start", "time_end")


def detect(tree: Survey) -> Candidate | None:
    files = tree.with_columns(*COLUMNS)
    why = f"{len(files)} csv with the columns {', '.join(COLUMNS)}"
    return Candidate("kinetics", {"root": tree.root}, why) if files else None


def from_kinetics(
    root: str, *, annotations: str | None = None, trimmed: bool = True, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads every csv with Kinetics' columns; a file without the column label (old test lists) has none.

    Args:
        annotations: a csv or a folder; None = below root.
        trimmed: ID.mp4 holds the ten seconds alone; False = it is the whole video, so the times are used.
    """
    tree = survey(annotations or root)
    files = tree.with_columns(*COLUMNS) or tree.fail("Kinetics", f"a csv with the columns {', '.join(COLUMNS)}")
    return manifest_from_annotations(_clips(files, trimmed), root, _source(files, tree), published=True, **options)


def _clips(files: list[str], trimmed: bool) -> Iterator[Annotated]:
    for path in files:
        for entry in csv_entries(path):
            video, start, end = entry.text("youtube_id"), entry.seconds("time_start"), entry.seconds("time_end")
            word = str(entry.fields.get("split") or "train").lower()
            if word not in SPLIT_NAMES:
                entry.fail(f"split is {word!r}; allowed: {', '.join(SPLIT_NAMES)}")
            yield Annotated(
                video=f"{video}_{int(start):06d}_{int(end):06d}" if trimmed else video,
                label=entry.text("label"),
                split=SPLIT_NAMES[word],
                group=video,
                start_seconds=0.0 if trimmed else start,
                end_seconds=None if trimmed else end,
                also=(video,) if trimmed else (),
            )


def _source(files: list[str], tree: Survey) -> str:
    return files[0] if len(files) == 1 else tree.root
