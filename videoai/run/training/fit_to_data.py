"""What ``auto`` means for the model, the clip, the length of the schedule and the learning rate: rules that depend on
the training videos. Each is a setting, so a value that the user gives takes its place.

The rules were worked out on validation splits of several kinds of data: docs/results.md, "Defaults".
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import nn

from videoai.core import process_group
from videoai.core.messages import pluralize
from videoai.core.types import ClipSpec, VideoItem
from videoai.inference.initial_weights import published_id
from videoai.models import default_weights
from videoai.models.published import find
from videoai.models.published.download import is_at_hand
from videoai.run.video_facts import VideoFacts, look_at, seconds_tell_class, typical
from videoai.settings.gan import TrainGanSettings
from videoai.settings.model import ClipSettings
from videoai.settings.parse import flatten, to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup

logger = logging.getLogger(__name__)

AUTO = "auto"
AUTO_MODEL = {"name": AUTO}
NUM_LOOKED_AT = 200  # videos whose headers say how long those of the set are

# The model and its clip: from scratch, or the smallest one with Kinetics weights that the device trains in minutes.
SCRATCH = {"name": "small_r3d", "width": 24, "dropout": 0.3, "temporal_difference": "none"}
PRETRAINED = {"cpu": "x3d_xs", "cuda": "x3d_m"}
SIZES = {"cpu": (48, 54), "cuda": (112, 128)}  # pixels from scratch: (size, resize)
NUM_FRAMES = 16
SHORT_SECONDS = 10.0  # a clip spreads over the whole of a video that is not longer
SPAN_SHARE, MOST_SPAN_SECONDS = 0.5, 2.0  # of a dense clip: share of the typical video, and at most
PUBLISHED_FPS, SAME_RATE = 30.0, 0.1  # of Kinetics, whose strides count frames; a difference that does not matter

# The schedule.
STEPS_PER_ROOT = 75  # steps of 16 clips = 75 x the root of the number of training clips
USUAL_STEPS, USUAL_EPOCHS = 2000, 20  # not more than the larger of the two
FEWEST_EPOCHS = 10
FINETUNE_EPOCHS = 15
USUAL_BATCH = 16  # clips of a step that the rules are for
LABEL_SMOOTHING = 0.1  # arXiv:1512.00567, section 7
AVERAGED_SHARE = 1 / 12  # of the schedule, which the moving average of the weights remembers

# The learning rate for steps of 16 clips.
SMALL_MODEL = 2.5e6  # parameters, below which networks of convolutions bear a higher rate
RATES = {
    "adamw": {"small": 0.004, "large": 0.0005, "finetune": 0.0003},
    "sgd": {"small": 0.05, "large": 0.05, "finetune": 0.01},
}


def is_open(settings: TrainSettings) -> bool:
    """Whether the model or part of the clip is ``auto``."""
    return settings.model == AUTO_MODEL or AUTO in vars(settings.clip).values()


def with_model_and_clip(settings: TrainSettings, items: Sequence[VideoItem], device: torch.device) -> TrainSettings:
    """The settings with a model and a clip in the place of ``auto``. ``items``: the training videos."""
    return process_group.broadcast_from_rank0(lambda: _with_model_and_clip(settings, items, device))


def _with_model_and_clip(settings: TrainSettings, items: Sequence[VideoItem], device: torch.device) -> TrainSettings:
    if settings.model == AUTO_MODEL:
        settings = replace(settings, model=chosen_model(settings, device))
    reading = {"frame_fps": settings.loading.frame_fps, "isolated": settings.loading.isolated}
    facts = look_at(items, NUM_LOOKED_AT, reading)
    weights = published_id(settings)
    clip = clip_of_weights(find(weights).clip, facts) if weights else clip_from_scratch(facts, device)
    given = {key: value for key, value in vars(settings.clip).items() if value != AUTO}
    return replace(settings, clip=ClipSettings(**{**clip, **given}))


def chosen_model(settings: TrainSettings, device: torch.device) -> dict[str, Any]:
    """A model with published weights where they are at hand, otherwise one that learns from scratch."""
    if settings.weights is not None:
        raise ValueError(f"weights={settings.weights} are those of a model: name it, model=NAME (videoai models).")
    name = PRETRAINED.get(device.type, PRETRAINED["cuda"])
    weights = default_weights(name)
    row = find(weights)
    if is_at_hand(weights, row.url):
        logger.info("model=auto: %s with the published weights %s, licence %s", name, weights, row.licence)
        return {"name": name, "pretrained": True}
    logger.info(
        "model=auto: %s from scratch. Published weights (%s, licence %s) are not in the cache and cannot be fetched; "
        "with them a model usually learns more from few clips",
        *(SCRATCH["name"], weights, row.licence),
    )
    return dict(SCRATCH)


def clip_of_weights(trained_on: ClipSpec, facts: Sequence[VideoFacts]) -> dict[str, Any]:
    """The clip that published weights were trained on, at its rate also where the files have another one."""
    known = {field.name for field in fields(ClipSettings)}
    clip = {key: value for key, value in trained_on.to_dict().items() if key in known}
    fps = typical([one.fps for one in facts])
    if clip["sampling"] == "dense" and abs(fps / PUBLISHED_FPS - 1) > SAME_RATE:
        clip["fps"] = PUBLISHED_FPS
    return clip


def clip_from_scratch(facts: Sequence[VideoFacts], device: torch.device) -> dict[str, Any]:
    """16 frames: spread over the whole video where the videos are short; else at a stride.

    Lengths that tell the class are kept from the model, which would learn how the set was cut.
    """
    size, resize = SIZES.get(device.type, SIZES["cuda"])
    seconds, fps = typical([one.seconds for one in facts]), typical([one.fps for one in facts])
    tells = seconds_tell_class(facts)
    if tells:
        logger.warning(
            "the length of a video says much about its class here, so clips have the same length in all of them; "
            "clip.sampling=uniform would let the model see it"
        )
    clip = {"num_frames": NUM_FRAMES, "size": size, "resize": resize}
    if not tells and not seconds > SHORT_SECONDS:  # also where no video could be read
        return {**clip, "stride": 1, "sampling": "uniform"}
    span = min(SPAN_SHARE * seconds, MOST_SPAN_SECONDS)
    return {**clip, "stride": max(1, round(span * fps / (NUM_FRAMES - 1))), "sampling": "dense"}


def with_schedule(setup: Setup) -> Setup:
    """The setup with numbers in the place of ``auto`` in trainer.max_epochs, ema_decay and label_smoothing."""
    settings = setup.settings
    if not isinstance(settings, TrainSettings):
        return setup
    trainer, changes = settings.trainer, {}
    steps_per_epoch = setup.steps_per_epoch
    epochs = trainer.max_epochs
    if epochs == AUTO:
        epochs = changes["max_epochs"] = fitted_epochs(settings, len(setup.train_items))
    if trainer.label_smoothing == AUTO:
        changes["label_smoothing"] = LABEL_SMOOTHING
    if trainer.ema_decay == AUTO:
        total = math.ceil(epochs * steps_per_epoch) if epochs is not None else trainer.max_steps
        changes["ema_decay"] = fitted_decay(total)
    return replace(setup, settings=replace(settings, trainer=replace(trainer, **changes)))


def fitted_epochs(settings: TrainSettings, num_clips: int) -> float:
    """Epochs that make as many steps as a set of this size wants; in larger steps as many clips."""
    if published_id(settings) or settings.weights:
        return FINETUNE_EPOCHS
    steps_per_epoch = num_clips / USUAL_BATCH
    most = max(USUAL_STEPS, USUAL_EPOCHS * steps_per_epoch)
    steps = min(STEPS_PER_ROOT * math.sqrt(num_clips), most)
    return math.ceil(max(steps / steps_per_epoch, FEWEST_EPOCHS))


def decay_of(settings: TrainSettings | TrainGanSettings) -> float | None:
    """trainer.ema_decay after ``with_schedule``, which leaves no ``auto``."""
    decay = settings.trainer.ema_decay
    return None if decay is None else float(decay)


def fitted_decay(total_steps: int | None) -> float | None:
    """The share that the moving average keeps at each step; None for a run without a known end."""
    return None if total_steps is None else round(min(0.9999, max(0.9, 1 - 1 / (AVERAGED_SHARE * total_steps))), 4)


def with_learning_rate(setup: Setup, model: nn.Module) -> Setup:
    """The setup with a number in the place of ``auto`` in optim.lr.

    Adam's rate grows with the root of the clips of a step (arXiv:2205.10287), that of SGD with their number
    (arXiv:1706.02677).
    """
    settings = setup.settings
    if not isinstance(settings, TrainSettings) or settings.optim.get("lr") != AUTO:
        return setup
    optimizer, larger = settings.optim["name"], setup.batch_size * settings.trainer.accumulate / USUAL_BATCH
    small = sum(parameter.numel() for parameter in model.parameters()) <= SMALL_MODEL
    kind = "finetune" if published_id(settings) or settings.weights else "small" if small else "large"
    rate = RATES[optimizer][kind] * (math.sqrt(larger) if optimizer == "adamw" else larger)
    return replace(setup, settings=replace(settings, optim={**settings.optim, "lr": float(f"{rate:.3g}")}))


def announce_choices(asked: TrainSettings, setup: Setup, total_steps: int) -> None:
    """One paragraph: what ``auto`` came to in this run, and how to set it otherwise. ``asked``: the settings before."""
    settings = setup.training
    clip, trainer, batch = settings.clip, settings.trainer, setup.batch_size * settings.trainer.accumulate
    spread = "spread over the whole video" if clip.sampling == "uniform" else f"at stride {clip.stride}"
    words = {
        "model": f"model {settings.model.get('name')}",
        "clip": f"clips of {clip.num_frames} frames {spread}, {clip.size} px",
        "trainer.max_epochs": f"{pluralize(total_steps, 'step')} ({trainer.max_epochs or 0:g} epochs)",
        "optim.lr": f"learning rate {settings.optim.get('lr')} for steps of {batch} clips",
        "trainer.ema_decay": f"a moving average of the weights that keeps {trainer.ema_decay} a step",
        "trainer.label_smoothing": f"label smoothing {trainer.label_smoothing}",
    }
    was = {key.removesuffix(".name") for key, value in flatten(to_dict(asked)).items() if value == AUTO}
    was |= {"clip"} if "clip.size" in was else set()
    if chosen := {key: text for key, text in words.items() if key in was}:
        data = f"{pluralize(len(setup.train_items), 'training clip')} of {len(setup.manifest.classes)} classes"
        others = " ".join(f"{key}=" for key in chosen)
        logger.info("chosen for %s: %s. Set any of them yourself: %s", data, "; ".join(chosen.values()), others)
