"""Which videos the weights of a run have been trained on, also before the run began.

A checkpoint names them by a hash of 8 bytes each, so that a run that starts from it notices which of its own val and
test videos are none that the weights have never seen.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch
from torch import Tensor

from videoai.core import checkpoint
from videoai.core.paths import composed
from videoai.core.seeding import seeds_for
from videoai.data.lists.clip_table import relative
from videoai.data.lists.manifest import Manifest
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)

KEY = "trained_on"  # in a checkpoint: int64 [N], each once and in order


def videos_trained_on(manifest: Manifest, settings: Any, state: Mapping[str, Any] | None) -> Tensor:
    """int64 [N]: hashes of the run's own training videos, and of those that its first weights were trained on. A run
    that continues keeps what its checkpoint ``state`` says."""
    if state is not None and KEY in state:
        return state[KEY]
    before = _seen_by(settings.weights) if isinstance(settings, TrainSettings) else None
    own = torch.from_numpy(_hashes(manifest, "train"))
    return own if before is None else torch.cat([own, before]).unique()


def warn_of_seen_videos(manifest: Manifest, settings: Any) -> None:
    """Say how many val and test videos ``weights`` have been trained on, or that a checkpoint does not say."""
    weights = settings.weights if isinstance(settings, TrainSettings) else None
    if (before := _seen_by(weights)) is None:
        return
    if not len(before):
        logger.info("weights=%s do not say which videos they were trained on: val and test may be among them", weights)
    held_out = {split: _hashes(manifest, split) for split in ("val", "test")}
    seen = {split: int(np.isin(hashes, before.numpy()).sum()) for split, hashes in held_out.items()}
    if any(seen.values()):
        logger.warning(
            "weights=%s were trained on %s videos of this run (the same paths below the data's folder), so scores on "
            "these come out too high. Keep the data.split_seed, fractions and split_by of the run that made them, or "
            "start from weights that have not seen them",
            *(weights, " and ".join(f"{seen[split]} of the {len(held_out[split])} {split}" for split in seen)),
        )


def _hashes(manifest: Manifest, split: str) -> np.ndarray:
    """int64 [N], one for each video of a split, in order: of its path below the root, wherever that lies."""
    items = manifest.splits[split]
    files = (items.files[int(index)] for index in np.unique(items.file))
    names = (composed(relative(os.path.join(items.root, file), manifest.root)) for file in files)
    return np.unique(seeds_for(0, "video", ends=(name.encode("utf-8", "backslashreplace") for name in names)))


def _seen_by(weights: str | None) -> Tensor | None:
    """What a checkpoint of ours says, nothing if it is from before it said so; None = not a checkpoint of ours."""
    if not weights or not is_zipfile(weights):
        return None
    try:
        state = checkpoint.read_plain(Path(weights), mmap=True)
    except (ValueError, OSError):
        return None  # said where the weights are loaded
    if not isinstance(state, dict) or not {"format", "config", "model"} <= state.keys():
        return None
    held = state.get(KEY)
    if not isinstance(held, Tensor) or held.dtype != torch.int64 or held.ndim != 1:
        return torch.empty(0, dtype=torch.int64)
    return held.clone()  # the file may change
