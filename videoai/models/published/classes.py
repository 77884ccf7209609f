"""Class names of published weights."""

import json
import logging
from pathlib import Path
from typing import Any

from videoai.models.published import Weights, find

logger = logging.getLogger(__name__)


def names_of(weights: str, num_classes: int) -> list[str]:
    """The names of the classes of an id or ``ID:FILE``. Those of a file of somebody's own stand in the ``config.json``
    beside it, as Transformers writes it (``id2label``); without one they are numbered."""
    row, file = find(weights), weights.partition(":")[2]
    named = names_beside(file) if file else None
    if named is not None and len(named) == num_classes:
        return named
    if named is not None:
        words = "weights %s: config.json names %d classes, and the file has %d: the names are not used"
        logger.warning(words, weights, len(named), num_classes)
    if num_classes == row.num_classes:
        return class_names(row)
    logger.warning(
        "weights %s: no names of its %d classes, so they are numbered (id2label in a config.json beside the "
        "file names them)",
        weights,
        num_classes,
    )
    return [f"class {number}" for number in range(num_classes)]


def names_beside(file: str | Path) -> list[str] | None:
    """``id2label`` of the config.json beside a file of weights, in order; None = there is none."""
    try:
        config: Any = json.loads((Path(file).expanduser().parent / "config.json").read_text(encoding="utf-8"))
        return [str(config["id2label"][key]) for key in sorted(config["id2label"], key=int)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # or another program's file


def class_names(row: Weights) -> list[str]:
    """The names in the order of the logits. Kinetics-400 is alphabetical, but for publishers with an order of their
    own; no other label map is published with weights, so those classes are numbered."""
    if (row.dataset, row.num_classes, row.own_labels) == ("kinetics400", 400, False):
        from torchvision.models.video import R3D_18_Weights

        return list(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    if row.dataset == "charades":  # numbered by its codes, which data.codes=true keeps as names
        return [f"c{number:03d}" for number in range(row.num_classes)]
    return [f"{row.dataset} {number}" for number in range(row.num_classes)]
