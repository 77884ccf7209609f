"""Settings of ``videoai features extract``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import DECODER_HELP, Decoder, NumWorkers
from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, EvaluationPrecision


@dataclass(frozen=True, kw_only=True)
class ExtractSettings:
    """Write what a network sees in videos as a table: a row a video, or a row a window, each with a vector of
    features."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP + "; also encoders without classes")
    input: str | None = setting(
        None,
        path=True,
        help="a file, a folder, or a pattern in quotes: 'films/*.mp4'; null = the data that data= names, or the "
        "checkpoint's own",
    )
    split: Literal["all", "train", "val", "test"] = setting("all", help="of the data; the table says which")
    layer: str = setting(
        "pooled",
        help="pooled = the vector that the head reads; outputs = the logits; or the name of a layer, averaged over "
        "time, space and tokens",
    )
    window_seconds: float | None = setting(
        None,
        above=0,
        help="length of a window; null = a clip of the model, or without stride_seconds the whole video",
    )
    stride_seconds: float | None = setting(
        None, above=0, help="from one window to the next; null = window_seconds: side by side"
    )
    preset: Literal["thumos14", "activitynet"] | None = setting(
        None,
        help="the windows of published feature sets: thumos14 = 16 frames each 4, at 30 fps; activitynet = 16 frames "
        "each 16, at 15 fps (arXiv:2202.07925)",
    )
    format: Literal["parquet", "npz"] = setting(
        "parquet", help="features.parquet for pandas, polars and duckdb (videoai[parquet]), or features.npz for numpy"
    )
    batch_size: int = setting(16, min=1, help="clips in one forward pass, and windows decoded in one pass over a video")
    num_workers: NumWorkers = setting("auto", min=0, help="processes that decode; 0 = none; auto = the cores")
    decoder: Decoder = setting("pyav", help=DECODER_HELP)
    isolated: bool = setting(
        False, help="true = decode in separate processes: a file that crashes the decoder costs one video"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of videos that are folders of numbered images; null = 30"
    )
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    run_dir: str | None = setting(
        None,
        path=True,
        help="where the table goes; what is there of the same videos and settings is continued; null = runs/features, "
        "or features-2 and on",
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.preset and (self.window_seconds or self.stride_seconds):
            raise ValueError(f"preset={self.preset} sets window_seconds and stride_seconds. Leave these, or preset.")
