"""Where the curves of a run go beside its own ``metrics.jsonl``: a table of names, and custom ones by ``_target_``."""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from videoai.core.build import ANYTHING, bind
from videoai.core.loggers.logger import Logger

LOGGERS = {
    "tensorboard": "videoai.core.loggers.tensorboard:TensorBoard",
    "wandb": "videoai.core.loggers.wandb:WandB",
    "mlflow": "videoai.core.loggers.mlflow:MLflow",
    "trackio": "videoai.core.loggers.trackio:Trackio",
}
EXTRAS = ("wandb", "mlflow", "trackio")  # the package, and the extra of videoai that installs it, have the same name


def bind_loggers(nodes: Sequence[str | Mapping[str, Any]], **run: Any) -> dict[str, Callable[[], Logger]]:
    """What opens each logger, by its name; nothing is opened yet.

    A node is a name, ``{name, options}`` or ``{_target_, options}``. ``run``: what every logger gets, see ``Logger``.

    Raises: ValueError: an unknown name, a package that is missing, an option that the logger does not take, the same
    logger twice, or a class that is no ``Logger``.
    """
    bound: dict[str, Callable[[], Logger]] = {}
    for node in nodes:
        node = {"name": node} if isinstance(node, str) else node
        name = str(node.get("_target_") or node.get("name") or "")
        if not name:
            raise ValueError(f"logger: {dict(node)} has no name. Choose from {', '.join(LOGGERS)}, or give _target_.")
        if name in bound:
            raise ValueError(f"logger: {name} is listed twice.")
        if "_target_" not in node:
            check_package_installed(name)
        bound[name] = bind(node, LOGGERS, where="logger", trust=ANYTHING, **run)
        check_logger_class(name, bound[name].func)
    return bound


def check_logger_class(name: str, made: Any) -> None:
    """Raises: ValueError: the custom class is no ``Logger``."""
    if not (isinstance(made, type) and issubclass(made, Logger)):
        raise ValueError(f"logger: {name} is no subclass of videoai.core.loggers.Logger. Derive it from that class.")


def check_package_installed(name: str) -> None:
    """Raises: ValueError: with the command that installs it."""
    spec = find_spec(name) if name in EXTRAS else None
    if name in EXTRAS and (spec is None or spec.origin is None):  # no origin: only a folder of that name is there
        raise ValueError(f"logger={name} needs the package {name}: pip install 'videoai[{name}]'")


__all__ = ["Logger", "bind_loggers"]
