"""Export the smallest model of each module of the zoo, and write a table: the largest difference, seconds, or why not.

python scripts/export_parity.py parity.md                   those of a module each, the cheapest first
python scripts/export_parity.py parity.md tiny_r3d x3d_s    these

Weights are random; the clip is the model's own. Each export has a process of its own and MAX_SECONDS. Models that the
table has already are left out, so the same command goes on.
"""

import logging
import multiprocessing
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml

from videoai.compose.files import CONFIGS
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.models import MODELS, create_model
from videoai.models.sizes import sizes
from videoai.run.export.export import export
from videoai.settings.export import ExportSettings

MAX_SECONDS = 300
NUM_CLASSES = 10
HEAD = "| model | clip | M values | largest difference | limit | seconds |\n|---|---|---|---|---|---|\n"


def main(table: Path, names: list[str]) -> None:
    """Append a row for each model."""
    torch.set_num_threads(1)
    if not table.exists():
        table.write_text(HEAD)
    for name in names or smallest():
        if f"| `{name}` |" not in table.read_text():
            row = in_a_process(name)
            print(row, flush=True)
            with table.open("a") as file:
                file.write(row + "\n")


def smallest() -> list[str]:
    """The model with the fewest operations of each module, in that order."""
    cost = {name: sizes()[name].gflops or 0 for name in MODELS}
    modules = {card.builder for card in MODELS.values()}
    return sorted(
        (min((n for n in MODELS if MODELS[n].builder == one), key=cost.__getitem__) for one in modules),
        key=cost.__getitem__,
    )


def in_a_process(name: str) -> str:
    """The row of a model."""
    context = multiprocessing.get_context("fork")
    answer: Any = context.SimpleQueue()
    process = context.Process(target=lambda: answer.put(exported(name)))
    process.start()
    process.join(MAX_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return row(name, f"not within {MAX_SECONDS} s")
    return answer.get() if process.exitcode == 0 else row(name, f"the process ended with {process.exitcode}")


def exported(name: str) -> str:
    """The row of a model that is exported here."""
    logging.disable()
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "best.pt"
        model = create_model(name, num_classes=NUM_CLASSES)
        checkpoint.save(path, state_of(name, model))
        begin = time.perf_counter()
        try:
            done = export(ExportSettings(checkpoint=str(path), out=str(Path(folder) / "out")))
        except (ValueError, OSError, ImportError) as error:
            return row(name, " ".join(str(error).split())[:160].replace("|", "/"))
        seconds = time.perf_counter() - begin
        return row(name, f"{done.max_difference:.1e} | {done.limit:.1e} | {seconds:.0f}")


def state_of(name: str, model: torch.nn.Module) -> dict[str, Any]:
    """A checkpoint of fresh weights without data."""
    return {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": name}, "data": {}},
        "classes": [str(number) for number in range(NUM_CLASSES)],
        "clip": clip_of(name).to_dict(),
        "model": model.state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }


def clip_of(name: str) -> ClipSpec:
    """The model's default clip."""
    return ClipSpec(**yaml.safe_load((CONFIGS / "clip" / f"{MODELS[name].clip}.yaml").read_text()))


def row(name: str, rest: str) -> str:
    """A line of the table."""
    cells = rest if "|" in rest else f"{rest} | | "
    return f"| `{name}` | {MODELS[name].clip} | {sizes()[name].parameters / 1e6:.1f} | {cells} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
