"""``evaluate``: score a checkpoint on a split, from the checkpoint alone."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from videoai.core import checkpoint
from videoai.core.build import ANYTHING
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

logger = logging.getLogger(__name__)


def evaluate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuild model, classes and preprocessing from ``checkpoint``, score every video of ``split``, write the result
    files.

    ``data`` holds only what differs from the training data's config; empty = the same data.

    Returns: the content of results.json, and ``folder``.
    Raises: FileNotFoundError, ValueError: naming what is wrong.
    """
    state = checkpoint.load(config["checkpoint"])
    device = resolve_device(config["device"])
    num_clips, num_crops = parse_views(config["views"])
    node = absolute_paths({**config["data"]} or state["config"]["data"])
    manifest = build_manifest(node, trust=ANYTHING if config["data"] else tuple(config["trust"]))
    refuse_other_classes(manifest, state["classes"], config["checkpoint"])
    split = choose_split(manifest, config["split"])
    items = manifest.splits[split]
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
        paths=[os.path.relpath(item.path, manifest.root) for item in items],
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


def choose_split(manifest: Manifest, split: str) -> str:
    """``auto`` = test, or val where there is no test split (and say so). Raises: ValueError: an empty split."""
    filled = [name for name, items in manifest.splits.items() if items]
    if split == "auto":
        if manifest.splits.get("test"):
            return "test"
        logger.warning("no test split: evaluating on val, which also chose the best checkpoint, so the score flatters")
        split = "val"
    if split not in filled:
        raise ValueError(f"split={split}: no videos in it. {manifest.source} has {', '.join(filled)}.")
    return split


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


def evaluation_precision(name: str, device: torch.device) -> Precision:
    """fp32 unless asked: the same numbers everywhere matter more here than speed."""
    return Precision("fp32" if name == "auto" else name, device=device)
