"""What numbers make sense: refused before anything is opened, because many would train silently wrong."""

from collections.abc import Mapping
from typing import Any

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
    "data.flip": (False, 0, 1),
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
    "window_seconds": (False, 0, INFINITY),
    "hop_seconds": (False, 0, INFINITY),
}
BOOLEANS = (
    *("finetune.freeze", "trainer.activation_checkpointing", "trainer.tensorboard"),
    *("model.pretrained", "model.backbone_pretrained", "model.bidirectional", "annotate"),
    *("data.trimmed", "json"),
)
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
)
NULLABLE += ("window_seconds", "hop_seconds", "layer_decay", "unfreeze_epoch")
POSITIVE = (
    "max_epochs",
    "max_grad_norm",
    "lr",
    "fps",
    "window_seconds",
    "hop_seconds",
    "layer_decay",
)  # 0 itself makes no sense


def refuse_nonsense(config: Mapping[str, Any]) -> None:
    """Raises: ValueError: the first setting that is no number or outside its limits, or neither true nor false."""
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


def _value(config: Mapping[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    node = config.get(group) if group else config
    return node.get(name) if isinstance(node, Mapping) else None


def _makes_sense(value: Any, name: str, whole: bool, low: float, high: float) -> bool:
    if value is None:
        return name in NULLABLE
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return low <= value <= high and not (value == low and name in POSITIVE)


def _allowed(name: str, whole: bool, low: float, high: float) -> str:
    kind = "a whole number" if whole else "a number"
    least = f"above {low:g}" if name in POSITIVE else f"from {low:g}"
    most = f" to {high:g}" if high != INFINITY else "" if name in POSITIVE else " up"
    return f"{kind} {least}{most}" + (", or null" if name in NULLABLE else "")
