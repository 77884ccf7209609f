"""Frames decoded on the GPU (NVDEC, through torchcodec) beside those that PyAV and torchcodec decode on the CPU."""

import time
from importlib import import_module
from pathlib import Path

import torch
from arguments import parse
from clips import main as make_clips
from rows import add, finish, part, skip
from torch import Tensor

from videoai.data.decode import open_video

FRAMES = range(0, 64, 4)
REPEATS = 3


def main() -> None:
    options = parse(__doc__)
    try:
        import_module("torchcodec.decoders")
    except Exception as error:  # not installed, or without FFmpeg's libraries
        skip(f"torchcodec is not usable here: {str(error).strip().splitlines()[0][:120]}")
    make_clips(options.work / "clips")
    for folder in ("small", "large"):
        path = sorted((options.work / "clips" / folder).rglob("*.mp4"))[0]
        wanted, _ = read(path, "pyav", "cpu")
        for decoder, device in (("pyav", "cpu"), ("torchcodec", "cpu"), ("torchcodec", options.device)):
            names = {"video": folder, "decoder": decoder, "device": device}
            with part(**names):
                frames, seconds = read(path, decoder, device)
                off = (frames.cpu().int() - wanted.int()).abs().float().mean().item()
                add(**names, **{"ms": 1000 * seconds, "frames on": str(frames.device), "grey levels off": off})
    finish()


def read(path: Path, decoder: str, device: str) -> tuple[Tensor, float]:
    """The frames uint8 [T, C, H, W], and the least seconds from opening the file to having them.

    Raises: ValueError: torchcodec left the file to PyAV."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        with open_video(path, decoder=decoder, device=device) as video:
            frames = video.frames(FRAMES)
            if getattr(video, "_is_left_to_pyav", False):
                raise ValueError("torchcodec left this file to PyAV; pytest -m gpu tests/data/decode says more")
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return frames, min(seconds)


if __name__ == "__main__":
    main()
