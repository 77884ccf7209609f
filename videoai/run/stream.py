"""``stream``: recognition while frames come, from files, cameras and streams of the network."""

import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoai.core.files import write_atomic
from videoai.core.launcher import launched_processes
from videoai.core.numbered import next_number
from videoai.core.paths import display_path
from videoai.engine.interrupt import Interrupt
from videoai.inference.describe import with_windows
from videoai.inference.predict import Predictor
from videoai.live.mqtt import check_mqtt
from videoai.live.network import told_apart
from videoai.live.recording import Recorder
from videoai.live.session import Session
from videoai.live.sinks import LINES, Sinks, Wanted
from videoai.live.window import check_window
from videoai.run.predict import predictor_of_pixels
from videoai.run.stream_recorded import as_recorded, recorded_session, recorder_of, recording_of
from videoai.run.stream_session import check_answers, new_session
from videoai.run.stream_sources import is_live, located, policy_of, regions_of, source_of
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
OF_SINKS = ("overlay", "page_port", "window", "webhook", "mqtt")


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """A run that is ready to start, and what became of it."""

    session: Session
    folder: Path
    wanted: Wanted
    recorder: Recorder | None = None

    def run(self, interrupt: Interrupt | None = None, *, is_kept: bool = True) -> Iterator[dict[str, Any]]:
        """Each line of events.jsonl as it is written; at the end, or at a signal, summary.json.

        Args:
            interrupt: of a caller who starts several runs, and wants to know of the signal.
            is_kept: False = the folder is temporary, and nobody is told of it.

        Raises: OSError: a line cannot be written.
        """
        started = time.monotonic()
        if is_kept:
            logger.info("the lines also go to %s", display_path(self.folder / LINES))
        with interrupt or Interrupt() as interrupt:
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
                if is_kept:
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
    wanted = Wanted(**{key: getattr(settings, key) for key in OF_SINKS})
    if recording := recording_of(settings.source):
        settings = as_recorded(settings, recording)
        session = recorded_session(settings, recording, predictor_of(settings, ".", []))
    else:
        session = opened_session(settings, settings.view_side if wanted.has_pictures else None)
    folder = new_folder(settings.run_dir)
    return Streaming(session=session, folder=folder, wanted=wanted, recorder=recorder_of(settings, session, folder))


def opened_session(settings: StreamSettings, view_side: int | None) -> Session:
    """What judges sources that are opened. view_side: pixels of the pictures for people; None = nobody looks."""
    policy = policy_of(settings)
    places = [located(one) for one in settings.source]
    regions = regions_of(settings.regions, places)
    files = [one for one in places if os.path.exists(one) and not is_live(one)]
    predictor = predictor_of(settings, places[0], files)
    clip, reading = predictor.model.clip, predictor.reading
    sources = told_apart([source_of(one, clip, reading, view_side, regions[one]) for one in places])
    if reading.get("faces") and len(files) < len(sources):
        raise ValueError(f"{settings.checkpoint} learned from cut-out faces, which stream cuts out of files alone.")
    return new_session(settings, predictor, sources, policy)


def predictor_of(settings: StreamSettings, place: str, files: Sequence[str]) -> Predictor:
    """What judges windows. files: those whose sizes are looked at. Raises: ValueError: it answers otherwise."""
    given = {key: getattr(settings, key) for key in OF_PREDICT}
    predictor = with_windows(predictor_of_pixels(parse(PredictSettings, {**given, "input": place}), files, "stream"))
    check_answers(settings.checkpoint, predictor)
    return predictor


def new_folder(run_dir: str | None) -> Path:
    """Raises: ValueError: it holds a stream. OSError: it cannot be written."""
    folder = Path(run_dir) if run_dir else next_number(Path("runs") / "stream")
    if (folder / LINES).exists():
        raise ValueError(f"run_dir={run_dir}: holds {LINES} of another stream, which is kept. Name another folder.")
    make_writable(folder)
    return folder
