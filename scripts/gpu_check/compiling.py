"""``trainer.compile`` off and on: the same run over the same files, its speed and loss, and all that it takes."""

import json
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from arguments import parse
from clips import main as make_clips
from rows import add, finish, part, skip

import videoai
from videoai.settings.trainer import TrainerSettings

MODELS = ("videomae_base", "mvit_v2_s")
MODES = ("off", "blocks", "model")  # in a rehearsal the first alone: the compiler for CPUs takes a minute
STEPS, LOG_EVERY = 40, 20  # the second half is timed


def main() -> None:
    options = parse(__doc__)
    if "compile" not in {field.name for field in fields(TrainerSettings)}:
        skip("this videoai has no setting trainer.compile")
    make_clips(options.work / "clips")
    for model in ("tiny_video_transformer",) if options.small else MODELS:
        for mode in MODES[:1] if options.small else MODES:
            with part(model=model, compile=mode):
                measure(model, mode, options)
                torch.compiler.reset()
    finish()


def measure(model: str, mode: str, options: Any) -> None:
    """A row for one run."""
    steps, every = (4, 2) if options.small else (STEPS, LOG_EVERY)
    folder = options.work / f"compile_{model}_{mode}"
    data = {"name": "folder", "root": str(options.work / "clips/small"), "flip": 0}
    trainer = {"compile": mode, "max_steps": steps, "log_every": every, "batch_size": 2 if options.small else 16}
    began = time.perf_counter()
    videoai.train(
        {"data": data, "device": options.device, "logger": []}, model=model, trainer=trainer, run_dir=str(folder)
    )
    seconds = time.perf_counter() - began
    logged = [row for row in lines(folder / "metrics.jsonl") if row.get("split") == "train"]
    rates = {key: logged[-1][key] for key in ("clips_per_second", "data_wait", "loss")}
    add(model=model, compile=mode, **rates, **{"seconds in all": seconds})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
