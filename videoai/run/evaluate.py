"""``evaluate``: score a checkpoint on a split, from the checkpoint alone."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from videoai.core import checkpoint
from videoai.core.types import VideoItem
from videoai.data.augment import ToModelInput
from videoai.data.dataset import EvalClips
from videoai.data.loader import eval_batches, resolve_workers
from videoai.data.manifest import Manifest
from videoai.engine.precision import Precision
from videoai.inference.load import from_state
from videoai.inference.score import score_videos
from videoai.report.evaluation import write_evaluation
from videoai.run.data import absolute_paths, build_manifest, resolve_device, shown
from videoai.run.folder import default_run_dir
from videoai.run.limits import refuse_nonsense

logger = logging.getLogger(__name__)


def evaluate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuild model, classes and preprocessing from ``checkpoint``, score every video of ``split``, write the result
    files.

    ``data`` is the config of other data than the checkpoint's, or empty; ``moved`` changes keys of the checkpoint's
    own.

    Returns: the content of results.json, and ``folder``.
    Raises: FileNotFoundError, ValueError: naming what is wrong.
    """
    refuse_nonsense(config)
    state = checkpoint.load(config["checkpoint"])
    device = resolve_device(config["device"])
    num_clips, num_crops = parse_views(config["views"])
    manifest = manifest_of(config, state)
    split, items = choose_split(manifest, config["split"])
    logger.info("data %s: %d videos of split %s", shown(manifest.source), len(items), split)
    model = from_state(state, trust=config["trust"])
    precision = evaluation_precision(config["precision"], device)
    dataset = EvalClips(items, model.clip, num_clips=num_clips, num_crops=num_crops)
    workers = resolve_workers(config["num_workers"], device.type)
    batch = max(1, config["batch_size"] // (num_clips * num_crops))
    found = score_videos(
        precision.place(model),
        eval_batches(dataset, videos_per_batch=batch, num_workers=workers, pin=device.type == "cuda"),
        to_input=ToModelInput(model.clip).to(device),
        precision=precision,
        num_videos=len(items),
        num_views=num_clips * num_crops,
        max_views=config["batch_size"],
    )
    folder = Path(config["run_dir"] or default_run_dir(config["checkpoint"]))
    results = write_evaluation(
        folder,
        scores=found.scores,
        clip_top1=found.clip_top1,
        labels=torch.tensor([item.label for item in items]),
        paths=[name_of(item, manifest.root) for item in items],
        errors=found.errors,
        classes=model.classes,
        views=config["views"],
        split=split,
        checkpoint=shown(config["checkpoint"]),
        fingerprint=manifest.fingerprint(),
    )
    return results | {"folder": str(folder)}


def parse_views(views: str) -> tuple[int, int]:
    """``"4x3"`` -> 4 clips along the video, 3 crops each. Raises: ValueError."""
    clips, _, crops = str(views).lower().partition("x")
    if not (clips.isdigit() and crops.isdigit() and int(clips) > 0 and crops in ("1", "3")):
        raise ValueError(f"views={views}: give CLIPSxCROPS such as 1x1, 4x3 or 10x3; crops are 1 or 3.")
    return int(clips), int(crops)


def manifest_of(config: Mapping[str, Any], state: Mapping[str, Any]) -> Manifest:
    """The videos to score: the checkpoint's own data, where they lie now, or other data.

    Of other data without splits of its own everything is scored: no split is made of what was never trained on.

    Raises: ValueError: the checkpoint's own data are not what they were, so that its test split may hold training
    clips.
    """
    trained_on = state["config"]["data"]
    other, moved = absolute_paths(config["data"]), absolute_paths(config["moved"])
    is_own = not other or all(other.get(key) == trained_on.get(key) for key in ("name", "root", "path"))
    node = other or {**trained_on, **moved}
    if not is_own:
        node |= {key: 0.0 for key in ("val_fraction", "test_fraction") if key in node}
    manifest = build_manifest(node, trust=config["trust"])
    refuse_other_classes(manifest, state["classes"], config["checkpoint"])
    if is_own and manifest.fingerprint() != state["versions"].get("data"):
        raise ValueError(
            f"{manifest.source}: the list of videos is not the one that {config['checkpoint']} was trained with, so "
            "its test "
            "split may hold training clips. Restore it, or name the videos to score: data=folder data.root=PATH"
        )
    return manifest


def choose_split(manifest: Manifest, split: str) -> tuple[str, list[VideoItem]]:
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
        return split, [item for items in filled.values() for item in items]
    if split not in filled:
        raise ValueError(f"split={split}: no videos in it. {manifest.source} has {', '.join(filled)}; or split=all.")
    return split, filled[split]


def refuse_other_classes(manifest: Manifest, trained: Sequence[str], checkpoint_path: str) -> None:
    """Raises: ValueError: the data's class names are not those of the checkpoint."""
    if list(manifest.classes) == list(trained):
        return
    extra = [name for name in manifest.classes if name not in trained]
    missing = [name for name in trained if name not in manifest.classes]
    raise ValueError(
        f"class mismatch: {checkpoint_path} was trained on {json.dumps(list(trained)[:20])}, {manifest.source} has "
        f"{json.dumps(list(manifest.classes)[:20])} (only in the data: {extra or 'none'}; only in the checkpoint: "
        f"{missing or 'none'}). Use the data it was trained for, or train again."
    )


def name_of(item: VideoItem, root: str) -> str:
    """The path below the data's folder; a stretch of it as a media fragment (W3C): ``a.mp4#t=1.5,4``."""
    path = os.path.relpath(item.path, root) if root else item.path
    if not item.start_seconds and item.end_seconds is None:
        return path
    return f"{path}#t={item.start_seconds:g}" + ("" if item.end_seconds is None else f",{item.end_seconds:g}")


def evaluation_precision(name: str, device: torch.device) -> Precision:
    """fp32 unless asked: the same numbers everywhere matter more here than speed."""
    return Precision("fp32" if name == "auto" else name, device=device)
