"""``stream``: recognition while frames come, from files, cameras and streams of the network."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from videoai.core.files import write_atomic
from videoai.core.launcher import launched_processes
from videoai.core.messages import about, pluralize
from videoai.core.numbered import next_number
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.untrimmed import BACKGROUND
from videoai.engine.interrupt import Interrupt
from videoai.inference.describe import with_windows
from videoai.inference.predict import LIVE, Predictor, find_videos
from videoai.inference.step import stepper_of
from videoai.live.decide import Rules
from videoai.live.follow import Memories
from videoai.live.mqtt import check_mqtt
from videoai.live.network import NetworkSource
from videoai.live.regions import Region, read_regions
from videoai.live.session import Session
from videoai.live.sinks import LINES, Sinks, Wanted
from videoai.live.sources import FileSource, Source
from videoai.live.stream import Plan, Policy, Stream
from videoai.live.synthetic import SCHEME as SYNTHETIC
from videoai.live.synthetic import SyntheticSource, options_of
from videoai.live.window import check_window
from videoai.run.predict import predictor_of_pixels
from videoai.run.training.folder import make_writable
from videoai.settings.parse import parse
from videoai.settings.stream import StreamSettings
from videoai.settings.verbs import PredictSettings
from videoai.tasks.classify import ClassTask

logger = logging.getLogger(__name__)
SUMMARY = "summary.json"
# Passed on to the predictor.
OF_PREDICT = (
    *("checkpoint", "classes", "templates", "top_k", "window_seconds", "frame_fps", "precision", "device", "trust"),
)
OF_SINKS = ("overlay", "page_port", "window", "webhook", "mqtt")
ON, OFF_SHARE = 0.5, 0.7  # an event begins; and ends at 0.35, as ``task=localize`` has them


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """A run that is ready to start, and what became of it."""

    session: Session
    folder: Path
    wanted: Wanted

    def run(self) -> Iterator[dict[str, Any]]:
        """Each line of events.jsonl as it is written; at the end, or at a signal, summary.json.

        Raises: OSError: a line cannot be written.
        """
        started = time.monotonic()
        with Interrupt() as interrupt:
            sinks = Sinks(self.folder, self.session.streams, self.wanted)
            self.session.show = sinks.show if self.wanted.has_pictures else None
            if sinks.page:
                logger.info("the page: %s", sinks.page.url)
            try:
                with sinks:
                    for line in self.session.run(lambda: interrupt.received is not None):
                        sinks.told(line)
                        yield line
            finally:
                summary = summary_of(self.session, time.monotonic() - started) | sinks.to_dict()
                write_atomic(self.folder / SUMMARY, (json.dumps(summary, indent=2) + "\n").encode())
                logger.info("%s", in_words(summary, self.folder))

    @property
    def failed(self) -> int:
        """How many sources could not be read to their end."""
        return sum(stream.state == "failed" for stream in self.session.streams)


def stream(settings: StreamSettings) -> Streaming:
    """Everything but the start.

    Raises: FileNotFoundError, ValueError: a source, a checkpoint or settings that do not fit. ImportError: what mqtt
        needs. OSError: a folder that cannot be written.
    """
    if launched_processes() > 1:
        raise ValueError("stream runs in one process: start it without torchrun. Several sources share the model")
    if settings.mqtt:
        check_mqtt(settings.mqtt)
    if settings.window:
        check_window()
    policy = policy_of(settings)
    places = [located(one) for one in settings.source]
    files = [one for one in places if os.path.exists(one) and not is_live(one)]
    given = {key: getattr(settings, key) for key in OF_PREDICT}
    asked = parse(PredictSettings, {**given, "input": places[0]})
    predictor = with_windows(predictor_of_pixels(asked, files, "stream"))
    check_answers(settings.checkpoint, predictor)
    wanted = Wanted(**{key: getattr(settings, key) for key in OF_SINKS})
    side = settings.view_side if wanted.has_pictures else None
    regions = regions_of(settings.regions, places)
    sources = [source_of(one, predictor.model.clip, predictor.reading, side, regions[one]) for one in places]
    if predictor.reading.get("faces") and len(files) < len(sources):
        raise ValueError(f"{settings.checkpoint} learned from cut-out faces, which stream cuts out of files alone.")
    return Streaming(
        session=new_session(settings, predictor, sources, policy), folder=new_folder(settings.run_dir), wanted=wanted
    )


def policy_of(settings: StreamSettings) -> Policy:
    """``auto`` resolved. Raises: ValueError: windows of a file would be left out though nobody is in a hurry."""
    if settings.policy == "auto":
        return "latest" if settings.pace == "realtime" or all(map(is_live, settings.source)) else "block"
    if all(map(is_live, settings.source)):
        if settings.policy == "block" or settings.pace != "max":
            given = f"policy={settings.policy}" if settings.policy == "block" else f"pace={settings.pace}"
            raise ValueError(f"{given}: a camera waits for nobody and has its own pace. Leave it out.")
        return settings.policy
    if settings.policy != "block" and settings.pace == "max":
        raise ValueError(
            f"policy={settings.policy}: at pace=max a file has no clock to keep up with. Add pace=realtime, or take "
            "policy=block."
        )
    return settings.policy


def located(given: str) -> str:
    """A source as it is opened. Raises: FileNotFoundError, ValueError: not one video, or nothing that is read."""
    if is_live(given):
        url = f"/dev/video{given}" if given.isdigit() else given
        if url.startswith("/dev/") and not os.path.exists(url):
            raise FileNotFoundError(f"source={given}: there is no camera {url}.")
        return url
    if given.startswith(f"{SYNTHETIC}://"):
        options_of(given)
        return given
    videos = find_videos(given, VIDEO_EXTENSIONS, "source")
    if len(videos) > 1:
        raise ValueError(
            f"source={given}: {len(videos)} videos, which would all run at once. Name each, source=[{videos[0]},...]; "
            "predict takes folders."
        )
    return videos[0]


def regions_of(path: str | None, places: Sequence[str]) -> Mapping[str, Sequence[Region]]:
    """Of each source. Raises: FileNotFoundError, ValueError: no such table, or a source that has no regions."""
    if path is None:
        return {one: [] for one in places}
    if odd := [one for one in places if one.startswith(f"{SYNTHETIC}://")]:
        raise ValueError(f"regions={path}: {odd[0]} shows one thing in the size of the model. Leave regions out.")
    regions = read_regions(path, places)
    if moving := [one for one in places if is_live(one) and any(region.seconds is not None for region in regions[one])]:
        raise ValueError(f"regions={path}: the column seconds, but nobody knows yet where things are in {moving[0]}.")
    return regions


def source_of(
    place: str, clip: ClipSpec, reading: Mapping[str, Any], view_side: int | None, regions: Sequence[Region] = ()
) -> Source:
    """place: what ``located`` gives. view_side: pixels of the pictures for people; None = nobody looks."""
    if is_live(place):
        return NetworkSource(place, clip, view_side, regions)
    if place.startswith(f"{SYNTHETIC}://"):
        return SyntheticSource(place, clip, view_side)
    return FileSource(place, clip, reading, view_side, regions)


def is_live(given: str) -> bool:
    """Whether a source is a camera, or a stream of the network."""
    scheme, has_scheme, _ = given.partition("://")
    is_camera = given.startswith("/dev/video") or (given.isdigit() and not os.path.exists(given))
    return is_camera or (bool(has_scheme) and scheme.lower() in {*LIVE, "http", "https"})


def check_answers(checkpoint: str, predictor: Predictor) -> None:
    """Raises: ValueError: its answers are no classes of windows, or need sound."""
    if not isinstance(predictor.task, ClassTask):
        raise ValueError(f"{checkpoint}: stream names classes, and this one answers otherwise. Use videoai predict.")
    if predictor.model.clip.sound:
        raise ValueError(f"{checkpoint} hears, and stream shows pictures alone. Use videoai predict.")


def follow_of(settings: StreamSettings, predictor: Predictor) -> Callable[[], Memories] | None:
    """What begins to follow a stream frame by frame; None = windows are judged.

    Raises: ValueError: the network needs whole clips.
    """
    stepper = None if settings.mode == "windows" or settings.window_seconds else stepper_of(predictor)
    if stepper is None:
        if settings.mode == "frames":
            raise ValueError(
                f"mode=frames: {settings.checkpoint} reads whole clips. Leave it out, or train a network that answers "
                "frame by frame; docs/stream.md lists them."
            )
        if settings.reset_seconds != "auto":
            raise ValueError(f"reset_seconds={settings.reset_seconds} has no effect: windows are judged. Leave it out.")
        return None
    words: dict[str, float | None] = {"auto": None, "never": float("inf")}
    reset = words[settings.reset_seconds] if isinstance(settings.reset_seconds, str) else settings.reset_seconds
    frames = predictor.model.clip.num_frames
    return partial(Memories, stepper, frames, reset_seconds=reset, hop_seconds=settings.hop_seconds)


def new_session(settings: StreamSettings, predictor: Predictor, sources: Sequence[Source], policy: Policy) -> Session:
    """All that runs; nothing is opened yet."""
    follow = follow_of(settings, predictor)
    return Session(
        sources=sources,
        plan=Plan(
            clip=predictor.model.clip,
            policy=policy,
            window_seconds=predictor.window_seconds,
            hop_seconds=None if follow else settings.hop_seconds,
            one_by_one=follow is not None,
        ),
        judge=predictor.scores,
        follow=follow,
        classes=predictor.model.classes,
        rules=rules_of(settings, predictor),
        realtime=settings.pace == "realtime",
        top_k=settings.top_k,
        max_batch=settings.max_batch,
    )


def rules_of(settings: StreamSettings, predictor: Predictor) -> Rules:
    """Raises: ValueError: an event would end as it begins."""
    classes = predictor.model.classes
    tuned = list(predictor.thresholds) or [ON] * len(classes)
    on = tuned if settings.on_threshold == "auto" else [settings.on_threshold] * len(classes)
    off = [OFF_SHARE * one for one in on] if settings.off_threshold == "auto" else [settings.off_threshold] * len(on)
    if above := [name for name, high, low in zip(classes, on, off, strict=True) if low > high]:
        raise ValueError(
            f"off_threshold={settings.off_threshold}: above the on_threshold of {above[0]}. Leave it out, or set both."
        )
    return Rules(
        on=on,
        off=off,
        min_seconds=settings.min_seconds,
        smoothing=settings.smoothing,
        smooth_windows=settings.smooth_windows,
        quiet=[label for label, name in enumerate(classes) if name.lower() in BACKGROUND],
    )


def new_folder(run_dir: str | None) -> Path:
    """Raises: ValueError: it holds a stream. OSError: it cannot be written."""
    folder = Path(run_dir) if run_dir else next_number(Path("runs") / "stream")
    if (folder / LINES).exists():
        raise ValueError(f"run_dir={run_dir}: holds {LINES} of another stream, which is kept. Name another folder.")
    make_writable(folder)
    logger.info("the lines also go to %s", display_path(folder / LINES))
    return folder


def summary_of(session: Session, seconds: float) -> dict[str, Any]:
    """Plain data on a run."""
    return {
        "seconds": round(seconds, 3),
        "mode": "frames" if session.plan.one_by_one else "windows",
        **session.measured.to_dict(),
        "streams": [summary_of_stream(stream) for stream in session.streams],
    }


def summary_of_stream(stream: Stream) -> dict[str, Any]:
    """Plain data on one source."""
    return {
        "stream": stream.name,
        "state": stream.state,
        **({"error": stream.error} if stream.error else {}),
        "media_seconds": round(stream.end_seconds or 0.0, 3),
        "fps": None if stream.rate is None else round(stream.rate, 3),
        "window_seconds": stream.length if stream.rate else None,
        "hop_seconds": stream.hop or None,
        "frames": stream.num_frames,
        "dropped": stream.dropped,
        "windows_skipped": stream.num_skipped,
        "reconnects": stream.num_reconnects,
        "read_ms": round(1000 * stream.read_seconds / stream.num_frames, 3) if stream.num_frames else None,
    }


def in_words(summary: Mapping[str, Any], folder: Path) -> str:
    """One line."""
    streams = summary["streams"]
    counts = {key: sum(one[key] for one in streams) for key in ("frames", "dropped", "windows_skipped", "reconnects")}
    delays = [
        f"{name} p50 {one['p50']:g}, p95 {one['p95']:g}, p99 {one['p99']:g} ms"
        for name, one in (("latency", summary["latency_ms"]), ("staleness", summary["staleness_ms"]))
        if one
    ]
    judged = "step" if summary["mode"] == "frames" else "window"
    parts = [
        pluralize(summary["windows"], judged),
        pluralize(counts["frames"], "frame"),
        f"{counts['dropped']} dropped",
        f"{counts['windows_skipped']} {judged}s left out",
        pluralize(counts["reconnects"], "reconnect"),
        *delays,
        f"{summary['seconds']:.1f} s",
    ]
    lost = [f"{name}: {pluralize(one['lost'], 'event')} lost" for name, one in summary["events"].items() if one["lost"]]
    return (
        f"{'; '.join([', '.join(parts), *lost, *filter(None, map(unread, streams))])}. {display_path(folder / SUMMARY)}"
    )


def unread(stream: Mapping[str, Any]) -> str:
    """What kept a source from being read; nothing if it was read."""
    return about(stream["stream"], stream["error"]) if stream["state"] == "failed" else ""
