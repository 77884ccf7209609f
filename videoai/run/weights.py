"""What a run starts from: ``weights=`` (a file of ours, or an id of published weights) or ``model.pretrained=true``."""

import logging
from typing import Any

from torch import nn

from videoai.core.types import ClipSpec
from videoai.inference.load import read_weights
from videoai.models import default_weights
from videoai.models.published import find, is_published, load_published, read_published, with_dialect
from videoai.models.weights import load_partial

logger = logging.getLogger(__name__)

STATISTICS = ("mean", "std", "channels")  # of the clip: null in the config = as the weights were trained


def settle_weights(config: dict[str, Any]) -> dict[str, Any]:
    """The config with what published weights decide: the model's dialect, and how pixels are normalised where the
    config leaves that open. A pure function, so that a continued run comes to the same config.

    Raises: ValueError: no such weights, or weights of another model.
    """
    weights = published_id(config)
    trained_on = find(weights).clip if weights else None
    clip = dict(config["clip"])
    for key in STATISTICS:
        if clip.get(key) is None:
            clip[key] = getattr(trained_on or ClipSpec, key)
    settled = {**config, "clip": ClipSpec(**clip).to_dict()}
    if weights and trained_on:
        node = with_dialect(config["model"], weights, None)
        settled["model"] = {key: value for key, value in node.items() if key != "num_classes"}
        announce_differences(weights, trained_on, ClipSpec(**clip))
    return settled


def published_id(config: dict[str, Any]) -> str | None:
    """The id of the published weights that a config asks for, if it asks for any."""
    weights, node = config["weights"], config["model"]
    if weights:
        return str(weights) if is_published(str(weights)) else None
    return default_weights(node["name"]) if node.get("pretrained") and "name" in node else None


def announce_differences(weights: str, trained_on: ClipSpec, clip: ClipSpec) -> None:
    """Other pixels than the weights know make worse results, silently: so say it."""
    for key in STATISTICS:
        given, known = getattr(clip, key), getattr(trained_on, key)
        if given != known:
            logger.warning("weights %s were trained with clip.%s=%s, this run has %s", weights, key, known, given)


def load_weights(model: nn.Module, config: dict[str, Any]) -> None:
    """Load what the config asks for, and say what was loaded.

    Raises: FileNotFoundError, OSError, ValueError: one line each.
    """
    if weights := published_id(config):
        load_published(model, weights, read_published(weights))
    elif config["weights"]:
        logger.info("weights %s: %s", config["weights"], load_partial(model, read_weights(config["weights"])))
