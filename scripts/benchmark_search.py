"""What a search in a large table of features costs: seconds a query, and memory beside the file that is mapped.

    python scripts/benchmark_search.py FOLDER [ROWS] [WIDTH]

The rows are random: 1,000,000 of 768 features unless told otherwise, windows of videos of ten each. FOLDER gets the
table and what is kept of it, 3.1 GB each, and is used again. Run it twice: the second run opens what the first kept.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from videoai.core.messages import pluralize
from videoai.data.feature_index import open_index, unit
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.run.features.nearest import Barred, nearest

BLOCK, WINDOWS, TRIES = 20_000, 10, 15
CPU = torch.device("cpu")


def main(folder: Path, rows: int, width: int) -> None:
    """Print what each step takes."""
    os.environ["VIDEOAI_CACHE"] = str(folder / "cache")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"random-{rows}-{width}.parquet"
    if not path.exists():
        write_table(path, random_blocks(rows, width), width, {})
    timed(unit_rows(1, width), unit_rows(2, width), lambda queries, rows: None)  # torch starts its threads
    before = memory()
    for what in ("first opening, which fills the cache", "opening"):
        start = time.perf_counter()
        index = open_index(path)
        print(f"{what}: {time.perf_counter() - start:.2f} s, {since(before)}")
    own = torch.from_numpy(index.videos)
    for count in (1, 8, 64):
        queries = unit_rows(count, width, seed=3)
        bars = {"": lambda queries, rows: None, ", own video left out": lambda queries, rows: own[None, rows] == 5}
        for what, barred in bars.items():
            seconds = [timed(queries, index.vectors, barred) for _ in range(TRIES if count == 1 else 3)]
            text = f"first {seconds[0]:.3f} s, then {np.median(seconds[1:]):.3f} s (fastest {min(seconds):.3f} s)"
            print(f"{pluralize(count, 'query', 'queries')} at once{what}: {text}, {since(before)}")
    print(f"threads: {torch.get_num_threads()}, load: {os.getloadavg()[0]:.1f}")


def random_blocks(rows: int, width: int) -> Iterator[Block]:
    """Windows of videos of ten each."""
    for first in range(0, rows, BLOCK):
        numbers = range(first, min(first + BLOCK, rows))
        about = ("train", "class", None, "0123456789abcdef")
        own = [FeatureRow(f"folder/video{n // WINDOWS:07d}.mp4", n % WINDOWS * 1.0, None, *about) for n in numbers]
        yield Block(own, np.random.default_rng(first).standard_normal((len(own), width), dtype=np.float32))


def unit_rows(count: int, width: int, seed: int = 1) -> np.ndarray:
    """Random rows of length 1."""
    return unit(np.random.default_rng(seed).standard_normal((count, width), dtype=np.float32))


def timed(queries: np.ndarray, vectors: np.ndarray, barred: Barred) -> float:
    """Seconds of one search for the five nearest."""
    start = time.perf_counter()
    for _ in nearest(queries, vectors, 5, CPU, barred):
        pass
    return time.perf_counter() - start


def memory() -> dict[str, int]:
    """MiB that are resident: of the process alone, and of files that are mapped."""
    lines = [line.split() for line in Path("/proc/self/status").read_text().splitlines()]
    return {line[0]: int(line[1]) // 1024 for line in lines if line[0] in ("RssAnon:", "RssFile:")}


def since(before: dict[str, int]) -> str:
    """What came on top."""
    now = memory()
    return f"{now['RssAnon:'] - before['RssAnon:']} MiB more, and {now['RssFile:'] - before['RssFile:']} MiB mapped"


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[2:]]
    main(Path(sys.argv[1]), *(given + [1_000_000, 768][len(given) :]))
