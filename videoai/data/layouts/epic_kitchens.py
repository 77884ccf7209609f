"""EPIC-KITCHENS-100 (arXiv:2006.13256): stretches of long videos with a verb and a noun.

Classes are the keys of EPIC_100_verb_classes.csv and EPIC_100_noun_classes.csv, or numbers where these are not there.
"""

from collections.abc import Iterator
from typing import Literal, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.survey import Candidate, Survey, survey
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import Kinds

COLUMNS = ("video_id", "start_timestamp", "stop_timestamp", "verb_class", "noun_class")
TARGETS = {"verb": ("verb",), "noun": ("noun",), "action": ("verb", "noun")}


def detect(tree: Survey) -> Candidate | None:
    files = tree.with_columns(*COLUMNS)
    why = f"{len(files)} csv with the columns {', '.join(COLUMNS)}"
    return Candidate("epic_kitchens", {"root": tree.root, "target": "verb"}, why) if files else None


def from_epic_kitchens(
    root: str,
    *,
    annotations: str | None = None,
    target: Literal["verb", "noun", "action"] = "verb",
    columns: Kinds | None = None,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads EPIC_100_train.csv and EPIC_100_validation.csv; the test file has no classes.

    Args:
        annotations: the folder of the csv files; None = below root.
        target: "action" = pairs of verb and noun.
        columns: targets of kind class beside it: verb, noun, action.
    """
    if target not in TARGETS:
        raise ValueError(f"data.target={target!r}: choose from {', '.join(TARGETS)}")
    if wrong := [name for name, kind in (columns or {}).items() if name not in TARGETS or kind != "class"]:
        raise ValueError(f"data=epic_kitchens has no target {wrong[0]!r}; of kind class it has {', '.join(TARGETS)}")
    tree = survey(annotations or root)
    files = tree.with_columns(*COLUMNS) or tree.fail("EPIC-KITCHENS", f"a csv with {', '.join(COLUMNS)}")
    asked = [target, *(columns or {})]
    names = {part: _keys(tree, part) for part in dict.fromkeys(part for name in asked for part in TARGETS[name])}
    clips = (clip for path in files for clip in _clips(path, names, asked))
    return manifest_from_annotations(clips, root, files[0], published=True, columns=columns, **options)


def _keys(tree: Survey, part: str) -> dict[int, str]:
    files = tree.named(f"*{part}_classes.csv")
    return {entry.number("id"): entry.text("key") for entry in csv_entries(files[0])} if files else {}


def _clips(path: str, names: dict[str, dict[int, str]], asked: list[str]) -> Iterator[Annotated]:
    """asked: what the label is, then the other targets."""
    word = path.rpartition("/")[2].lower().rpartition(".")[0].rpartition("_")[2]
    for entry in csv_entries(path):
        numbers = {part: entry.number(f"{part}_class") for part in names}
        words = {part: names[part].get(number, str(number)) for part, number in numbers.items()}
        label, *targets = (" ".join(words[part] for part in TARGETS[name]) for name in asked)
        start, end = entry.seconds("start_timestamp"), entry.seconds("stop_timestamp")
        clip = Annotated(entry.text("video_id"), label, SPLIT_NAMES.get(word, "train"))
        yield clip._replace(start_seconds=start, end_seconds=end, targets=tuple(targets))
