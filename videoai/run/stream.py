"""``stream``: recognition while frames come, from files, cameras and streams of the network."""

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from videoai.core.files import write_atomic
from videoai.core.launcher import launched_processes
from videoai.core.numbered import next_number
from videoai.core.paths import display_path
from videoai.core.types import ClipSpec
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.engine.interrupt import Interrupt
from videoai.inference.describe import with_windows
from videoai.inference.predict import LIVE, find_videos
from videoai.live.network import NetworkSource
from videoai.live.recording import Recorder, Recording, recording_at
from videoai.live.replay import RecordedSource, Replay
from videoai.live.session import Session
from videoai.live.sinks import LINES, Sinks, Wanted
from videoai.live.sources import FileSource, Source
from videoai.live.stream import Policy
from videoai.live.synthetic import SCHEME as SYNTHETIC
from videoai.live.synthetic import SyntheticSource, options_of
from videoai.run.predict import predictor_of_pixels
from videoai.run.stream_session import check_answers, new_session
from videoai.run.stream_summary import SUMMARY, in_words, summary_of
from videoai.run.training.folder import make_writable
from videoai.settings.parse import parse
from videoai.settings.stream import StreamSettings
from videoai.settings.verbs import PredictSettings

logger = logging.getLogger(__name__)
# Passed on to the predictor.
OF_PREDICT = (
    *("checkpoint", "classes", "templates", "top_k", "window_seconds", "frame_fps", "precision", "device", "trust"),
)
# Change answers: a recorded run is repeated with them.
REPEATED = (
    *("reset_seconds", "hop_seconds", "smoothing", "smooth_windows", "on_threshold", "off_threshold"),
    *("min_seconds", "top_k"),
)
OF_CLIP = ("num_frames", "size", "resize", "stride", "fps", "sampling")  # a recording was made for these


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """A run that is ready to start, and what became of it."""

    session: Session
    folder: Path
    wanted: Wanted
    recorder: Recorder | None = None

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
                if self.recorder:
                    self.recorder.close()
                    summary |= self.recorder.to_dict()
                write_atomic(self.folder / SUMMARY, (json.dumps(summary, indent=2) + "\n").encode())
                logger.info("%s", in_words(summary, self.folder))

    @property
    def failed(self) -> int:
        """How many sources could not be read to their end."""
        return sum(stream.state == "failed" for stream in self.session.streams)


def stream(settings: StreamSettings) -> Streaming:
    """Everything but the start.

    Raises: FileNotFoundError, ValueError: a source, a checkpoint or settings that do not fit. OSError: a folder that
        cannot be written.
    """
    if launched_processes() > 1:
        raise ValueError("stream runs in one process: start it without torchrun. Several sources share the model")
    if recording := recording_of(settings.source):
        return replay(as_recorded(settings, recording), recording)
    policy = policy_of(settings)
    places = [located(one) for one in settings.source]
    files = [one for one in places if os.path.exists(one) and not is_live(one)]
    given = {key: getattr(settings, key) for key in OF_PREDICT}
    asked = parse(PredictSettings, {**given, "input": places[0]})
    predictor = with_windows(predictor_of_pixels(asked, files, "stream"))
    check_answers(settings.checkpoint, predictor)
    wanted = Wanted(overlay=settings.overlay, page_port=settings.page_port, webhook=settings.webhook)
    side = settings.view_side if wanted.has_pictures else None
    sources = [source_of(one, predictor.model.clip, predictor.reading, side) for one in places]
    if predictor.reading.get("faces") and len(files) < len(sources):
        raise ValueError(f"{settings.checkpoint} learned from cut-out faces, which stream cuts out of files alone.")
    session = new_session(settings, predictor, sources, policy)
    folder = new_folder(settings.run_dir)
    return Streaming(session=session, folder=folder, wanted=wanted, recorder=recorder_of(settings, session, folder))


def recorder_of(settings: StreamSettings, session: Session, folder: Path) -> Recorder | None:
    """What writes down what is judged; None = nothing is wanted. Raises: OSError: the folder cannot be written."""
    if not settings.record:
        return None
    about = {
        "checkpoint": settings.checkpoint,
        "mode": "frames" if session.plan.one_by_one else "windows",
        "streams": [stream.name for stream in session.streams],
        "clip": session.plan.clip.to_dict(),
        "settings": {key: getattr(settings, key) for key in REPEATED},
    }
    recorder = Recorder(folder, about, most_bytes=settings.record_mb * 2**20)
    session.record, session.ended = recorder.record, recorder.ended
    return recorder


def recording_of(sources: Sequence[str]) -> Recording | None:
    """The run that is to be repeated; None = sources to open. Raises: ValueError: beside other sources."""
    found = [recording for one in sources if (recording := recording_at(one))]
    if found and len(sources) > 1:
        raise ValueError(f"source: {found[0].folder} is a recorded run: name nothing beside it.")
    return found[0] if found else None


def as_recorded(settings: StreamSettings, recording: Recording) -> StreamSettings:
    """Where a setting has its default, that of the run."""
    defaults = {one.name: one.default for one in fields(StreamSettings)}
    then = recording.about["settings"]
    kept = {key: value for key, value in then.items() if getattr(settings, key) == defaults[key]}
    return replace(settings, mode=recording.about["mode"], **kept)


def replay(settings: StreamSettings, recording: Recording) -> Streaming:
    """A recorded run once more. Raises: ValueError: a network of another clip, or what a recording cannot give."""
    if settings.overlay or settings.page_port is not None or settings.record:
        raise ValueError(
            f"source={settings.source[0]}: a recorded run holds no pictures for people and is recorded already. Leave "
            "out overlay, page_port and record."
        )
    given = {key: getattr(settings, key) for key in OF_PREDICT}
    predictor = with_windows(predictor_of_pixels(parse(PredictSettings, {**given, "input": "."}), [], "stream"))
    check_answers(settings.checkpoint, predictor)
    clip, then = predictor.model.clip.to_dict(), recording.about["clip"]
    if other := [key for key in OF_CLIP if clip[key] != then[key]]:
        raise ValueError(
            f"{settings.checkpoint}: clip.{other[0]}={clip[other[0]]}, but {recording.folder} was recorded for "
            f"{then[other[0]]}. Stream the source itself."
        )
    sources = [RecordedSource(name) for name in recording.about["streams"]]
    session = new_session(settings, predictor, sources, "block")
    own = {one.name: getattr(session, one.name) for one in fields(Session) if one.init}
    wanted = Wanted(webhook=settings.webhook)
    return Streaming(session=Replay(**own, recording=recording), folder=new_folder(settings.run_dir), wanted=wanted)


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


def source_of(place: str, clip: ClipSpec, reading: Mapping[str, Any], view_side: int | None) -> Source:
    """place: what ``located`` gives. view_side: pixels of the pictures for people; None = nobody looks."""
    if is_live(place):
        return NetworkSource(place, clip, view_side)
    if place.startswith(f"{SYNTHETIC}://"):
        return SyntheticSource(place, clip, view_side)
    return FileSource(place, clip, reading, view_side)


def is_live(given: str) -> bool:
    """Whether a source is a camera, or a stream of the network."""
    scheme, has_scheme, _ = given.partition("://")
    is_camera = given.startswith("/dev/video") or (given.isdigit() and not os.path.exists(given))
    return is_camera or (bool(has_scheme) and scheme.lower() in {*LIVE, "http", "https"})


def new_folder(run_dir: str | None) -> Path:
    """Raises: ValueError: it holds a stream. OSError: it cannot be written."""
    folder = Path(run_dir) if run_dir else next_number(Path("runs") / "stream")
    if (folder / LINES).exists():
        raise ValueError(f"run_dir={run_dir}: holds {LINES} of another stream, which is kept. Name another folder.")
    make_writable(folder)
    logger.info("the lines also go to %s", display_path(folder / LINES))
    return folder
