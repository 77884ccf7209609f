"""Print how far the pictures of ``videoai data prepare to=videos`` are off those of the files, in grey levels of 255.

python scripts/prepared_loss.py FOLDER --short-side 112 --videos 12

FOLDER holds folders of mp4 files, each with a name of its own; the videos are taken evenly from all of them.
"""

import argparse
import tempfile
from pathlib import Path

from torchvision.transforms.functional import center_crop

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.reading import read_views
from videoai.run.datasets.prepare import prepare
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.settings.parse import parse


def losses(videos: list[Path], short_side: int, crf: int) -> list[float]:
    """The mean difference of the pixels of each video's middle clip, 16 frames, 4 apart, as training reads it."""
    clip = ClipSpec(num_frames=16, stride=4, size=short_side)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "input" / "clips.csv"
        table.parent.mkdir()
        table.write_text("path,label\n" + "".join(f"{video.absolute()},any{n % 2}\n" for n, video in enumerate(videos)))
        asked = {"out": f"{folder}/out", "short_side": short_side, "crf": crf, "num_workers": 0}
        data = parse(DataSettings, {"name": "csv", "path": str(table)})
        prepare(parse(PrepareSettings, asked), data)
        copies = {path.stem: path for path in Path(folder, "out").rglob("*.mp4")}
        return [difference(VideoItem(str(one), 0), VideoItem(str(copies[one.stem]), 0), clip) for one in videos]


def difference(before: VideoItem, after: VideoItem, clip: ClipSpec) -> float:
    """Grey levels between two files, over the square in the middle."""
    a, b = (center_crop(read_views(item, clip)[0].float(), [clip.size]) for item in (before, after))
    return float((a - b).abs().mean())


def main() -> None:
    """Print the mean over the videos, and the least and the most."""
    parser = argparse.ArgumentParser(
        description="Grey levels between files and their copies of data prepare to=videos."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--short-side", type=int, default=112)
    parser.add_argument("--videos", type=int, default=12)
    parser.add_argument("--crf", type=int, default=18)
    given = parser.parse_args()
    found = sorted(given.folder.glob("*/*.mp4"))
    chosen = found[:: max(1, len(found) // given.videos)][: given.videos]
    off = losses(chosen, given.short_side, given.crf)
    print(
        f"{given.folder.name}: {len(off)} of {len(found)} videos, short_side={given.short_side} crf={given.crf}: "
        f"mean {sum(off) / len(off):.2f}, from {min(off):.2f} to {max(off):.2f}"
    )


if __name__ == "__main__":
    main()
