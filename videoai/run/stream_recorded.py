"""Runs of ``stream`` that are recorded, and recorded runs that are judged once more."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from videoai.inference.predict import Predictor
from videoai.live.recording import Recorder, Recording, recording_at
from videoai.live.replay import RecordedSource, Replay
from videoai.live.session import Session
from videoai.run.stream_session import new_session
from videoai.settings.stream import StreamSettings

# Change answers: a recorded run is repeated with them.
REPEATED = (
    *("reset_seconds", "hop_seconds", "smoothing", "smooth_windows", "on_threshold", "off_threshold"),
    *("min_seconds", "top_k"),
)
OF_CLIP = ("num_frames", "size", "resize", "stride", "fps", "sampling")  # a recording was made for these


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
    """Where a setting has its default, that of the run. Raises: ValueError: one that would have no effect."""
    mode = recording.about["mode"]
    hop = settings.hop_seconds if mode == "windows" else None
    no_effect = {"window_seconds": settings.window_seconds, "hop_seconds": hop, "mode": settings.mode}
    for key, value in no_effect.items():
        if value not in (None, "auto", mode, recording.about["settings"].get(key)):
            raise ValueError(f"{key}={value}: {recording.folder} holds its own {mode}. Stream the source itself.")
    defaults = {one.name: one.default for one in fields(StreamSettings)}
    then = recording.about["settings"]
    kept = {key: value for key, value in then.items() if getattr(settings, key) == defaults[key]}
    return replace(settings, mode=recording.about["mode"], **kept)


def recorded_session(settings: StreamSettings, recording: Recording, predictor: Predictor) -> Replay:
    """A recorded run once more. Raises: ValueError: a network of another clip, or what a recording cannot give."""
    if settings.overlay or settings.window or settings.page_port is not None or settings.record or settings.regions:
        raise ValueError(
            f"source={settings.source[0]}: a recorded run has no pictures for people, its own regions, and is recorded "
            "already. Leave out overlay, window, page_port, regions and record."
        )
    clip, then = predictor.model.clip.to_dict(), recording.about["clip"]
    if other := [key for key in OF_CLIP if clip[key] != then[key]]:
        raise ValueError(
            f"{settings.checkpoint}: clip.{other[0]}={clip[other[0]]}, but {recording.folder} was recorded for "
            f"{then[other[0]]}. Stream the source itself."
        )
    sources = [RecordedSource(name) for name in recording.about["streams"]]
    session = new_session(settings, predictor, sources, "block")
    own = {one.name: getattr(session, one.name) for one in fields(Session) if one.init}
    return Replay(**own, recording=recording)
