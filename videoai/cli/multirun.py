"""``videoai train -m``: several runs; a table of them, the best first, and a picture at the end."""

from collections.abc import Callable
from typing import Any

from videoai.compose.multirun import sweep
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings

SETTINGS = {"train": TrainSettings, "gan train": TrainGanSettings}


def main(name: str, words: list[str]) -> int:
    """Train each combination of values, or those that Optuna chooses; say which were best and where they are. Exit
    code 1 when one failed."""
    cls, config_name = SETTINGS[name], name.replace("gan train", "train_gan")
    if "--cfg" in words:
        raise ValueError("--cfg shows the settings of one run, and -m starts several. Leave one of them.")
    if any(word.startswith("sweep.") for word in words):
        from videoai.compose.search import search
        from videoai.run.train import lower_is_better

        folder, jobs = search(cls, config_name, words, train_one, lower_is_better)
    else:
        folder, jobs = sweep(cls, config_name, words, train_one)
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.sweep import sweep_rows, sweep_table, write_sweep

    rows = sweep_rows(jobs)
    Console().print(sweep_table(rows))
    write_sweep(folder, rows)
    print(f"files: {display_path(folder)}/ (sweep.csv, sweep.png)")
    return 1 if any(row["state"] == "failed" for row in rows) else 0


def never(evaluation: int, value: float) -> bool:
    """No run of a grid is ended early."""
    return False


def train_one(settings: Any, should_stop: Callable[[int, float], bool] = never) -> dict[str, Any]:
    """One run, as plain data."""
    from videoai.run.train import lower_is_better, train

    result = train(settings, should_stop=should_stop)
    return {
        "metric": result.metric,
        "value": result.best_value,
        "step": result.best_step,
        "run_dir": result.run_dir,
        "checkpoint": result.checkpoint,
        "lower_is_better": lower_is_better(settings),
    }
