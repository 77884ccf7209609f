"""Former names of settings: accepted silently in checkpoints, and with a note in YAML files and on the command line."""

from collections.abc import Callable, Mapping
from typing import Any

LOADING = ("num_workers", "decoder", "isolated", "frame_fps", "max_bad_fraction")
RENAMED = {
    **{f"data.{key}": f"loading.{key}" for key in LOADING},
    "gan.class_width": "gan.aux_classifier_width",
    "gan.sameness_weight": "gan.mode_seeking_weight",
    "trainer.tensorboard": "logger",
}


def renamed(config: Mapping[str, Any], note: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """A nested config with today's names. ``note`` hears a sentence for each that was changed.

    A group may be given by name alone (``data: folder``). Today's name wins where both are given.
    """
    groups = {key: dict(value) if isinstance(value, Mapping) else value for key, value in config.items()}
    for old, new in RENAMED.items():
        group, _, key = old.partition(".")
        node = groups.get(group)
        if not isinstance(node, dict) or key not in node:
            continue
        value = renamed_value(old, node.pop(key))
        _put(groups, new, value)
        note(f"{old} is called {new} now")
    return groups


def renamed_value(old: str, value: Any) -> Any:
    """The value under the new name."""
    if old == "trainer.tensorboard":
        return ["tensorboard"] if value else []
    return value


def renamed_override(override: str, note: Callable[[str], None]) -> str:
    """``data.num_workers=0`` -> ``loading.num_workers=0``."""
    key, equals, value = override.partition("=")
    if key not in RENAMED:
        return override
    new = RENAMED[key]
    if key == "trainer.tensorboard":
        value = "[tensorboard]" if value.strip().lower() in ("true", "1", "yes", "on") else "[]"
    note(f"{key} is called {new} now")
    return f"{new}{equals}{value}"


def _put(groups: dict[str, Any], key: str, value: Any) -> None:
    group, _, name = key.rpartition(".")
    if not group:
        groups.setdefault(name, value)
        return
    node = groups.setdefault(group, {})
    if isinstance(node, dict):
        node.setdefault(name, value)
