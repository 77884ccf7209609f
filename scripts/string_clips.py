"""Short labelled clips strung together: untrimmed videos with a table of segments, to try ``task=localize`` on.

    python scripts/string_clips.py shared/gestures/clips.csv strings --where clean=1 --val fold=3 --test fold=4

Each video holds --count clips of one split in random order, pictures scaled to the first one's size; --repeats says how
often each clip comes. Nothing lies between two clips, so every moment has a label.
"""

import argparse
import random
from pathlib import Path

import numpy as np

from videoai.core.files import csv_bytes, write_atomic
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.lists.from_files import from_csv
from videoai.data.lists.items import Items

SIZE, SEED = (120, 160), 0  # pixels, height and width of every frame


def main() -> None:
    """Write OUT/*.mp4 and OUT/segments.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=1)
    for name in ("where", "val", "test"):
        parser.add_argument(f"--{name}", type=condition)
    given = parser.parse_args()
    how = {"where": given.where, "val_where": given.val, "test_where": given.test}
    manifest = from_csv(given.table, val_fraction=0, test_fraction=0, **how)
    rows = [("path", "label", "split", "start_seconds", "end_seconds")]
    for split, items in manifest.splits.items():
        rows += strings(items, manifest.classes, split, given)
    write_atomic(given.out / "segments.csv", csv_bytes(rows[0], rows[1:]))


def condition(text: str) -> dict[str, int | str]:
    """``fold=3``"""
    name, _, value = text.partition("=")
    return {name: int(value) if value.isdecimal() else value}


def strings(items: Items, classes: tuple[str, ...], split: str, given: argparse.Namespace) -> list[tuple[str, ...]]:
    """The videos of one split, and the lines of the table."""
    draw, rows = random.Random(f"{SEED} {split}"), []
    order = [place for _ in range(given.repeats) for place in draw.sample(range(len(items)), len(items))]
    for number, start in enumerate(range(0, len(order) - given.count + 1, given.count)):
        name, parts, now = f"{split}_{number:03d}.mp4", [], 0.0
        for place in order[start : start + given.count]:
            with open_video(items[place].path) as video:
                frames, fps = video.frames(range(video.num_frames), size=SIZE), video.fps
            parts.append(frames.permute(0, 2, 3, 1).numpy())
            end = now + len(frames) / fps
            rows.append((name, classes[items[place].label], split, f"{now:.3f}", f"{end:.3f}"))
            now = end
        given.out.mkdir(parents=True, exist_ok=True)
        write_clip(given.out / name, np.concatenate(parts), fps)
    return rows


if __name__ == "__main__":
    main()
