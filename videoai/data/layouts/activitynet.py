"""ActivityNet's JSON (Heilbron et al., CVPR 2015), as HACS and THUMOS14 are often given too: untrimmed videos.

    {"database": {ID: {"subset": "training", "annotations": [{"label": ..., "segment": [start, end]}]}}}
    {"v_ID": {"duration_second": 82.7, "annotations": [...]}}

The second form is that of anet_anno_train.json (BMN, MMAction2), whose name says the split. Files are named v_ID.mp4 or
ID.mp4. Each segment is a clip.
"""

import os
from collections.abc import Iterator
from typing import Any, Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import Entry, load_json
from videoai.data.layouts.path_list import split_word
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.listing import SPLIT_NAMES
from videoai.data.lists.manifest import Manifest


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    why = f"{os.path.basename(files[0])} with a database of segments" if files else ""
    return Candidate("activitynet", {"root": tree.root}, why) if files else None


def from_activitynet(root: str, *, annotations: str | None = None, **options: Unpack[SplitOptions]) -> Manifest:
    """Reads the segments of every video that has some; subsets without labels (testing) drop out by themselves.

    Args:
        annotations: the JSON file or its folder; None = below root.
    """
    tree = survey(annotations or root)
    files = _files(tree) or tree.fail("ActivityNet", 'a JSON file with "database"')
    found = (clip for path in files for clip in _clips(path))
    return manifest_from_annotations(found, root, files[0], published=True, **options)


def _files(tree: Survey) -> list[str]:
    return [path for path in tree.named("*.json") if _holds_database(path)]


def _holds_database(path: str) -> bool:
    """The key stands first or after a taxonomy of some 30 KB, which begins a file of ActivityNet."""
    head = peek(path)
    is_bare = head.lstrip()[:1] == "{" and '"duration_second"' in head and '"annotations"' in head
    return is_bare or '"database"' in head or ('"taxonomy"' in head and '"nodeName"' in head)


def _clips(path: str) -> Iterator[Annotated]:
    content = load_json(path)
    database = content.get("database", content) if isinstance(content, dict) else None
    if not isinstance(database, dict):
        raise ValueError(f'{path}: "database" must hold an object for each video')
    for name, about in database.items():
        entry = Entry(about if isinstance(about, dict) else {}, lambda name=name: f"{path}: database {name!r}")
        split = _split(entry) if "subset" in entry.fields else split_word(path)
        for number, part in enumerate(entry.fields.get("annotations") or []):
            yield _clip(name, split, _fields(part), f"{path}: database {name!r}, annotation {number}")


def _split(entry: Entry) -> str:
    word = entry.text("subset").lower()
    return SPLIT_NAMES.get(word) or entry.fail(f"subset is {word!r}; allowed: {', '.join(SPLIT_NAMES)}")


def _fields(part: Any) -> dict[str, Any]:
    segment = part.get("segment") if isinstance(part, dict) else None
    times = dict(zip(("start", "end"), segment, strict=False)) if isinstance(segment, list) else {}
    return {"label": part.get("label"), **times} if isinstance(part, dict) else {}


def _clip(name: str, split: str | None, fields: dict[str, Any], place: str) -> Annotated:
    entry = Entry(fields, lambda: place)
    start, end = entry.seconds("start"), entry.seconds("end")
    return Annotated(f"v_{name}", entry.text("label"), split, None, start, end, also=(name,))
