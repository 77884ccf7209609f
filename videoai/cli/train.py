"""``videoai train``."""

import os
import sys
from typing import Any

import yaml

from videoai.compose.settings import Composed, from_arguments
from videoai.settings.training import TrainSettings


def main(arguments: list[str]) -> int:
    """Compose the settings, train, and say what to do next."""
    if multirun := [word for word in arguments if word in ("-m", "--multirun")]:
        from videoai.cli.multirun import main as multirun_main

        return multirun_main("train", [word for word in arguments if word not in multirun])
    composed = from_arguments(TrainSettings, [word for word in arguments if word != "--cfg"])
    if "--cfg" in arguments:
        return print_config(composed)
    from videoai.api import run_training

    return report(run_training(composed.settings()), "evaluate")


def print_config(composed: Composed[Any]) -> int:
    """The composed settings as YAML."""
    sys.stdout.write(yaml.safe_dump(composed.whole, sort_keys=False))
    return 0


def report(result: Any, job: str) -> int:
    """The best value, where the checkpoint lies, and the command that comes next."""
    if os.environ.get("RANK", "0") != "0":  # of several processes one speaks
        return 0
    from videoai.core.messages import command_line
    from videoai.core.paths import display_path

    checkpoint = display_path(result.checkpoint)
    print(f"val {result.best} at step {result.best_step}, after {result.seconds:.0f} s: {checkpoint}")
    print(f"next: {command_line(job, f'checkpoint={checkpoint}', trust=result.packages)}")
    return 0
