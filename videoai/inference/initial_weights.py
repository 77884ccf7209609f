"""What a run starts from: ``weights=`` (a file of ours, or an id of published weights) or ``model.pretrained=true``."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from videoai.core.messages import truncated_list
from videoai.core.types import ClipSpec
from videoai.inference.load import read_weights
from videoai.models import default_weights
from videoai.models.frames import Statistics, backbone_statistics
from videoai.models.heads import head_parameters
from videoai.models.published import find, is_published, load_published, read_published, with_variant
from videoai.models.published.classes import names_beside
from videoai.models.weights import load_partial
from videoai.settings.model import ClipSettings
from videoai.settings.parse import parse, to_dict
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)

STATISTICS = ("mean", "std", "channels")  # settings of the clip; null in the config = as the weights were trained


def resolve_weights(settings: TrainSettings) -> TrainSettings:
    """The settings with what published weights decide: the model's variant, and how pixels are normalised where that is
    left open. A pure function, so that a continued run comes to the same settings.

    Raises: ValueError: no such weights, or weights of another model.
    """
    weights, backbone = published_id(settings), pretrained_backbone(settings.model)
    trained_on = find(weights).clip if weights else backbone_statistics(backbone) if backbone else None
    given = to_dict(settings.clip)
    filled = {key: getattr(trained_on or ClipSpec, key) for key in STATISTICS if given[key] is None}
    clip, model = ClipSpec(**(given | filled)), settings.model
    if weights:
        check_weights_input(weights, clip)
        model = {key: value for key, value in with_variant(model, weights, None).items() if key != "num_classes"}
        if backbone:
            model["backbone_pretrained"] = False  # the published weights hold the backbone
    if trained_on:
        announce_differences(str(weights or backbone), trained_on, clip)
    return replace(settings, model=model, clip=parse(ClipSettings, clip.to_dict()))


def published_id(settings: TrainSettings) -> str | None:
    """The id of the published weights that a run asks for, if it asks for any."""
    node = settings.model
    if settings.weights:
        return settings.weights if is_published(settings.weights) else None
    return default_weights(node["name"]) if node.get("pretrained") and "_target_" not in node else None


def pretrained_backbone(node: Mapping[str, Any]) -> str | None:
    """The 2-D network whose ImageNet weights a model starts from, if it starts from any."""
    return node["backbone"] if node.get("backbone_pretrained") and "_target_" not in node else None


def check_weights_input(weights: str, clip: ClipSpec) -> None:
    """Raises: ValueError: the weights decide the number of frames or the size, and the clip has another."""
    wanted = {key: value for key, value in find(weights).options.items() if key in ("num_frames", "size")}
    other = [f"clip.{key}={value}" for key, value in wanted.items() if getattr(clip, key) != value]
    if other:
        have = f"{clip.num_frames} frames of {clip.size} px"
        raise ValueError(f"weights={weights} are for another clip than {have}. Add {' '.join(other)}.")


def announce_differences(weights: str, trained_on: ClipSpec | Statistics, clip: ClipSpec) -> None:
    """Other pixels than the weights know make worse results, silently: so say it."""
    for key in STATISTICS:
        given, known = getattr(clip, key), getattr(trained_on, key)
        if given != known:
            logger.warning("weights %s were trained with clip.%s=%s, this run has %s", weights, key, known, given)


def without_head(
    model: nn.Module, tensors: dict[str, Tensor], known: Sequence[str], classes: Sequence[str]
) -> dict[str, Tensor]:
    """As many classes fit by shape, but a head for others, or for the same in another order, is worse than none."""
    if len(known) != len(classes):
        return tensors  # the head does not fit, which is reported as for any tensor
    difference = (
        f"the weights have the classes {truncated_list(list(known))}, the data have {truncated_list(list(classes))}"
    )
    try:
        head = set(head_parameters(model))
    except ValueError:
        logger.warning("%s: the model does not name its head, so it keeps that of the weights", difference)
        return tensors
    logger.info("%s: the head is new", difference)
    ends = tuple(f".{name}" for name in head)  # with a prefix of another training script
    return {name: tensor for name, tensor in tensors.items() if name not in head and not name.endswith(ends)}


def load_weights(model: nn.Module, settings: TrainSettings, classes: Sequence[str]) -> list[nn.Parameter]:
    """Load what the config asks for, and say what was loaded. ``classes``: the data's classes.

    Returns: the parameters that keep their random initial values. For a model that loads weights while it is built
    (``inflate``, a custom class), none of them is known.
    Raises: FileNotFoundError, OSError, ValueError: one line each.
    """
    named, node = dict(model.named_parameters()), settings.model
    fresh = [] if node.get("inflate") or "_target_" in node else list(named)
    if weights := published_id(settings):
        fresh = _load_published(model, weights, classes)
    elif settings.weights:
        tensors, known = read_weights(settings.weights)
        if known is not None and list(known) != list(classes):
            tensors = without_head(model, tensors, known, classes)
        report = load_partial(model, tensors)
        logger.info("weights %s: %s", settings.weights, report)
        fresh = report.new
    held = ("backbone.",) if node.get("backbone_pretrained") else ()
    return [named[name] for name in fresh if name in named and not name.startswith(held)]


def _load_published(model: Any, weights: str, classes: Sequence[str]) -> list[str]:
    """As ``load_published``; a head of as many classes, but of others by the ``config.json`` of ``ID:FILE``, is not
    kept. Returns: the names of the parameters that stay fresh."""
    report, file = load_published(model, weights, read_published(weights)), weights.partition(":")[2]
    known = names_beside(file) if file else None
    if known is None or report.num_classes is not None or known == list(classes) or len(known) != len(classes):
        return report.new
    model.reset_classifier(len(classes))
    different = (weights, truncated_list(known), truncated_list(list(classes)))
    logger.info("weights %s have the classes %s, the data have %s: the head is new", *different)
    return [*report.new, *head_parameters(model)]
