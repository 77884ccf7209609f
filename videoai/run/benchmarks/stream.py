"""``benchmark stream``: how far a checkpoint keeps up with streams, and where the time goes."""

import json
import logging
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from videoai.core.files import write_atomic
from videoai.engine.interrupt import Interrupt, Interrupted
from videoai.run.benchmarks.stream_truth import found_of, read_truth
from videoai.run.stream import stream
from videoai.run.stream_sources import is_live
from videoai.run.stream_summary import summary_of
from videoai.settings.benchmarks import StreamBenchmarkSettings
from videoai.settings.parse import parse
from videoai.settings.stream import StreamSettings

logger = logging.getLogger(__name__)
PASSED_ON = (
    *("source", "mode", "reset_seconds", "window_seconds", "hop_seconds", "smoothing", "smooth_windows"),
    *("on_threshold", "off_threshold", "min_seconds", "max_batch", "precision", "device", "trust"),
)
SAMPLE_SECONDS = 0.5
PAGE_BYTES = 4096


def benchmark_stream(settings: StreamBenchmarkSettings) -> Iterator[dict[str, Any]]:
    """A row for each checkpoint and pace, as it is measured: the summary of ``stream``, and ``checkpoint``, ``pace``,
    ``real_time_factor`` (seconds of work a second of media; below 1 keeps up), ``cpu_factor`` (likewise, processor
    time), ``fps``, ``memory_mb_per_minute`` (slope of the second half; None = not on this system) and ``truth`` (see
    ``found_of``; None = nobody knows it).

    Raises: ValueError, OSError: as ``stream`` and ``read_truth``; a camera, which has one pace.
        Interrupted: on a signal; no row tells half of a run.
    """
    if camera := next(filter(is_live, settings.source), None):
        raise ValueError(f"source={camera}: benchmark stream compares paces, and a camera has one. Take a file.")
    rows = []
    for checkpoint, pace in product(settings.checkpoint, ("max", "realtime")):
        rows.append(measured(settings, checkpoint, pace))
        yield rows[-1]
    if settings.out:
        write_atomic(Path(settings.out), (json.dumps(rows, indent=2) + "\n").encode())


def measured(settings: StreamBenchmarkSettings, checkpoint: str, pace: str) -> dict[str, Any]:
    """One row."""
    given = {key: getattr(settings, key) for key in PASSED_ON}
    with tempfile.TemporaryDirectory() as folder:
        streaming = stream(parse(StreamSettings, {**given, "checkpoint": checkpoint, "pace": pace, "run_dir": folder}))
        before, cpu, memory = time.monotonic(), time.process_time(), list[tuple[float, float]]()
        classes = streaming.session.classes
        truth, lines = read_truth(settings.truth, settings.source, classes), list[dict[str, Any]]()
        interrupt = Interrupt()
        logger.info("%s, pace=%s ...", checkpoint, pace)
        for line in streaming.run(interrupt, is_kept=False):
            lines.append(line)
            now = time.monotonic()
            if not memory or now - memory[-1][0] > SAMPLE_SECONDS:
                memory.append((now, resident_mb()))
        seconds, cpu = time.monotonic() - before, time.process_time() - cpu
        if interrupt.received:
            raise Interrupted.by(interrupt.received, f"{checkpoint} at pace={pace} was not measured to its end.")
        if streaming.failed:
            raise ValueError("; ".join(one.error for one in streaming.session.streams if one.error))
    summary = summary_of(streaming.session, seconds)
    media = sum(one["media_seconds"] for one in summary["streams"])
    frames = sum(one["frames"] for one in summary["streams"])
    lengths = {one["stream"]: one["media_seconds"] for one in summary["streams"]}
    return {
        "checkpoint": checkpoint,
        "pace": pace,
        "real_time_factor": seconds / media,
        "cpu_factor": cpu / media,
        "fps": frames / seconds,
        "memory_mb_per_minute": slope(memory),
        "truth": found_of(truth, lines, classes, lengths),
        **summary,
    }


def resident_mb() -> float:
    """Memory of this process; NaN where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
    except OSError:
        return float("nan")


def slope(samples: list[tuple[float, float]]) -> float | None:
    """MB a minute over the second half of (seconds, MB)."""
    half = np.array(samples[len(samples) // 2 :])
    if len(half) < 3 or np.isnan(half).any():
        return None
    return float(60 * np.polyfit(half[:, 0] - half[0, 0], half[:, 1], 1)[0])
