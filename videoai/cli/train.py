"""``videoai train``."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml

from videoai.compose.settings import Composed, from_arguments
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings

if TYPE_CHECKING:
    from videoai.run.train import TrainResult


def main(arguments: list[str]) -> int:
    """Compose the settings, train, and say what to do next."""
    if multirun := [word for word in arguments if word in ("-m", "--multirun")]:
        from videoai.cli.multirun import main as multirun_main

        return multirun_main("train", [word for word in arguments if word not in multirun])
    composed = from_arguments(TrainSettings, [word for word in arguments if word != "--cfg"])
    if "--cfg" in arguments:
        return print_config(composed)
    from videoai.run.train import train

    settings = composed.settings()
    return report(train(settings), "evaluate", own_packages(settings))


def print_config(composed: Composed[Any]) -> int:
    """The composed settings as YAML."""
    sys.stdout.write(yaml.safe_dump(composed.whole, sort_keys=False))
    return 0


def report(result: "TrainResult", job: str, packages: Sequence[str]) -> int:
    """The best value, where the checkpoint lies, and the command that comes next."""
    if os.environ.get("RANK", "0") != "0":  # one process speaks
        return 0
    from videoai.core.messages import command_line
    from videoai.core.paths import display_path

    checkpoint = display_path(result.checkpoint)
    print(f"val {result.best} at step {result.best_step}, after {result.seconds:.0f} s: {checkpoint}")
    print(f"next: {command_line(job, f'checkpoint={checkpoint}', trust=packages)}")
    return 0


def own_packages(settings: TrainSettings | TrainGanSettings) -> list[str]:
    """The packages of the user's own that the checkpoint needs: ``trust=[...]``."""
    nodes = [settings.model, settings.task] if isinstance(settings, TrainSettings) else [settings.gan.generator]
    targets = [str(node["_target_"]) for node in nodes if node.get("_target_")]
    return list(dict.fromkeys(target.split(".")[0].split(":")[0] for target in targets))
