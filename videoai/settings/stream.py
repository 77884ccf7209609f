"""Settings of ``stream``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, TEMPLATES_HELP, TRUST_HELP, EvaluationPrecision

Policy = Literal["auto", "block", "latest", "degrade"]
Pace = Literal["max", "realtime"]
Smoothing = Literal["mean", "ema"]
Mode = Literal["auto", "frames", "windows"]


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """Recognise actions as they happen: a line of JSON for each window and event, and a summary at the end."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    source: tuple[str, ...] = setting(
        help="a file, rtsp://..., http://..., the number of a camera, synthetic://NAME, or [A,B,...]: "
        "all share the model. The folder of a run that was recorded: judge it once more"
    )
    classes: tuple[str, ...] = setting(
        (),
        path=True,
        help="for a model that compares videos with texts: 'opening a door,falling', or a file of one a line, "
        "name: text | text",
    )
    templates: tuple[str, ...] = setting((), path=True, help=TEMPLATES_HELP)
    mode: Mode = setting(
        "auto",
        help="frames = one by one, by a network that keeps what it saw; windows = clips that overlap; auto = frames "
        "where the network can and window_seconds is null",
    )
    reset_seconds: float | Literal["auto", "never"] = setting(
        "auto",
        min=0.1,
        help="with frames: what the network keeps is at most so old; auto = as long as a clip of it; never = it "
        "forgets at gaps alone",
    )
    regions: str | None = setting(
        None,
        path=True,
        help="CSV file of parts of the picture that are judged each by itself: region,x,y,w,h, of boxes that move also "
        "seconds, of one source alone also path; null = the whole picture",
    )
    window_seconds: float | None = setting(
        None, min=0.01, help="length of a window; null = one clip, or 4 s where a clip is spread over its window"
    )
    hop_seconds: float | None = setting(
        None,
        min=0.01,
        help="from one window to the next; null = half a window. With frames: from one answer to the next; "
        "null = one a frame",
    )
    pace: Pace = setting("max", help="of files: max = as fast as they are judged; realtime = as a camera would send")
    policy: Policy = setting(
        "auto",
        help="when windows come faster than they are judged: block = the file waits; latest = older ones are left out, "
        "and counted; degrade = likewise, and fewer are taken until there is time; auto = block at pace=max, else "
        "latest",
    )
    smoothing: Smoothing = setting("mean", needs="smooth_windows>1", help="mean, or ema = exponential moving average")
    smooth_windows: int = setting(1, min=1, max=10_000, help="windows that are averaged before events are read; 1 = no")
    on_threshold: float | Literal["auto"] = setting(
        "auto",
        min=0,
        max=1,
        help="score with which an event begins; auto = 0.5, or of each label the one that training tuned",
    )
    off_threshold: float | Literal["auto"] = setting(
        "auto", min=0, max=1, help="score below which an event ends; auto = 0.7 x on_threshold"
    )
    min_seconds: float = setting(0.0, min=0, help="shorter events are not told")
    top_k: int = setting(5, min=1, help="classes in an answer")
    max_batch: int = setting(8, min=1, max=1024, help="windows in one forward pass; none is awaited")
    overlay: bool = setting(False, help="true = also a video of each source with its events below the picture")
    page_port: int | None = setting(
        None, min=0, max=65535, help="show the streams on a page of this machine, at this port; 0 = any; null = no page"
    )
    window: bool = setting(False, help="true = show the streams in a window of this machine; Escape closes it")
    view_side: int = setting(360, min=16, max=4320, help="short side of these pictures, pixels at most")
    record: bool = setting(
        False, help="true = also what was judged, without loss, so that source=RUN_FOLDER gives the same lines again"
    )
    record_mb: int = setting(2000, min=1, needs="record", help="MB of frames after which nothing more is recorded")
    webhook: str | None = setting(None, help="URL that gets each event as a POST request with JSON; null = none")
    mqtt: str | None = setting(
        None, help="broker and topic that get each event as JSON, mqtt://HOST/TOPIC (videoai[mqtt]); null = none"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of sources that are folders of numbered images; null = 30"
    )
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    run_dir: str | None = setting(
        None, path=True, help="a new folder for events.jsonl and summary.json; null = runs/stream, or stream-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if not self.source:
            raise ValueError("source=[]: name one or more, such as source=film.mp4.")
        if self.mode == "frames" and self.window_seconds:
            raise ValueError(
                f"window_seconds={self.window_seconds:g}: mode=frames has no windows. Leave it out; reset_seconds says "
                "how far back the network sees."
            )
        if double := [one for at, one in enumerate(self.source) if one in self.source[:at]]:
            raise ValueError(f"source names {double[0]} twice. Name each once.")
        if self.webhook and not self.webhook.startswith(("http://", "https://")):
            raise ValueError(f"webhook={self.webhook}: give a URL that begins with http:// or https://.")
        on, off = self.on_threshold, self.off_threshold
        if isinstance(off, float | int) and isinstance(on, float | int) and off > on:
            raise ValueError(f"off_threshold={off:g} is above on_threshold={on:g}: an event would end as it begins.")
