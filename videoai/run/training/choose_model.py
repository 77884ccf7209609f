"""What ``auto`` means for the model and the clip: rules that depend on the training videos. Each result is a setting,
so a value that the user gives takes its place.

The rules were worked out on validation splits of several kinds of data: docs/results.md, "Defaults".
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch

from videoai.core import process_group
from videoai.core.checkpoint import read_plain
from videoai.core.hub import local_file
from videoai.core.types import ClipSpec
from videoai.data.lists.items import Items
from videoai.data.loader import resolve_workers
from videoai.inference.initial_weights import published_id
from videoai.models import default_weights
from videoai.models.published import find, is_published
from videoai.models.published.download import is_at_hand
from videoai.run.training.pixel_probe import probe_pixels
from videoai.run.video_facts import VideoFacts, look_at, seconds_tell_class, still_words, telling_traits, typical
from videoai.settings.model import ClipSettings
from videoai.settings.parse import to_dict
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)

AUTO = "auto"
AUTO_MODEL = {"name": AUTO}
NUM_LOOKED_AT = 200  # videos whose headers and pixels say what those of the set are like

# From scratch, or the smallest network with Kinetics weights that the device trains in minutes.
SCRATCH = {"name": "tiny_r3d", "width": 16, "dropout": 0.3, "temporal_difference": "append"}
PRETRAINED = {"cpu": "x3d_xs", "cuda": "x3d_m"}
SIZES = {"cpu": (48, 54), "cuda": (112, 128)}  # pixels from scratch: (size, resize)
NUM_FRAMES = 16
SHORT_SECONDS = 10.0  # a clip spreads over the whole of a video that is not longer
SPAN_SHARE, MOST_SPAN_SECONDS = 0.5, 2.0  # how long a dense clip is: share of the typical video, and at most
PUBLISHED_FPS, SAME_RATE = 30.0, 0.1  # Kinetics' rate, in whose frames strides count; a difference that does not matter


def is_open(settings: TrainSettings) -> bool:
    """Whether the model or part of the clip is ``auto``."""
    return settings.model == AUTO_MODEL or is_open_clip(settings.clip)


def is_open_clip(clip: ClipSettings) -> bool:
    """Whether part of the clip is ``auto``, so that ``clip_of`` needs facts."""
    return AUTO in vars(clip).values()


def with_model_and_clip(settings: TrainSettings, items: Items, device: torch.device) -> TrainSettings:
    """The settings with a model and a clip in the place of ``auto``. ``items``: the training videos.

    Raises: ValueError: ``weights`` of a model that they do not name.
    """
    return process_group.broadcast_from_rank0(
        lambda: fitted_to_pixels(with_clip(settings, items, device), items, device)
    )


def with_clip(settings: TrainSettings, items: Items, device: torch.device) -> TrainSettings:
    """The model and the clip alone, from headers; videos are read only by ``fitted_to_pixels``. Raises: ValueError."""
    facts = look_at(items, NUM_LOOKED_AT, reading_of(settings))
    for warning in [*filter(None, [still_words(facts)]), *telling_traits(facts)]:
        logger.warning("%s", warning)
    if settings.model == AUTO_MODEL:
        settings = replace(settings, model=model_of_weights(settings.weights) or model_at_hand(device))
    clip = clip_of_weights(settings, facts) or clip_from_scratch(facts, device)
    return replace(settings, clip=ClipSettings(**filled(settings.clip, clip)))


def reading_of(settings: TrainSettings) -> dict[str, Any]:
    """How videos are opened."""
    return {"frame_fps": settings.loading.frame_fps, "isolated": settings.loading.isolated}


def model_of_weights(weights: str | None) -> dict[str, Any] | None:
    """The model node that ``weights`` are of; None without weights.

    Raises: ValueError, OSError: weights that do not say their model, or no such file.
    """
    if weights is None:
        return None
    if is_published(weights):
        return {"name": find(weights).model}
    state = read_plain(weights_file(weights))
    node = state.get("config", {}).get("model", {}) if isinstance(state, dict) else {}
    if "name" not in node:
        raise ValueError(f"weights={weights} does not say which model it is of: name it with model=NAME.")
    return {key: value for key, value in node.items() if key != "pretrained"}


def weights_file(weights: str) -> Path:
    """Where a checkpoint of a run lies. Raises: FileNotFoundError: nowhere."""
    path = local_file(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"weights={weights}: no such file. Give a checkpoint, such as RUN/checkpoints/best.pt, or published "
            "weights by id: videoai models NAME"
        )
    return path


def model_at_hand(device: torch.device) -> dict[str, Any]:
    """A model with published weights where they are at hand, otherwise one that learns from scratch."""
    name = PRETRAINED.get(device.type, PRETRAINED["cuda"])
    weights = default_weights(name)
    row = find(weights)
    if is_at_hand(weights, row.url):
        logger.info("model=auto: %s with the published weights %s, licence %s", name, weights, row.licence)
        return {"name": name, "pretrained": True}
    logger.info(
        "model=auto: %s from scratch. The published weights %s (licence %s) are not in the cache and cannot be "
        "fetched; with weights a model usually learns more from few clips",
        *(SCRATCH["name"], weights, row.licence),
    )
    return dict(SCRATCH)


def clip_of_weights(settings: TrainSettings, facts: Sequence[VideoFacts]) -> dict[str, Any] | None:
    """The clip that the weights were trained on, at its rate also where the files have another one; None without."""
    weights, known = published_id(settings), {field.name for field in fields(ClipSettings)}
    if weights is None:
        state = read_plain(weights_file(settings.weights)) if settings.weights else None
        return state.get("clip") if isinstance(state, dict) else None  # a plain state dict has none
    clip = {key: value for key, value in find(weights).clip.to_dict().items() if key in known}
    fps = typical([one.fps for one in facts])
    if clip["sampling"] == "dense" and abs(fps / PUBLISHED_FPS - 1) > SAME_RATE:
        clip["fps"] = PUBLISHED_FPS
    return clip


def clip_from_scratch(facts: Sequence[VideoFacts], device: torch.device) -> dict[str, Any]:
    """16 frames: spread over the whole video where the videos are short; else at a stride.

    Lengths that tell the class are kept from the model, which would learn how the set was cut.
    """
    size, resize = fitted_size(SIZES.get(device.type, SIZES["cuda"]), facts)
    seconds, fps = typical([one.seconds for one in facts]), typical([one.fps for one in facts])
    tells = seconds_tell_class(facts)
    if tells:
        logger.warning(
            "the length of a video says much about its class here, so all clips span the same time; "
            "clip.sampling=uniform would let the model see the length"
        )
    clip = {"num_frames": NUM_FRAMES, "size": size, "resize": resize}
    if not tells and not seconds > SHORT_SECONDS:  # also where no video could be read
        return {**clip, "stride": 1, "sampling": "uniform"}
    span = min(SPAN_SHARE * seconds, MOST_SPAN_SECONDS)
    return {**clip, "stride": max(1, round(span * fps / (NUM_FRAMES - 1))), "sampling": "dense"}


def clip_of(settings: ClipSettings, facts: Sequence[VideoFacts], device: torch.device) -> ClipSpec:
    """The clip of the settings; what is ``auto`` in it as for a model from scratch. ``facts``: of some videos."""
    if is_open_clip(settings):
        return ClipSpec(**filled(settings, clip_from_scratch(facts, device)))
    return ClipSpec(**vars(settings))


def filled(settings: ClipSettings, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A clip that is ``chosen`` but for what the settings say of it. A stride that they say is one of dense frames."""
    said = {key: value for key, value in vars(settings).items() if value not in (AUTO, None)}
    spacing = {"sampling": "dense"} if "stride" in said else {}
    return {**chosen, **spacing, **said}


def fitted_size(wanted: tuple[int, int], facts: Sequence[VideoFacts]) -> tuple[int, int]:
    """(size, resize) of a clip, in pixels; smaller where the videos are, since larger pictures would show no more."""
    sides = [min(one.height, one.width) for one in facts]
    short = int(typical(sides)) if sides else wanted[1]
    return wanted if short >= wanted[1] else (max(8, short // 8 * 8), max(8, short))


def sampled(items: Items) -> Items:
    """At most ``NUM_LOOKED_AT`` items, spread evenly."""
    return items[:: max(1, -(-len(items) // NUM_LOOKED_AT))]


def without_open(clip: ClipSettings) -> dict[str, Any]:
    """A clip with usual statistics where they are left open."""
    return {key: value for key, value in to_dict(clip).items() if value is not None or key in ("resize", "fps")}


def fitted_to_pixels(settings: TrainSettings, items: Items, device: torch.device) -> TrainSettings:
    """The settings with what a network from scratch should look at: frames and their changes, or changes alone."""
    if settings.model != SCRATCH:
        return settings
    workers = resolve_workers(settings.loading.num_workers, device.type)
    probe = probe_pixels(sampled(items), ClipSpec(**without_open(settings.clip)), reading_of(settings), workers)
    if not probe:
        return settings
    difference = "only" if probe.moves_more else "append"
    logger.info(
        "a linear classifier gets %.0f %% from one small picture of a clip, %.0f %% from what moves in it, and the "
        "largest class is %.0f %%: the model sees %s",
        *(100 * probe.seen, 100 * probe.moving, 100 * probe.largest),
        "changes between frames alone" if difference == "only" else "frames and the changes between them",
    )
    return replace(settings, model={**settings.model, "temporal_difference": difference})
