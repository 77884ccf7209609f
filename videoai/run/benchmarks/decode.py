"""``benchmark decode``: the same clips through every installed decoder, each in a process of its own, in turns."""

import json
import logging
import multiprocessing
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from videoai.data.clip_readers import FLOOR, READERS, ClipRequest, equals_sequential, missing, prepare, spread_clips
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.media import BadVideo
from videoai.inference.predict import find_videos
from videoai.settings.benchmarks import DecodeSettings

logger = logging.getLogger(__name__)

WARM_SECONDS = 0.1  # a read of 20 ms takes a third longer in a process that has just been woken


class Cost(NamedTuple):
    """The cost of reading one clip."""

    seconds: float
    cpu_seconds: float


def benchmark_decode(settings: DecodeSettings) -> list[dict[str, Any]]:
    """Measures every reader on every clip of every video.

    Returns: one row a reader and clip, and with ``per_video`` a video: ``reader``, ``clip``, ``ms`` (median over videos
    of the fastest of ``repeats``; of one video, over its turns), ``clips_per_second``, ``cpu_ms``, ``ratio`` (its
    processor time / that of the first reader, median), ``ratio_low``, ``ratio_high`` (quartiles), ``extra_mb`` that its
    process came to need, ``videos``, ``failed``, ``video`` (name of the file; "" = all of them).
    Raises: ValueError, FileNotFoundError: nothing to measure.
    """
    shapes = [_shape(text) for text in settings.clips]
    videos = find_videos(settings.input, tuple(sorted(VIDEO_EXTENSIONS)))[: settings.max_videos]
    names = _installed(settings.readers)
    rows = []
    with ExitStack() as stack:
        processes = {name: stack.enter_context(reader_process(name)) for name in names}
        for frames, stride in shapes:
            shape = f"{frames}x{stride}"
            clips = list(_clips(videos, frames, stride, settings))
            if not clips:
                raise ValueError(f"input={settings.input}: none of {len(videos)} videos can be read.")
            if settings.compare:
                _announce(clips, shape)
            turns = measure(processes, clips, settings.repeats)
            rows += _rows_by_video(clips, turns, shape) if settings.per_video else _rows(turns, shape)
        memory = {name: _ask(name, process, None) for name, process in processes.items()}
    rows = [row | {"extra_mb": memory[row["reader"]]} for row in rows]
    if settings.out:
        Path(settings.out).write_text(json.dumps(rows, indent=2) + "\n")
    return rows


def measure(
    processes: Mapping[str, Connection], clips: Sequence[ClipRequest], repeats: int
) -> dict[str, list[list[Cost | None]]]:
    """For each reader and clip the cost of each of ``repeats`` turns; None where it fails. Readers take turns."""
    costs: dict[str, list[list[Cost | None]]] = {name: [] for name in processes}
    for clip in clips:
        turns = [{name: _ask(name, process, clip) for name, process in processes.items()} for _ in range(repeats)]
        for name in processes:
            costs[name].append([turn[name] for turn in turns])
    return costs


@contextmanager
def reader_process(name: str) -> Iterator[Connection]:
    """A process that reads the clips sent to it; what one library keeps or breaks does not touch another."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(name, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join(timeout=5)
        process.terminate()


def _serve(name: str, connection: Connection) -> None:
    """Answers a clip with its Cost, or None if it cannot be read, and None with the MB that reading came to need."""
    import torch

    torch.set_num_threads(1)
    missing(name)  # imports the library
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while True:
        try:
            clip = connection.recv()
        except EOFError:
            return
        if clip is None:
            connection.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
            continue
        try:
            connection.send(_warm_cost(prepare(name, clip)))
        except Exception as error:  # another library's, of any kind; it is counted as a failure of the reader
            logger.debug("%s: %s: %s", name, clip.path, error)
            connection.send(None)


def _warm_cost(read: Callable[[], object]) -> Cost:
    """The last of several reads: a loader reads clip after clip, and here another reader had the turn before."""
    latest = time.process_time() + WARM_SECONDS
    while True:
        start, cpu = time.perf_counter(), time.process_time()
        read()
        if time.process_time() >= latest:
            return Cost(time.perf_counter() - start, time.process_time() - cpu)


def _ask(name: str, process: Connection, clip: ClipRequest | None) -> Any:
    try:
        process.send(clip)
        return process.recv()
    except (EOFError, OSError) as error:
        where = clip.path if clip else "the end"
        raise ValueError(f"{name} ended its process at {where}; leave it out: readers=[...]") from error


def _clips(videos: Sequence[str], frames: int, stride: int, settings: DecodeSettings) -> Iterator[ClipRequest]:
    for path in videos:
        try:
            yield spread_clips(path, frames, stride, settings.size, settings.clips_per_video)
        except BadVideo as bad:
            logger.warning("left out: %s", bad)


def _announce(clips: Sequence[ClipRequest], shape: str) -> None:
    same = sum(equals_sequential(clip) for clip in clips)
    logger.info(
        "%s: %d videos; frames equal to a full sequential decode in %d of %d", shape, len(clips), same, len(clips)
    )


def _rows(turns: Mapping[str, Sequence[Sequence[Cost | None]]], shape: str) -> list[dict[str, Any]]:
    """A row for each reader: the fastest turns of all videos."""
    costs = {name: [_fastest(clip) for clip in clips] for name, clips in turns.items()}
    return [_row(name, shape, costs) | {"video": ""} for name in turns]


def _rows_by_video(
    clips: Sequence[ClipRequest], turns: Mapping[str, Sequence[Sequence[Cost | None]]], shape: str
) -> list[dict[str, Any]]:
    """A row for each video and reader: all turns of it."""
    rows = []
    for place, clip in enumerate(clips):
        costs = {name: turns[name][place] for name in turns}
        rows += [_row(name, shape, costs) | {"video": Path(clip.path).name, "videos": 1} for name in turns]
    return rows


def _fastest(turns: Sequence[Cost | None]) -> Cost | None:
    costs = [cost for cost in turns if cost]
    return Cost(*(min(column) for column in zip(*costs, strict=True))) if len(costs) == len(turns) else None


def _row(name: str, shape: str, costs: Mapping[str, Sequence[Cost | None]]) -> dict[str, Any]:
    """``costs``: of the same clips, or of the same turns. Every reader is compared with the first of them."""
    firsts = next(iter(costs.values()))
    pairs = [(first, other) for first, other in zip(firsts, costs[name], strict=True) if first and other]
    row = {"reader": name, "clip": shape, "videos": len(pairs), "failed": len(costs[name]) - len(pairs)}
    if not pairs:
        return row
    milliseconds = statistics.median(other.seconds for _, other in pairs) * 1e3
    ratios = sorted(other.cpu_seconds / first.cpu_seconds for first, other in pairs)
    return row | {
        "ms": milliseconds,
        "clips_per_second": 1e3 / milliseconds,
        "cpu_ms": statistics.median(other.cpu_seconds for _, other in pairs) * 1e3,
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[len(ratios) // 4],
        "ratio_high": ratios[-1 - len(ratios) // 4],
    }


def _installed(names: Sequence[str]) -> list[str]:
    if unknown := [name for name in names if name not in (*READERS, FLOOR)]:
        raise ValueError(f"readers: {unknown[0]!r} is not known; choose from {', '.join((*READERS, FLOOR))}.")
    reasons = {name: missing(name) for name in names}
    for name, reason in reasons.items():
        if reason:
            logger.warning("%s is left out: %s", name, reason)
    if not (available := [name for name, reason in reasons.items() if not reason]):
        raise ValueError(f"readers: none of {', '.join(names)} can be imported.")
    return available


def _shape(text: str) -> tuple[int, int]:
    if not (match := re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", str(text))):
        raise ValueError(f"clips: {text!r} is not FRAMESxSTRIDE such as 16x4.")
    return int(match[1]), int(match[2])
