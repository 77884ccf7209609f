"""Charades (arXiv:1604.01753): id,...,actions,length with actions such as ``c092 11.90 21.20;c147 0.00 12.60``.

A video has several labels at once. Classification here gives one label to a clip, so each annotated stretch becomes a
clip of its own with its one label; stretches overlap, and the score is no mean average precision.
"""

from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.entries import Entry, csv_entries, line_entries
from videoai.data.layouts.settle import Annotated, Settling, settle
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.manifest import Manifest

COLUMNS = ("id", "subject", "actions")


def detect(seen: Survey) -> Candidate | None:
    files = seen.with_columns(*COLUMNS)
    why = f"{len(files)} csv with the columns {', '.join(COLUMNS)}"
    return Candidate("charades", {"root": seen.root}, why) if files else None


def from_charades(root: str, *, annotations: str | None = None, **settling: Unpack[Settling]) -> Manifest:
    """Reads Charades_v1_train.csv and Charades_v1_test.csv. val is made out of train, by person.

    Args:
        annotations: the folder of the csv files; None = below root.
    """
    seen = survey(annotations or root)
    files = seen.with_columns(*COLUMNS) or seen.refuse("Charades", f"a csv with the columns {', '.join(COLUMNS)}")
    names = _class_names(seen)
    notes = ["each annotated stretch is a clip with one label."]
    notes += [] if names else ["no Charades_v1_classes.txt, so classes are codes."]

    def clips() -> Iterator[Annotated]:
        for path in files:
            split = "test" if "test" in path.rpartition("/")[2].lower() else "train"
            for entry in csv_entries(path):
                yield from _stretches(entry, split, names)

    return settle(clips(), root, files[0], notes=notes, grouped_by="person", published=True, **settling)


def _class_names(seen: Survey) -> dict[str, str]:
    """``c000 Holding some clothes`` a line."""
    files = seen.named("*classes.txt")
    return {line.split(" ", 1)[0]: line.split(" ", 1)[-1] for line, _ in line_entries(files[0])} if files else {}


def _stretches(entry: Entry, split: str, names: dict[str, str]) -> Iterator[Annotated]:
    video, person = entry.text("id"), str(entry.fields.get("subject") or "") or None
    for action in filter(None, str(entry.fields.get("actions") or "").split(";")):
        parts = action.split()
        if len(parts) != 3:
            entry.fail(f"actions hold {action!r}; a class, a start and an end such as 'c092 11.90 21.20' are needed")
        times = Entry({"start": parts[1], "end": parts[2]}, entry.where)
        if names and parts[0] not in names:
            entry.fail(f"actions hold the class {parts[0]!r}, which Charades_v1_classes.txt lacks")
        label = names.get(parts[0], parts[0])
        yield Annotated(video, label, split, person, times.seconds("start"), times.seconds("end"))
