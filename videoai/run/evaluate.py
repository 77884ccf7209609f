"""``evaluate``: score a checkpoint on a split, from the checkpoint alone."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videoai.core.device import resolve_device
from videoai.core.paths import display_path
from videoai.core.types import VideoItem
from videoai.data.dataset import EvalClips
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import eval_batches, resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel, from_state, open_checkpoint
from videoai.inference.score import Scores, score_videos
from videoai.report.evaluation import write_evaluation
from videoai.report.multilabel_evaluation import write_multilabel_evaluation
from videoai.run.checkpoint_data import choose_data, read_data, refuse_changed_data
from videoai.run.limits import refuse_nonsense
from videoai.run.reading import resolve_reading
from videoai.run.training.folder import default_run_dir, make_writable

logger = logging.getLogger(__name__)


def evaluate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuild model, classes and preprocessing from ``checkpoint``, score every video of ``split``, write the result
    files.

    ``data`` is the config of other data than the checkpoint's, or empty; ``moved`` changes keys of the checkpoint's
    own.

    Returns: the content of results.json, and ``folder``.
    Raises: OSError, ValueError: naming what is wrong.
    """
    refuse_nonsense(config)
    state = open_checkpoint(config["checkpoint"])
    device = resolve_device(config["device"])
    parse_views(config["views"])  # refuse early
    choice = choose_data(config, state)
    manifest = read_data(choice, config["checkpoint"])
    refuse_other_kind(manifest, state, config["checkpoint"])
    label_of = match_classes(manifest, state["classes"], config["checkpoint"])
    if choice.is_own:
        refuse_changed_data(manifest, state, config["checkpoint"])
    split, items = choose_split(manifest, config["split"])
    items = items.relabelled(np.array(label_of, np.int32))
    logger.info("data %s: %d videos of split %s", display_path(manifest.source), len(items), split)
    model = from_state(state, trust=config["trust"])
    folder = Path(config["run_dir"] or default_run_dir(config["checkpoint"]))
    make_writable(folder)
    found = score(model, items, choice.node, config, device)
    about: dict[str, Any] = {
        "scores": found.scores,
        "paths": [name_of(item, manifest.root) for item in items],
        "errors": found.errors,
        "classes": state["classes"],
        "views": config["views"],
        "split": split,
        "checkpoint": display_path(config["checkpoint"]),
        "fingerprint": manifest.fingerprint(),
    }
    if model.multi_label:
        labels = torch.from_numpy(items.multi_hot(len(state["classes"])))
        results = write_multilabel_evaluation(folder, labels=labels, **about)
    else:
        labels = torch.from_numpy(items.label).long()
        results = write_evaluation(folder, labels=labels, clip_top1=found.clip_top1, **about)
    return results | {"folder": str(folder)}


def score(
    model: LoadedModel, items: Items, node: dict[str, Any], config: Mapping[str, Any], device: torch.device
) -> Scores:
    """Every view of every item, through the model as the config says."""
    num_clips, num_crops = parse_views(config["views"])
    num_workers = node.get("num_workers", "auto") if config["num_workers"] is None else config["num_workers"]
    precision = evaluation_precision(config["precision"], device)
    batches = eval_batches(
        EvalClips(
            items,
            model.clip,
            num_clips=num_clips,
            num_crops=num_crops,
            num_classes=len(model.classes),
            reading=resolve_reading(node, items, model.clip),
        ),
        videos_per_batch=max(1, config["batch_size"] // (num_clips * num_crops)),
        num_workers=resolve_workers(num_workers, device.type),
        pin=device.type == "cuda",
    )
    return score_videos(
        precision.place(model),
        batches,
        to_input=ToModelInput(model.clip).to(device),
        precision=precision,
        num_videos=len(items),
        num_views=num_clips * num_crops,
        max_views=config["batch_size"],
    )


def parse_views(views: str) -> tuple[int, int]:
    """``"4x3"`` -> 4 clips along the video, 3 crops each. Raises: ValueError."""
    clips, _, crops = str(views).lower().partition("x")
    if not (clips.isdigit() and crops.isdigit() and int(clips) > 0 and crops in ("1", "3")):
        raise ValueError(f"views={views}: give CLIPSxCROPS such as 1x1, 4x3 or 10x3; crops are 1 or 3.")
    return int(clips), int(crops)


def refuse_other_kind(manifest: Manifest, state: Mapping[str, Any], checkpoint_path: str) -> None:
    """Raises: ValueError: one label against several. A single label does not say that the others are wrong, and a
    softmax knows only one."""
    kinds = {False: "one label a video", True: "several labels a video"}
    trained, given = bool(state.get("multi_label")), manifest.is_multi_label
    if trained != given:
        how = f"set data.multi_label={str(trained).lower()} if the data are of that kind"
        raise ValueError(f"{checkpoint_path} knows {kinds[trained]}, but {manifest.source} has {kinds[given]}: {how}.")


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


def match_classes(manifest: Manifest, trained: Sequence[str], checkpoint_path: str) -> list[int]:
    """The checkpoint's label of each class of the data, by name: the data may hold fewer classes, in any order.

    Raises: ValueError: a class that the checkpoint does not know.
    """
    unknown = [name for name in manifest.classes if name not in trained]
    if unknown:
        missing = [name for name in trained if name not in manifest.classes]
        raise ValueError(
            f"class mismatch: {checkpoint_path} was trained on {_some(trained)}, {manifest.source} has "
            f"{_some(manifest.classes)} (only in the data: {_some(unknown)}; only in the checkpoint: {_some(missing)})."
            " Name classes alike, leave the others out, or train again."
        )
    return [trained.index(name) for name in manifest.classes]


def _some(names: Sequence[str], limit: int = 5) -> str:
    """``["left", "right"]``, ``400 classes: ["abseiling", ...]``, or ``none``."""
    if len(names) <= limit:
        return json.dumps(list(names), ensure_ascii=False) if names else "none"
    return f"{len(names)} classes: {json.dumps(list(names[:limit]), ensure_ascii=False)[:-1]}, ...]"


def name_of(item: VideoItem, root: str) -> str:
    """The path below the data's folder; a stretch of it as a media fragment (W3C): ``a.mp4#t=1.5,4``."""
    path = os.path.relpath(item.path, root) if root else item.path
    if not item.start_seconds and item.end_seconds is None:
        return path
    return f"{path}#t={item.start_seconds:g}" + ("" if item.end_seconds is None else f",{item.end_seconds:g}")


def evaluation_precision(name: str, device: torch.device) -> Precision:
    """fp32 unless asked: the same numbers everywhere matter more here than speed."""
    return Precision("fp32" if name == "auto" else name, device=device)
