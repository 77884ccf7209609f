"""Which videos ``evaluate`` scores: a split of the checkpoint's own data, or of others that it knows the classes of."""

import logging
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from videoai.core.messages import pluralize
from videoai.core.paths import display_path
from videoai.core.types import VideoItem
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.targets import Target
from videoai.inference.class_texts import texts_of_names
from videoai.inference.load import open_checkpoint
from videoai.inference.text_models import reads_texts
from videoai.run.checkpoint_data import DataChange, check_data_unchanged, choose_data, read_data
from videoai.run.recorded_features import check_features
from videoai.settings.verbs import EvaluateSettings
from videoai.tasks.localize.task import Localize
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)

# Settings that change answers; results under others than the usual ones are other results.
ANSWERING = ("threshold", "window_seconds", "events", "classes", "templates", "frame_fps", "decoder", "precision")
ANSWERING += ("faces", "faces_model")


class Split(NamedTuple):
    """The videos that are scored."""

    name: str
    items: Items
    target: Target
    frame_fps: float | None  # the rate of those that are folders of images
    manifest: Manifest  # which they were chosen from
    fingerprint: str
    other_data: str | None  # the name of other data than the checkpoint's own

    @property
    def paths(self) -> list[str]:
        """The files, each once."""
        return list(dict.fromkeys(item.path for item in self.items))


def open_scored(settings: EvaluateSettings, change: DataChange) -> tuple[dict[str, Any], Manifest | None]:
    """The checkpoint. Of one that compares videos with texts the classes are those of the data, which are read then.

    Raises: OSError, ValueError.
    """
    source, texts = settings.checkpoint, {"classes": settings.classes, "templates": settings.templates}
    if not reads_texts(source) or settings.classes:
        return open_checkpoint(source, **texts), None
    parse_views(settings.views)
    manifest = read_data(choose_data(change, {"config": {"data": {}}}, source), source)
    return open_checkpoint(source, **{**texts, "classes": texts_of_names(manifest.classes)}), manifest


def open_split(
    settings: EvaluateSettings,
    change: DataChange,
    state: Mapping[str, Any],
    task: SupervisedTask | Localize,
    manifest: Manifest | None = None,
    finder: Localize | None = None,
) -> Split:
    """The videos of ``split``, of the checkpoint's own data or of others that it can score. ``manifest``: the data, if
    they are read already.

    finder: what finds events where the checkpoint's task names clips.

    Raises: OSError, ValueError: nothing there, labels that the checkpoint does not know, a list that changed.
    """
    checkpoint_path = settings.checkpoint
    parse_views(settings.views)  # raise early
    choice = choose_data(change, state, checkpoint_path)
    check_features(choice.data, state, checkpoint_path)
    if finder and change.named:  # segments of the videos whose clips were trained on are another list
        choice = replace(choice, is_own=False)
    asked = finder if finder and not choice.is_own else task
    choice = replace(choice, data=asked.prefer_data(choice.data))
    manifest = task.arrange(manifest or read_data(choice, checkpoint_path))
    if choice.is_own:
        check_data_unchanged(manifest, state, checkpoint_path)
    if finder:
        manifest = finder.arrange(manifest)
    target = (finder or task).target(manifest, state["classes"], checkpoint_path)
    name, items = choose_split(manifest, settings.split)
    logger.info("data %s: %s of split %s", display_path(manifest.source), pluralize(len(items), "video"), name)
    frame_fps = settings.frame_fps or choice.frame_fps
    other = None if choice.is_own else choice.data.title or "data"
    return Split(name, items, target, frame_fps, manifest, manifest.fingerprint(), other)


def answer_settings(settings: EvaluateSettings) -> dict[str, Any]:
    """Those of ``ANSWERING`` that differ from what is usual, as JSON has them."""
    given = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name in ANSWERING}
    usual = {field.name: field.default for field in fields(settings)}
    if settings.precision == "fp32":  # what auto means
        given["precision"] = "auto"
    changed = {key: value for key, value in given.items() if value != usual[key]}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in changed.items()}


def facts_of(settings: EvaluateSettings, split: Split) -> dict[str, Any]:
    """What the results are of: with the same facts they may replace others."""
    about = {"split": split.name, "views": settings.views, "fingerprint": split.fingerprint}
    return {**about, "settings": answer_settings(settings)}


def choose_split(manifest: Manifest, split: str) -> tuple[str, Items]:
    """``auto`` = test, else val (and say so), else everything; ``all`` = everything. Raises: ValueError: an empty
    split."""
    filled = {name: items for name, items in manifest.splits.items() if items}
    if split == "auto":
        split = "test" if "test" in filled else "val" if "val" in filled else "all"
        if split == "val":
            logger.warning(
                "no test split: evaluating on val, which also chose the best checkpoint, so the score flatters"
            )
    if split == "all":
        return split, Items.join(list(filled.values()))
    if split not in filled:
        raise ValueError(f"split={split}: no videos in it. {manifest.source} has {', '.join(filled)}; or split=all.")
    return split, filled[split]


def name_of(item: VideoItem, root: str) -> str:
    """The path below the data's folder; a stretch of it as a media fragment (W3C): ``a.mp4#t=1.5,4``."""
    path = os.path.relpath(item.path, root) if root else item.path
    if not item.start_seconds and item.end_seconds is None:
        return path
    return f"{path}#t={item.start_seconds:g}" + ("" if item.end_seconds is None else f",{item.end_seconds:g}")


def parse_views(views: str) -> tuple[int, int]:
    """``"4x3"`` -> 4 clips along the video, 3 crops each. Raises: ValueError."""
    clips, _, crops = str(views).lower().partition("x")
    if not (clips.isdigit() and crops.isdigit() and int(clips) > 0 and crops in ("1", "3")):
        raise ValueError(f"views={views}: give CLIPSxCROPS such as 1x1, 4x3 or 10x3; crops are 1 or 3.")
    return int(clips), int(crops)
