"""Charades (arXiv:1604.01753): id,...,actions,length with actions such as ``c092 11.90 21.20;c147 0.00 12.60``.

A video has several labels at once. As the field trains it (arXiv:1812.03982 and its code, PySlowFast), each video is
an item: a training clip has the labels of the actions that it overlaps, a video that is scored those of all its
actions. ``multi_label=False`` makes each annotated stretch a clip with its one label instead.
"""

from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, csv_entries, line_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.listing import NamedSpan
from videoai.data.lists.manifest import Manifest

COLUMNS = ("id", "subject", "actions")


def detect(tree: Survey) -> Candidate | None:
    files = tree.with_columns(*COLUMNS)
    why = f"{len(files)} csv with the columns {', '.join(COLUMNS)}"
    return Candidate("charades", {"root": tree.root}, why) if files else None


def from_charades(
    root: str,
    *,
    annotations: str | None = None,
    multi_label: bool = True,
    codes: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads Charades_v1_train.csv and Charades_v1_test.csv. val is made out of train, by person.

    Args:
        annotations: the folder of the csv files; None = below root.
        multi_label: False = each annotated stretch is a clip with one label.
        codes: classes are called c000 .. c156, in the order of published weights.
    """
    tree = survey(annotations or root)
    files = tree.with_columns(*COLUMNS) or tree.fail("Charades", f"a csv with the columns {', '.join(COLUMNS)}")
    names = {} if codes else _class_names(tree)
    notes = [] if multi_label else ["each annotated stretch is a clip with one label."]
    notes += [] if names or codes else ["no Charades_v1_classes.txt, so classes are codes."]

    def clips() -> Iterator[Annotated]:
        for path in files:
            split = "test" if "test" in path.rpartition("/")[2].lower() else "train"
            for entry in csv_entries(path):
                spans, video, person = _spans(entry, names), entry.text("id"), entry.fields.get("subject")
                group = str(person or "") or None
                if multi_label:
                    yield Annotated(video, "", split, group, spans=spans)
                else:
                    yield from (Annotated(video, span.label, split, group, *span[1:3]) for span in spans)

    return manifest_from_annotations(
        clips(), root, files[0], notes=notes, grouped_by="person", published=True, **options
    )


def _class_names(tree: Survey) -> dict[str, str]:
    """``c000 Holding some clothes`` a line."""
    files = tree.named("*classes.txt")
    return {line.split(" ", 1)[0]: line.split(" ", 1)[-1] for line, _ in line_entries(files[0])} if files else {}


def _spans(entry: Entry, names: dict[str, str]) -> tuple[NamedSpan, ...]:
    spans = []
    for action in filter(None, str(entry.fields.get("actions") or "").split(";")):
        parts = action.split()
        if len(parts) != 3:
            entry.fail(f"actions hold {action!r}; a class, a start and an end such as 'c092 11.90 21.20' are needed")
        times = Entry({"start": parts[1], "end": parts[2]}, entry.where)
        if names and parts[0] not in names:
            entry.fail(f"actions hold the class {parts[0]!r}, which Charades_v1_classes.txt lacks")
        spans.append(NamedSpan(names.get(parts[0], parts[0]), times.seconds("start"), times.seconds("end")))
    return tuple(spans)
