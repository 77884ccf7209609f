"""``videoai train``."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml

from videoai.compose.arguments import split_config_dir
from videoai.compose.settings import Composed, from_arguments
from videoai.core.launcher import launched_rank
from videoai.core.paths import display_path
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
    from videoai.core.messages import command_line
    from videoai.run.train import train

    settings = composed.settings()
    if settings.data.folds is not None and settings.data.test_fold is None:
        return report_folds(settings, command_line("train", *arguments))
    done = train(settings, command=command_line("train", *arguments))
    return report(done, "evaluate", own_data(composed, arguments), own_packages(settings))


def report_folds(settings: TrainSettings, command: str) -> int:
    """Train each fold, print the table and the command that uses the ensemble."""
    from videoai.core.messages import command_line
    from videoai.report.folds import folds_table
    from videoai.report.tables import as_text
    from videoai.run.folds import train_folds

    done = train_folds(settings, command=command)
    if launched_rank() > 0:  # the first process prints
        return 0
    print(as_text(folds_table(done.rows, done.summary)))
    print(f"files: {display_path(done.folder)}/ folds.json folds.csv fold0/ ...")
    print(f"next: {command_line('predict', f'checkpoint={display_path(done.ensemble)}', 'input=VIDEO')}")
    return 0


def print_config(composed: Composed[Any]) -> int:
    """The composed settings as YAML."""
    sys.stdout.write(yaml.safe_dump(composed.whole, sort_keys=False))
    return 0


def report(result: "TrainResult", job: str, data: Sequence[str], packages: Sequence[str]) -> int:
    """The best value, where the checkpoint lies, and the command that comes next. ``data``: words of it."""
    if launched_rank() > 0:  # the first process prints
        return 0
    from videoai.core.messages import command_line

    checkpoint = display_path(result.checkpoint)
    print(f"val {result.best} at step {result.best_step}, after {result.seconds:.0f} s: {checkpoint}")
    if result.verdict:
        print(result.verdict)
    if result.report:
        print(f"report: {display_path(result.report)}")
    if job == "evaluate":
        print("This score flatters, as validation also chose the checkpoint. Clips that are new to it say more:")
    print(f"next: {command_line(job, f'checkpoint={checkpoint}', *data, trust=packages)}")
    return 0


def own_data(composed: Composed[Any], arguments: Sequence[str]) -> list[str]:
    """The words that name data of the user's own source again, which ``evaluate`` does not take from a checkpoint."""
    if not composed.whole["data"].get("_target_"):
        return []
    config_dir, words = split_config_dir(arguments)
    chosen = [f"data={name}"] if (name := composed.choices.get("data")) else []
    folder = ["--config-dir", display_path(config_dir)] if config_dir else []
    return [*chosen, *(word for word in words if word.startswith("data.")), *folder]


def own_packages(settings: TrainSettings | TrainGanSettings) -> list[str]:
    """The packages of the user's own that the checkpoint needs: ``trust=[...]``."""
    nodes = [settings.model, settings.task] if isinstance(settings, TrainSettings) else [settings.gan.generator]
    targets = [str(node["_target_"]) for node in nodes if node.get("_target_")]
    return list(dict.fromkeys(target.split(".")[0].split(":")[0] for target in targets))
