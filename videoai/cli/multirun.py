"""``videoai train -m key=a,b``: one run for each combination, and a table of them at the end."""

from typing import Any

from videoai.compose.multirun import sweep
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings

SETTINGS = {"train": TrainSettings, "gan train": TrainGanSettings}


def main(name: str, words: list[str]) -> int:
    """Train every combination, print the table, say where the runs are. Exit code 1 when one failed."""
    cls = SETTINGS[name]
    if "--cfg" in words:
        raise ValueError("--cfg shows the settings of one run, and -m starts several. Leave one of them.")
    folder, rows = sweep(cls, name.replace("gan train", "train_gan"), words, train_one)
    from rich.console import Console
    from rich.table import Table

    from videoai.core.paths import display_path

    table = Table(title=f"{len(rows)} runs")
    for column in ("settings", "metric", "best", "at step", "run"):
        table.add_column(column)
    for row in rows:
        values = row.values
        if "error" in values:
            table.add_row(" ".join(row.overrides), "failed", "", "", values["error"])
        else:
            run = display_path(values["run_dir"])
            table.add_row(" ".join(row.overrides), values["metric"], f"{values['value']:.4g}", str(values["step"]), run)
    Console().print(table)
    print(f"files: {display_path(folder)}/")
    return 1 if any("error" in row.values for row in rows) else 0


def train_one(settings: Any) -> dict[str, Any]:
    """One run, as plain data."""
    from videoai.run.train import train

    result = train(settings)
    return {
        "metric": result.metric,
        "value": result.best_value,
        "step": result.best_step,
        "run_dir": result.run_dir,
        "checkpoint": result.checkpoint,
    }
