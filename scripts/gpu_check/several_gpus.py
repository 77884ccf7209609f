"""Where there are several GPUs: the same run in one process and in one a GPU, its speed and its losses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from arguments import parse
from rows import add, finish, part, skip

STEPS, LOG_EVERY = 40, 20  # the second half is timed


def main() -> None:
    options = parse(__doc__)
    count = torch.cuda.device_count() if options.device == "cuda" else 1
    if count < 2:
        skip(f"{count} {options.device} device")
    for processes in (1, count):
        with part(processes=processes):
            add(processes=processes, **measured(processes, count, options.work / f"processes_{processes}"))
    finish()


def measured(processes: int, accumulate: int, folder: Path) -> dict[str, Any]:
    """Steps of ``accumulate`` micro-batches, whatever the number of processes. Raises: CalledProcessError."""
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    settings = ["data=motion16", "data.size=tiny", "model=r3d_18", "augment=none", "logger=[]", f"run_dir={folder}"]
    pace = [f"trainer.max_steps={STEPS}", f"trainer.log_every={LOG_EVERY}", f"trainer.eval_every={STEPS}"]
    how = [f"trainer.accumulate={accumulate}", "trainer.precision=bf16", "device=auto"]
    subprocess.run(
        [sys.executable, *start, "-m", "videoai", "train", *settings, *pace, *how], check=True, env=os.environ
    )
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    last = [row for row in rows if row["split"] == "train"][-1]
    return {key: last[key] for key in ("clips_per_second", "data_wait", "loss")}


if __name__ == "__main__":
    main()
