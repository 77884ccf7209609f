"""What a run is whose videos are features: no network below the head, and no picture to augment."""

import logging
from dataclasses import fields, replace
from statistics import median

from videoai.data.feature_sequences import FeatureSequences, open_sequences
from videoai.models.published import is_published
from videoai.settings.training import AugmentSettings, TrainSettings

logger = logging.getLogger(__name__)

# Steps of a window where the clip is left open, or as many as the typical video has. Judgement: at 5 features a second
# 25 s, several actions and what lies between.
MOST_STEPS = 128
PIXELS = ("scale", "ratio", "shift", "color_jitter", "policy", "erase", "cutmix", "diff_augment", "clip_transforms")
NO_MODEL = ("auto", "features", "per_frame")


def for_features(settings: TrainSettings) -> TrainSettings:
    """The settings with a clip of feature vectors, a body that passes them on, and no augmentation of pixels.

    Raises: ValueError: a model, a size or anything else that features have no use for. FileNotFoundError, ImportError.
    """
    table = open_sequences(str(settings.data.features))
    check_unused(settings, str(table.facts.get("checkpoint")))
    clip = replace(
        settings.clip,
        num_frames=steps_of(table) if settings.clip.num_frames == "auto" else settings.clip.num_frames,
        stride=1 if settings.clip.stride == "auto" else settings.clip.stride,
        size=1,
        resize=1,
        sampling="dense" if settings.clip.sampling == "auto" else settings.clip.sampling,
        features=table.width,
    )
    return replace(
        settings,
        model={"name": "features", "num_features": table.width},
        clip=clip,
        augment=without_pixels(settings.augment),
    )


def steps_of(table: FeatureSequences) -> int:
    """The steps of a window."""
    return min(MOST_STEPS, max(1, int(median(map(len, table.rows.values())))))


def without_pixels(augment: AugmentSettings) -> AugmentSettings:
    """The settings without what is done to pictures, which is said."""
    off = {field.name: field.default for field in fields(AugmentSettings) if field.name in PIXELS}
    if given := [name for name, value in off.items() if getattr(augment, name) != value]:
        logger.info("augment.%s: not for features, which are no pictures", ", augment.".join(given))
    return replace(augment, **off)


def check_unused(settings: TrainSettings, checkpoint: str) -> None:
    """Raises: ValueError: settings of pictures or of the network below the head."""
    name = settings.model.get("name") or settings.model.get("_target_")
    if name not in NO_MODEL:
        raise ValueError(
            f"model={name}: data.features are those of {checkpoint}, and the head learns from them alone. Leave model "
            "out, or extract the features of another network."
        )
    if settings.weights and is_published(settings.weights):
        raise ValueError(f"weights={settings.weights}: of a network, and features are made already. Leave it out.")
    given = {
        "clip.size": (settings.clip.size, ("auto", 1)),
        "finetune.freeze": (settings.finetune.freeze, (False,)),
        "data.reverse": (settings.data.reverse, (0.0,)),
        "trainer.activation_checkpointing": (settings.trainer.activation_checkpointing, (False,)),
    }
    for key, (value, allowed) in given.items():
        if value not in allowed:
            raise ValueError(f"{key}={value}: means nothing to features, which are made already. Leave it out.")
