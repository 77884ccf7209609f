"""Faces in ``data prepare``: how they are cut out, what is recorded of it, and what came of it.

OUT/faces.csv     path,seconds,x,y,w,h,score of the main faces, in pixels of the originals; faces_boxes reads it
OUT/no_face.csv   path,outcome: the videos that show no face
OUT/boxes         the same boxes, a file a video; lets a killed run go on
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from videoai.core.files import csv_bytes, open_atomic, write_atomic
from videoai.data.faces.crop import FaceCropping
from videoai.data.faces.table import boxes_csv, check_names, read_boxes
from videoai.data.lists.manifest import Manifest
from videoai.data.prepare.convert import boxes_file
from videoai.data.prepare.jobs import Done, Source
from videoai.models.published.download import digest_of
from videoai.run.faces import detecting
from videoai.settings.datasets import PrepareSettings

logger = logging.getLogger(__name__)

OF_ALL = ("faces_margin", "faces_missing")
WITHOUT = {
    "yunet": "Without it: faces_detector=haar, which ships with OpenCV and misses more faces",
    "haar": "Without it: boxes of another detector, faces=precomputed faces_boxes=FILE",
}
OUTCOMES = {"whole": "kept whole", "leave_out": "left out of clips.csv"}


@dataclass(frozen=True, kw_only=True)
class FacesFound:
    """What was found in the videos that could be read."""

    num_videos: int
    without: tuple[str, ...]  # names of videos without a face
    num_several: int  # videos with several faces at a time
    missing: str  # what became of videos without a face: whole or leave_out


def new_cropping(settings: PrepareSettings, root: str, sources: Sequence[Source]) -> FaceCropping | None:
    """None = pictures stay whole. Raises: ImportError, ValueError, OSError: no detector, or no such table."""
    if settings.faces is None:
        return None
    if settings.faces == "auto":
        how = (settings.faces_detector, settings.faces_model, settings.faces_per_second)
        finder = detecting(*how, without=WITHOUT[settings.faces_detector])
        return FaceCropping(finder=finder, margin=settings.faces_margin)
    finder = read_boxes(os.path.expanduser(str(settings.faces_boxes)), root)
    if said := check_names(finder, [source.name for source in sources] + [source.path for source in sources]):
        logger.warning("%s", said)
    return FaceCropping(finder=finder, margin=settings.faces_margin)


def facts_of(settings: PrepareSettings, cropping: FaceCropping | None) -> dict[str, Any]:
    """What decides the crops, for ``prepare.json`` and for checkpoints that learn from them."""
    if cropping is None:
        return {"faces": None}
    facts: dict[str, Any] = {"faces": settings.faces, **{key: getattr(settings, key) for key in OF_ALL}}
    if settings.faces == "precomputed":
        return {**facts, "faces_boxes": digest_of(Path(os.path.expanduser(str(settings.faces_boxes))))}
    facts |= {"faces_detector": settings.faces_detector, "faces_per_second": settings.faces_per_second}
    model = getattr(cropping.finder, "model", None)
    return {**facts, "faces_model": digest_of(Path(model)) if model else None}


def found_in(done: Sequence[Done], settings: PrepareSettings) -> FacesFound:
    """Counts over the journal."""
    looked = [one for one in done if one.face]
    return FacesFound(
        num_videos=len(looked),
        without=tuple(one.name for one in looked if one.face == "none"),
        num_several=sum(one.face == "several" for one in looked),
        missing=settings.faces_missing,
    )


def with_faces(manifest: Manifest, sources: Mapping[str, Source], found: FacesFound) -> Manifest:
    """The manifest, or its videos with a face alone where the others are left out. Raises: ValueError: none is left."""
    if found.missing == "whole" or not found.without:
        return manifest
    without = set(found.without)
    splits = {
        split: items[np.fromiter((sources[item.path].name not in without for item in items), bool, len(items))]
        for split, items in manifest.splits.items()
    }
    if not any(map(len, splits.values())):
        raise ValueError("faces_missing=leave_out leaves no video: none shows a face. Try faces_missing=whole")
    return replace(manifest, splits=splits)


def write_faces(out: Path, done: Sequence[Done], found: FacesFound) -> None:
    """``no_face.csv`` and ``faces.csv``. Raises: OSError."""
    rows = [(name, OUTCOMES[found.missing]) for name in found.without]
    write_atomic(out / "no_face.csv", csv_bytes(("path", "outcome"), rows, errors="backslashreplace"))
    with open_atomic(out / "faces.csv") as file:
        file.write(boxes_csv(()))
        for one in done:
            if one.face:
                file.write(boxes_of(out, one.name))


def boxes_of(out: Path, name: str) -> bytes:
    """The lines of one video, without their header. Raises: OSError."""
    try:
        return (out / boxes_file(name)).read_bytes().partition(b"\n")[2]
    except FileNotFoundError as error:
        raise OSError(
            f"{out / boxes_file(name)} is not there any more. Delete {out}, and run the same command again"
        ) from error
