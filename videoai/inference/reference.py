"""Features of the real clips that generated clips are compared with."""

import logging
from collections.abc import Mapping
from typing import Any

import torch

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.lists.items import Items
from videoai.data.loader import eval_batches
from videoai.inference.evaluator import Corruption, Evaluator, Extracted

logger = logging.getLogger(__name__)
MOST = 5000  # real clips of a split: distances are between all pairs, 200 MB of them


def check_evaluator_data(
    evaluator_state: Mapping[str, Any], state: Mapping[str, Any], evaluator_path: str, checkpoint_path: str
) -> None:
    """Raises: ValueError: other classes, or other videos: an evaluator that saw val or test would let them leak."""
    if list(evaluator_state["classes"]) != list(state["classes"]):
        raise ValueError(
            f"judge={evaluator_path}: its classes are {', '.join(evaluator_state['classes'])}, those of "
            f"{checkpoint_path} are {', '.join(state['classes'])}. Train an evaluator on the same data."
        )
    if evaluator_state["versions"].get("data") != state["versions"].get("data"):
        raise ValueError(
            f"judge={evaluator_path}: trained on another list of videos than {checkpoint_path}, so it may know "
            "the val and test videos. Train an evaluator on the same data and splits."
        )


def extract_items(
    evaluator: Evaluator,
    items: Items,
    clip: ClipSpec,
    corruption: Corruption = lambda video: video,
    *,
    batch_size: int,
    num_workers: int,
    frame_fps: float | None = None,
) -> Extracted:
    """The centred clip of every item, as the generator's clips are: ``clip`` is the generator's.

    Args:
        frame_fps: the rate of folders of images; None = 30.
    Raises: ValueError: none can be read.
    """
    dataset = EvalClips(items, clip, reading={"frame_fps": frame_fps})
    batches = eval_batches(dataset, videos_per_batch=batch_size, num_workers=num_workers)
    extracted = evaluator.extract_batches(batches, corruption)
    if len(extracted.index) < len(items):
        logger.warning("%d of %d clips cannot be read and are left out", len(items) - len(extracted.index), len(items))
    return extracted


def at_most(items: Items, most: int = MOST) -> Items:
    """Some of the items, drawn once for all, in their order."""
    if len(items) <= most:
        return items
    logger.info("%d of %d real clips are looked at", most, len(items))
    return items[torch.randperm(len(items), generator=generator_for(0, "reference"))[:most].sort().values.numpy()]
