"""Frames decoded on the GPU (NVDEC, through torchcodec) beside those that PyAV and torchcodec decode on the CPU, and a
short training whose workers decode there."""

import time
from pathlib import Path

import torch
from arguments import parse
from clips import main as make_clips
from rows import add, finish, part, skip
from torch import Tensor

import videoai
from videoai.data.decode import open_video
from videoai.data.decode.choose import missing_torchcodec

FRAMES = range(0, 64, 4)
REPEATS = 3


def main() -> None:
    options = parse(__doc__)
    if why := missing_torchcodec():
        skip(f"torchcodec is not usable here: {why}")
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
    for decoder in ("pyav", "nvdec") if options.device == "cuda" else ("pyav",):
        with part(video="train", decoder=decoder):
            seconds = train(options.work, decoder, options.device, steps=2 if options.small else 10)
            add(video="train", decoder=decoder, seconds=seconds)
    finish()


def train(work: Path, decoder: str, device: str, *, steps: int) -> float:
    """Seconds of these steps on the large videos, each cut into four clips, with the start of the workers."""
    clips = [(path, s) for path in sorted((work / "clips" / "large").glob("*.mp4")) for s in range(4)]
    rows = [f"{path},{s % 2},{'val' if n < 2 else 'train'},{s},{s + 1}" for n, (path, s) in enumerate(clips)]
    (work / "large.csv").write_text("\n".join(["path,label,split,start_seconds,end_seconds", *rows]) + "\n")
    trainer = {"batch_size": 2, "max_steps": steps, "precision": "fp32"}
    began = time.perf_counter()
    videoai.train(
        {"data": {"name": "csv", "path": str(work / "large.csv")}, "trainer": trainer, "logger": [], "device": device},
        model="tiny_r3d",
        clip="16x1x112",
        run_dir=str(work / f"trained_{decoder}"),
        loading={"decoder": decoder, "num_workers": 1},
    )
    return time.perf_counter() - began


def read(path: Path, decoder: str, device: str) -> tuple[Tensor, float]:
    """The frames uint8 [T, C, H, W], and the least seconds from opening the file to having them.

    Raises: ValueError: torchcodec left the file to PyAV."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        with open_video(path, decoder=decoder, device=device) as video:
            frames = video.frames(FRAMES)
            if why := getattr(video, "left_to_pyav", ""):
                raise ValueError(f"torchcodec left this file to PyAV: {why}")
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return frames, min(seconds)


if __name__ == "__main__":
    main()
