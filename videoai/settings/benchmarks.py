"""Settings of ``videoai benchmark decode|loader|stream|export``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.export import ExportFormat
from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting
from videoai.settings.stream import Mode, Smoothing
from videoai.settings.verbs import CHECKPOINT_HELP, TRUST_HELP, EvaluationPrecision


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """The same clips read by every decoder that is installed, in turns."""

    input: str = setting(path=True, help="a file, a folder, or a pattern in quotes")
    clips: tuple[str, ...] = setting(("16x4", "8x8"), help="frames x stride, in the middle of each video")
    clips_per_video: int = setting(1, min=1, help="clips read at once, in the middle of that many parts of each video")
    size: int | None = setting(None, min=1, help="pixels of the short side; null = as stored")
    readers: tuple[str, ...] = setting(
        ("videoai", "torchcodec", "decord", "pytorchvideo", "sequential"), help="compared with the first; also floor"
    )
    compare: bool = setting(True, help="false = do not decode each video in full to compare frames")
    per_video: bool = setting(False, help="true = a line for each video")
    repeats: int = setting(5, min=1, help="turns; the fastest counts, and the median with per_video")
    max_videos: int = setting(50, min=1, help="the first that many, in the order of their names")
    out: str | None = setting(None, path=True, help="a JSON file for the figures")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class LoaderSettings:
    """Training clips per second, augmented and batched, without a model. Every setting of train counts too."""

    seconds: float = setting(20, above=0, help="for each turn")
    repeats: int = setting(3, min=1, help="turns")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes; auto = every core")
    rivals: bool = setting(True, help="false = measure this loader alone")
    out: str | None = setting(None, path=True, help="a JSON file for the figures")


@dataclass(frozen=True, kw_only=True)
class ExportBenchmarkSettings:
    """How fast a checkpoint answers for one clip here, as it is and in each format that export writes."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    formats: tuple[ExportFormat, ...] = setting(
        ("onnx", "openvino", "torch_export", "aoti", "executorch"), help="in fp32; what is not installed is named"
    )
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    out: str | None = setting(None, path=True, help="a JSON file for the figures")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class StreamBenchmarkSettings:
    """How far a checkpoint keeps up with streams here: as fast as it can, and at their own pace."""

    checkpoint: tuple[str, ...] = setting(help=f"one, or [A,B,...] to compare; each {CHECKPOINT_HELP}")
    source: tuple[str, ...] = setting(
        ("synthetic://benchmark?seconds=60",), help="files or rendered motions, which end; [A,B,...] run together"
    )
    mode: Mode = setting("auto", help="as for stream")
    reset_seconds: float | Literal["auto", "never"] = setting("auto", min=0.1, help="as for stream")
    window_seconds: float | None = setting(None, min=0.01, help="as for stream")
    hop_seconds: float | None = setting(None, min=0.01, help="as for stream")
    truth: str | None = setting(
        None,
        path=True,
        help="CSV file of the events of files, path,label,start_seconds,end_seconds: how many are found, and how soon; "
        "rendered motions know theirs",
    )
    smoothing: Smoothing = setting("mean", needs="smooth_windows>1", help="as for stream")
    smooth_windows: int = setting(1, min=1, max=10_000, help="as for stream")
    on_threshold: float | Literal["auto"] = setting("auto", min=0, max=1, help="as for stream")
    off_threshold: float | Literal["auto"] = setting("auto", min=0, max=1, help="as for stream")
    min_seconds: float = setting(0.0, min=0, help="as for stream")
    max_batch: int = setting(8, min=1, max=1024, help="as for stream")
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    out: str | None = setting(None, path=True, help="a JSON file for the figures")
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if endless := [one for one in self.source if one.startswith("synthetic://") and "seconds=" not in one]:
            raise ValueError(f"source={endless[0]} has no end. Write synthetic://a?seconds=60.")
