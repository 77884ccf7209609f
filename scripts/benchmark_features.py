"""How much slower is ``videoai features extract`` than the network alone?

    python scripts/benchmark_features.py CHECKPOINT FOLDER [TURNS]

Compares the whole extraction (listing, decoding, forward passes, writing the table) with a bare loop of the network
over the same clips, decoded before and held in memory. Both in this process, in turns; medians.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from videoai.core.types import VideoItem
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.normalize import ToModelInput
from videoai.data.windows import Segment, WindowClips
from videoai.inference.features import FeatureLayer, open_encoder
from videoai.inference.predict import find_videos
from videoai.run.features.extract import extract
from videoai.settings.features import ExtractSettings

BATCH = 16


def main(checkpoint: str, folder: str, turns: int = 3) -> None:
    paths = find_videos(folder, VIDEO_EXTENSIONS)
    encoder = open_encoder(checkpoint)
    items = [VideoItem(path, 0) for path in paths]
    dataset = WindowClips(items, [Segment(place, ((0.0, None),)) for place in range(len(items))], encoder.clip)
    clips = torch.stack([dataset[place][0].video for place in range(len(items))])
    bare, whole = [], []
    for _ in range(turns):
        bare.append(seconds_of(lambda: forward(encoder, clips)))
        with tempfile.TemporaryDirectory() as scratch:
            settings = ExtractSettings(checkpoint=checkpoint, input=folder, run_dir=scratch, batch_size=BATCH)
            whole.append(seconds_of(lambda settings=settings: extract(settings, encoder=encoder)))
    alone, extracted = statistics.median(bare), statistics.median(whole)
    print(f"{len(clips)} clips of {Path(checkpoint).name}, {torch.get_num_threads()} threads, {turns} turns, medians")
    print(f"network alone {alone:.2f} s, extract {extracted:.2f} s: {100 * alone / extracted:.0f} % of its throughput")
    print("all turns:", *(f"{one:.2f}/{two:.2f}" for one, two in zip(bare, whole, strict=True)))


@torch.inference_mode()
def forward(encoder, clips: torch.Tensor) -> None:
    """The network over clips in memory, uint8 [N, T, C, H, W]."""
    layer, to_input = FeatureLayer(encoder.network), ToModelInput(encoder.clip)
    for part in clips.split(BATCH):
        layer(to_input.normalized(part))


def seconds_of(work) -> float:
    """Wall-clock time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:4]))
