"""``benchmark loader``: training clips per second as training would get them, beside PyTorchVideo's dataset."""

import itertools
import json
import logging
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.clip_readers import missing
from videoai.data.decode import open_video
from videoai.data.sampling import span_frames
from videoai.run.training.clips_alone import clips_setup
from videoai.run.training.stream import new_stream
from videoai.settings.benchmarks import LoaderSettings
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)

Start = Callable[[], Iterator[int]]  # starts workers; yields the number of clips of each batch


def benchmark_loader(settings: LoaderSettings, training: TrainSettings) -> list[dict[str, Any]]:
    """Both loaders in turns, each in ``num_workers`` processes, on the clips of a training.

    Returns: one row a loader: ``loader``, ``clips_per_second`` (median of the turns), ``low``, ``high``,
    ``cpu_ms`` (of all processes, a clip), ``ratio`` (ours / its, median of the turns).
    Raises: ValueError, OSError: as ``train``.
    """
    if training.trainer.batch_size == "auto":
        raise ValueError("trainer.batch_size=auto: this loads clips and trains nothing. Give a number.")
    workers = os.cpu_count() or 1 if settings.num_workers == "auto" else settings.num_workers
    setup = clips_setup(training, num_workers=workers)
    training, clip, items = setup.training, setup.clip, list(setup.train_items)
    stream = new_stream(setup, None)
    loaders: dict[str, Start] = {"videoai": lambda: (len(clips.label) for clips in stream(0))}
    if settings.rivals and not (reason := missing("pytorchvideo")):
        loaders["pytorchvideo"] = lambda: _pytorchvideo(training, clip, items, workers)
    elif settings.rivals:
        logger.warning("pytorchvideo is left out: %s", reason)
    logger.info("%d videos, clips of %d frames at %d px, %d processes", len(items), clip.num_frames, clip.size, workers)
    turns = [{name: _turn(start, settings.seconds) for name, start in loaders.items()} for _ in range(settings.repeats)]
    rows = [_row(name, turns) for name in loaders]
    if settings.out:
        Path(settings.out).write_text(json.dumps(rows, indent=2) + "\n")
    return rows


def _turn(start: Start, seconds: float) -> tuple[float, float]:
    """(clips a second, CPU seconds a clip) from the first batch on: starting the processes does not count."""
    batches = start()
    next(batches)
    began, cpu, num_clips = time.perf_counter(), _cpu_seconds(), 0
    while time.perf_counter() - began < seconds:
        num_clips += next(batches)
    took, used = time.perf_counter() - began, _cpu_seconds() - cpu
    return num_clips / took, used / num_clips


def _cpu_seconds() -> float:
    """CPU seconds of this process, of the workers that it runs now (on Linux), and of those that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + ended.ru_utime + ended.ru_stime
    ticks = os.sysconf("SC_CLK_TCK")
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def _row(name: str, turns: list[dict[str, tuple[float, float]]]) -> dict[str, Any]:
    rates = sorted(turn[name][0] for turn in turns)
    return {
        "loader": name,
        "clips_per_second": statistics.median(rates),
        "low": rates[0],
        "high": rates[-1],
        "cpu_ms": statistics.median(turn[name][1] for turn in turns) * 1e3,
        "ratio": statistics.median(turn["videoai"][0] / turn[name][0] for turn in turns),
    }


def _pytorchvideo(training: TrainSettings, clip: ClipSpec, items: list[VideoItem], workers: int) -> Iterator[int]:
    """The same recipe as its tutorial writes it: a random clip, even subsampling, scaling, random crop, mirror."""
    import torch
    from pytorchvideo.data import LabeledVideoDataset, make_clip_sampler
    from torch.nn import functional as F
    from torch.utils.data import DataLoader
    from torchvision.transforms import v2

    scale, ratio = ((low, high) for low, high in (training.augment.scale, training.augment.ratio))
    crop = v2.Compose([
        v2.RandomResizedCrop(clip.size, scale=scale, ratio=ratio, antialias=True)
        if scale[0] < 1
        else v2.CenterCrop(clip.size),
        v2.RandomHorizontalFlip(float(training.data.flip)),
    ])  # fmt: skip

    def transform(sample: dict[str, Any]) -> dict[str, Any]:
        video = sample["video"]  # float [C, T, H, W]
        video = video[:, torch.linspace(0, video.shape[1] - 1, clip.num_frames).long()].permute(1, 0, 2, 3)
        scale = clip.short_side / min(video.shape[-2:])
        size = [max(clip.short_side, round(side * scale)) for side in video.shape[-2:]]
        video = F.interpolate(video, size=size, mode="bilinear", align_corners=False)
        return {"video": crop(video).permute(1, 0, 2, 3) / 255, "label": sample["label"]}

    with open_video(items[0].path) as first:
        seconds = span_frames(clip, first.fps) / first.fps
    for epoch in itertools.count():
        torch.manual_seed(epoch)
        dataset = LabeledVideoDataset(
            [(item.path, {"label": item.label}) for item in items],
            make_clip_sampler("random", seconds),
            transform=transform,
            decode_audio=False,
        )
        for batch in DataLoader(dataset, batch_size=int(training.trainer.batch_size), num_workers=workers):
            yield len(batch["label"])
