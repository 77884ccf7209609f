"""State dicts as training scripts save them: below keys beside optimizers and logs, and with a prefix before each name
(``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, ``model.`` of Lightning)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

# The averaged weights come first, as in timm: they are the better ones.
KEYS = (
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema",
    "module_ema",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "shadow",
)
MAX_PREFIX_PARTS = 4  # module._orig_mod.model. has 3


def unwrap(content: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The state dict inside a file's content, and where it was, such as ``ema.module``; "" = it is the content."""
    where: list[str] = []
    while key := next((key for key in KEYS if isinstance(content.get(key), Mapping) and content[key]), None):
        content = content[key]
        where.append(key)
    return dict(content), ".".join(where)


def prefixes(names: Iterable[str]) -> list[str]:
    """Beginnings, up to a dot, that more than half of the names share; the shortest first, and "" before them."""
    names = list(names)
    parts = [name.split(".")[:-1][:MAX_PREFIX_PARTS] for name in names]
    counts = Counter(".".join(part[: i + 1]) + "." for part in parts for i in range(len(part)))
    return ["", *sorted((prefix for prefix, count in counts.items() if 2 * count > len(names)), key=len)]


def without_prefix(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The tensors whose names have the prefix, named without it. What lacks it is no part of the model."""
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
