"""Something-Something v2 (arXiv:1706.04261): JSON with a template for each ID.webm; the class is the template.

Both releases are read: something-something-v2-train.json, and labels/train.json with labels/test-answers.csv.
"""

import os
from collections.abc import Iterator
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import json_entries, line_entries, load_json
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.manifest import Manifest


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree, "train")
    why = f"{os.path.basename(files[0])} with templates" if files else ""
    return Candidate("ssv2", {"root": tree.root}, why) if files else None


def from_ssv2(root: str, *, annotations: str | None = None, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads train and validation, and test where its answers are at hand.

    Args:
        annotations: the folder of the JSON files; None = below root.
    """
    tree = survey(annotations or root)
    train = _files(tree, "train") or tree.fail("Something-Something v2", "train.json with templates")
    known = _class_names(tree)
    splits = [("train", train[:1]), ("val", _files(tree, "validation")[:1])]
    answers = tree.named("*test-answers.csv")[:1]
    notes = [] if answers else ["test has no answers (test-answers.csv), so it is left out."]

    def clips() -> Iterator[Annotated]:
        for split, paths in splits:
            for path in paths:
                yield from _templates(path, split, known)
        for path in answers:
            yield from _answers(path)

    return manifest_from_annotations(clips(), root, train[0], notes=notes, published=True, **options)


def class_name(template: str) -> str:
    """``Putting [something] on [something]`` -> ``Putting something on something``."""
    return template.replace("[", "").replace("]", "")


def _files(tree: Survey, split: str) -> list[str]:
    return [path for path in tree.named(f"{split}.json", f"*-v2-{split}.json") if '"template"' in peek(path)]


def _class_names(tree: Survey) -> set[str]:
    files = tree.named("labels.json", "*-v2-labels.json")
    content = load_json(files[0]) if files else {}
    return set(content) if isinstance(content, dict) else set()


def _templates(path: str, split: str, known: set[str]) -> Iterator[Annotated]:
    for entry in json_entries(path):
        name = class_name(entry.text("template"))
        if known and name not in known:
            entry.fail(f"the template {name!r} is not in labels.json, which holds {len(known)} classes")
        yield Annotated(entry.text("id"), name, split)


def _answers(path: str) -> Iterator[Annotated]:
    for line, entry in line_entries(path):
        video, _, template = line.partition(";")
        if not template:
            entry.fail(f"{line!r}; ID;TEMPLATE is needed")
        yield Annotated(video, class_name(template), "test")
