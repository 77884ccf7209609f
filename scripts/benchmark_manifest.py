"""What a large manifest costs: seconds and memory to load it, and the memory that worker processes take from it.

    python scripts/benchmark_manifest.py [--rows 1000000] [--repeats 3] [--workers-only]

The videos are empty files in 400 folders, because a manifest looks at names only; making a million takes half a minute
and 4 GB of disk blocks. Each load runs in a new process; its memory is what that process holds more than after its
imports. The workers are two forked ones of a DataLoader, and each looks at every item; their private memory is what no
other process shares (Private_* in smaps_rollup). A list of VideoItem stands beside the columns.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, Dataset

from videoai.core.types import VideoItem
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.items import Items
from videoai.data.loader import epoch_order

NUM_CLASSES = 400
TABLES = {  # columns after path and label
    "splits given": ("split",),
    "all six columns": ("split", "group", "start_seconds", "end_seconds"),
    "splits made by group": ("group",),
    "splits made by clip": (),
}


def megabytes(field: str, file: str = "status") -> float:
    """The sum of the lines of /proc/self/FILE that start with a name."""
    lines = Path(f"/proc/self/{file}").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def make_data(root: Path, num_rows: int) -> None:
    """Empty files in class folders, and a table of each kind that names them in random order."""
    draw = random.Random(0)
    classes = [f"class_{index:03d}_doing_something" for index in range(NUM_CLASSES)]
    for name in classes:
        (root / "videos" / name).mkdir(parents=True)
    with ExitStack() as stack:
        tables = [(more, stack.enter_context(open(root / f"{kind}.csv", "w"))) for kind, more in TABLES.items()]
        for more, table in tables:
            table.write(",".join(("path", "label", *more)) + "\n")
        for index in range(num_rows):
            name, start = draw.choice(classes), draw.random() * 100
            path = f"{name}/{draw.getrandbits(60):015x}_{index:06d}.mp4"
            (root / "videos" / path).touch()
            fields = {
                "split": draw.choices(("train", "val", "test"), (8, 1, 1))[0],
                "group": f"source{draw.randrange(num_rows // 10)}",
                "start_seconds": f"{start:.3f}",
                "end_seconds": f"{start + 10:.3f}",
            }
            for more, table in tables:
                table.write(",".join((path, name, *(fields[column] for column in more))) + "\n")


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a call in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def load(root: str, kind: str) -> tuple[float, float, float, float]:
    """Seconds, those of them that this process computed, MB more at the peak, MB more in the end."""
    before, started, computed = megabytes("VmRSS"), time.perf_counter(), time.process_time()
    videos = f"{root}/videos"
    manifest = from_folder(videos) if kind == "class folders" else from_csv(f"{root}/{kind}.csv", root=videos)
    seconds, computed = time.perf_counter() - started, time.process_time() - computed
    assert manifest.splits["train"]
    return seconds, computed, megabytes("VmHWM") - before, megabytes("VmRSS") - before


class Walk(Dataset[float]):
    """Looks at every item; yields the MB that the process alone then holds more."""

    def __init__(self, items: Sequence[VideoItem]) -> None:
        self.items = items

    def __len__(self) -> int:
        return 2

    def __getitem__(self, worker: int) -> float:
        before = megabytes("Private_", "smaps_rollup")
        for index in range(len(self.items)):
            assert self.items[index].path
        return megabytes("Private_", "smaps_rollup") - before


def workers(num_rows: int, kind: str) -> list[float]:
    """MB of private memory that each of two forked workers takes."""
    rows = (
        VideoItem(f"/data/videos/class_{index % NUM_CLASSES:03d}/{index:09d}.mp4", index % NUM_CLASSES)
        for index in range(num_rows)
    )
    items = list(rows) if kind == "list" else Items.of(rows)
    return list(DataLoader(Walk(items), batch_size=None, num_workers=2, multiprocessing_context="fork"))


def main() -> None:
    """Print one line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers-only", action="store_true")
    options = parser.parse_args()
    for kind in ("list", "columns"):
        grown = ", ".join(f"{mb:.0f}" for mb in alone(workers, options.rows, kind))
        print(f"workers, {kind}: {grown} MB more each", flush=True)
    if options.workers_only:
        return
    started = time.perf_counter()
    epoch_order(options.rows, 0, 0)
    print(f"order of an epoch: {time.perf_counter() - started:.2f} s, {8 * options.rows / 1e6:.0f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VIDEOAI_CACHE"] = f"{folder}/cache"
        make_data(Path(folder), options.rows)
        for kind in (*TABLES, "class folders"):
            for _ in range(options.repeats):
                shutil.rmtree(f"{folder}/cache", ignore_errors=True)
                for time_of in ("first", "second") if kind in TABLES else ("every",):
                    seconds, computed, peak, after = alone(load, folder, kind)
                    print(
                        f"{kind}, {time_of} time: {seconds:.2f} s ({computed:.2f} s of CPU), {peak:.0f} MB at most, "
                        f"{after:.0f} MB after",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
