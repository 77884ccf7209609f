"""The front door for Python: keywords in, typed results out. The command line calls the same functions.

videoai.train(data={"name": "folder", "root": "clips"}, model="r3d_18", trainer={"max_epochs": 5}, run_dir="runs/a")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from videoai.compose.former import former
from videoai.compose.settings import from_keywords
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import default_values, flatten
from videoai.settings.training import TrainSettings


@dataclass(frozen=True)
class TrainResult:
    """What a training run came to."""

    run_dir: str
    checkpoint: str  # the best one, else the last
    step: int
    seconds: float  # of this call
    metric: str  # the value of validation that chose the best checkpoint
    best_value: float
    best: str  # the same in words: top-1 93.0%
    best_step: int
    packages: tuple[str, ...] = ()  # of the user's own, which the checkpoint needs: trust=[...]


def train(config: Mapping[str, Any] | None = None, /, **settings: Any) -> TrainResult:
    """Train, or continue the run that ``run_dir`` holds: what ``videoai train`` does.

    ``config`` (a dict, such as a run's ``config.yaml``) and keywords may be mixed. A group is the name of a preset in
    ``configs/`` or a dict with its ``name`` and what differs; what is left out has its default. ``task="gan"`` trains a
    generator.

    Raises: ValueError, OSError: one line each. Interrupted: on a signal, after saving.
    """
    given = {**(config or {}), **settings}
    cls = TrainGanSettings if given.get("task") in ("gan", {"name": "gan"}) else TrainSettings
    if cls is TrainGanSettings:
        given.pop("task")
    return run_training(from_keywords(cls, given).settings())


def run_training(settings: TrainSettings | TrainGanSettings) -> TrainResult:
    """Train with settings that are complete."""
    config, defaults = former(settings), flatten(default_values(type(settings)))
    at_default = frozenset(key for key, value in flatten(config).items() if key in defaults and defaults[key] == value)
    from videoai.run.train import train as run

    done = run(config, at_default=at_default)
    return TrainResult(
        run_dir=done["run_dir"],
        checkpoint=done["checkpoint"],
        step=done["step"],
        seconds=done["seconds"],
        metric=done["metric"],
        best_value=done[f"best_{done['metric']}"],
        best=done["best"],
        best_step=done["best_step"],
        packages=own_packages(settings),
    )


def own_packages(settings: TrainSettings | TrainGanSettings) -> tuple[str, ...]:
    """The packages of the user's own that a checkpoint needs."""
    nodes = [settings.model, settings.task] if isinstance(settings, TrainSettings) else [settings.gan.generator]
    targets = [str(node["_target_"]) for node in nodes if node.get("_target_")]
    return tuple(dict.fromkeys(target.split(".")[0].split(":")[0] for target in targets))
