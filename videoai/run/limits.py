"""What numbers make sense: refused before anything is opened, because many would train silently wrong."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from videoai.core.build import did_you_mean
from videoai.data.augment.balance import SAMPLERS
from videoai.data.augment.policies import MAX_MAGNITUDE, POLICIES
from videoai.gan.diff_augment import POLICY
from videoai.gan.feature_space import AUGMENTERS
from videoai.tasks.drawn_features import CLASSES

INFINITY = float("inf")
# key: (whole number, lowest, highest)
LIMITS: dict[str, tuple[bool, float, float]] = {
    "trainer.batch_size": (True, 1, INFINITY),
    "trainer.accumulate": (True, 1, INFINITY),
    "trainer.max_epochs": (False, 0, INFINITY),
    "trainer.max_steps": (True, 1, INFINITY),
    "trainer.eval_every": (True, 1, INFINITY),
    "trainer.save_every": (True, 1, INFINITY),
    "trainer.log_every": (True, 1, INFINITY),
    "trainer.patience": (True, 1, INFINITY),
    "trainer.max_grad_norm": (False, 0, INFINITY),
    "trainer.ema_decay": (False, 0, 1),
    "trainer.label_smoothing": (False, 0, 1),
    "trainer.l1": (False, 0, INFINITY),
    "trainer.l2": (False, 0, INFINITY),
    "optim.lr": (False, 0, INFINITY),
    "optim.weight_decay": (False, 0, INFINITY),
    "finetune.layer_decay": (False, 0, 1),
    "finetune.unfreeze_epoch": (False, 0, INFINITY),
    "augment.shift": (False, 0, 1),
    "augment.color_jitter": (False, 0, 1),
    "augment.mixup": (False, 0, INFINITY),
    "augment.cutmix": (False, 0, INFINITY),
    "augment.num_ops": (True, 1, INFINITY),
    "augment.magnitude": (True, 0, MAX_MAGNITUDE),
    "augment.erase": (False, 0, 1),
    "augment.speed": (False, 1, 8),  # beyond, a clip of usual length holds still or leaves the video
    "augment.time_jitter": (False, 0, 1),
    "augment.frame_drop": (False, 0, 0.9),  # a clip of one frame teaches nothing about motion
    "augment.repeats": (True, 1, INFINITY),
    "augment.feature_ratio": (False, 0, INFINITY),
    "synthetic.ratio": (False, 0, 1),
    "synthetic.until": (False, 0, 1),
    "synthetic.weight": (False, 0, INFINITY),
    "optim.lr_generator": (False, 0, INFINITY),
    "optim.lr_discriminator": (False, 0, INFINITY),
    "gan.ada_target": (False, -1, 1),
    "gan.ada_clips": (True, 1, INFINITY),
    "gan.conditioning_below": (True, 0, INFINITY),
    "gan.class_width": (True, 0, INFINITY),
    "gan.class_weight": (False, 0, INFINITY),
    "gan.sameness_weight": (False, 0, INFINITY),
    "gan.r1": (False, 0, INFINITY),
    "gan.r1_every": (True, 1, INFINITY),
    "imbalance.effective_number": (False, 0, 0.999999),  # 1 itself divides by zero
    "imbalance.focal": (False, 0, INFINITY),
    "imbalance.pos_weight": (False, 0, 1),
    "data.flip": (False, 0, 1),
    "data.reverse": (False, 0, 1),
    "data.max_bad_fraction": (False, 0, 1),
    "data.max_missing_fraction": (False, 0, 1),
    "data.fold": (True, 1, INFINITY),
    "data.val_fraction": (False, 0, 1),
    "data.test_fraction": (False, 0, 1),
    "look": (True, 1, INFINITY),
    "clip.num_frames": (True, 1, INFINITY),
    "clip.size": (True, 1, INFINITY),
    "clip.stride": (True, 1, INFINITY),
    "clip.resize": (True, 1, INFINITY),
    "clip.fps": (False, 0, INFINITY),
    "seed": (True, 0, INFINITY),
    "batch_size": (True, 1, INFINITY),
    "top_k": (True, 1, INFINITY),
    "seeds": (True, 1, INFINITY),
    "draws": (True, 1, INFINITY),
    "per_class": (True, 1, INFINITY),
    "steps": (True, 1, INFINITY),
    "min_confidence": (False, 0, 1),
    "rare": (False, 0, 1),
    "gan_steps": (True, 1, INFINITY),
    "cas_steps": (True, 0, INFINITY),
    "min_recall": (False, 0, 1),
    "window_seconds": (False, 0, INFINITY),
    "hop_seconds": (False, 0, INFINITY),
    "short_side": (True, 16, INFINITY),
    "crf": (True, 0, 51),
    "keyint": (True, 1, INFINITY),
    "fps": (False, 0, INFINITY),
    "data.frame_fps": (False, 0, INFINITY),
    "frame_fps": (False, 0, INFINITY),
    "shard_mb": (False, 0, INFINITY),
}
BOOLEANS = (
    *("finetune.freeze", "trainer.activation_checkpointing"),
    *("model.pretrained", "model.backbone_pretrained", "model.bidirectional", "annotate", "data.verify"),
    *(
        "imbalance.balanced_softmax",
        "data.directional",
        "data.isolated",
        "data.trimmed",
        "data.multi_label",
        "data.codes",
        "json",
    ),
    *("drop_copies", "cas"),
)
RANGES = {"augment.scale": 1.0, "augment.ratio": INFINITY}  # [low, high], above 0 and up to this
CHOICES = {
    "augment.policy": (None, *POLICIES),
    "augment.features": (None, *AUGMENTERS),
    "augment.feature_classes": CLASSES,
    "imbalance.sampler": SAMPLERS,
    "synthetic.label_smoothing": ("none", "by_uncertainty"),
    "synthetic.classes": ("all", "rare"),
    "trainer.metric": ("auto", "top1", "mean_class_accuracy", "macro_f1", "map", "micro_f1", "hit1"),
}
LISTS = {"augment.diff_augment": POLICY, "gan.diff_augment": POLICY}  # any of these
NULLABLE = (
    "max_epochs",
    "max_steps",
    "eval_every",
    "save_every",
    "patience",
    "max_grad_norm",
    "ema_decay",
    "resize",
    "fps",
    "frame_fps",
)
NULLABLE += ("window_seconds", "hop_seconds", "layer_decay", "unfreeze_epoch", "ada_target")
POSITIVE = (
    "max_epochs",
    "max_grad_norm",
    "lr",
    "fps",
    "frame_fps",
    "shard_mb",
    "window_seconds",
    "hop_seconds",
    "layer_decay",
    "ratio",
    "until",
    "weight",
    "feature_ratio",
    "rare",
)  # 0 itself makes no sense


def refuse_nonsense(config: Mapping[str, Any]) -> None:
    """Raises: ValueError: the first setting that is no number or outside its limits, neither true nor false, or no
    choice."""
    for key in BOOLEANS:
        value = _value(config, key)
        if value is not None and not isinstance(value, bool):
            hint = " Published weights by id: weights=ID." if key == "model.pretrained" else ""
            raise ValueError(f"{key}={value}: give true or false.{hint}")
    for key, (whole, low, high) in LIMITS.items():
        group, _, name = key.rpartition(".")
        node = config.get(group) if group else config
        if isinstance(node, Mapping) and name in node and not _makes_sense(node[name], name, whole, low, high):
            raise ValueError(f"{key}={node[name]}: give {_allowed(name, whole, low, high)}.")
    for key, most in RANGES.items():
        value = _value(config, key)
        if value is not None and not _is_range(value, most):
            limit = f", {most:g} at most" if most != INFINITY else ""
            raise ValueError(f"{key}={value}: give [low, high], two numbers above 0{limit}, the lower one first.")
    for key, allowed in CHOICES.items():
        group, _, name = key.rpartition(".")
        if name in config.get(group, {}) and (value := config[group][name]) not in allowed:
            choices = ["null" if choice is None else choice for choice in allowed]
            raise ValueError(f"{key}={value}:{did_you_mean(str(value), choices)} Choose from {', '.join(choices)}.")
    _refuse_odd_lists(config)
    _refuse_split_repeats(config)


def _refuse_odd_lists(config: Mapping[str, Any]) -> None:
    for key, allowed in LISTS.items():
        group, _, name = key.partition(".")
        value = (config.get(group) or {}).get(name, [])
        if not isinstance(value, list) or any(one not in allowed for one in value):
            raise ValueError(f"{key}={value}: give a list of some of {', '.join(allowed)}, such as [{allowed[0]}].")


def _refuse_split_repeats(config: Mapping[str, Any]) -> None:
    repeats, batch_size = _value(config, "augment.repeats") or 1, _value(config, "trainer.batch_size") or 0
    if batch_size % repeats:
        raise ValueError(
            f"augment.repeats={repeats}: all clips of a video stand in one batch, so trainer.batch_size={batch_size} "
            "must be a multiple of it."
        )


def _value(config: Mapping[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    node = config.get(group) if group else config
    return node.get(name) if isinstance(node, Mapping) else None


def _is_range(value: Any, most: float) -> bool:
    if not isinstance(value, Sequence) or len(value) != 2 or not all(isinstance(end, int | float) for end in value):
        return False
    return 0 < value[0] <= value[1] <= most


def _makes_sense(value: Any, name: str, whole: bool, low: float, high: float) -> bool:
    if value is None:
        return name in NULLABLE
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return math.isfinite(value) and low <= value <= high and not (value == low and name in POSITIVE)


def _allowed(name: str, whole: bool, low: float, high: float) -> str:
    kind = "a whole number" if whole else "a number"
    least = f"above {low:g}" if name in POSITIVE else f"from {low:g}"
    most = f" to {high:g}" if high != INFINITY else "" if name in POSITIVE else " up"
    return f"{kind} {least}{most}" + (", or null" if name in NULLABLE else "")
