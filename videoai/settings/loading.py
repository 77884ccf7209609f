"""How videos are read (``loading``), whichever they are."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting

NumWorkers = int | Literal["auto"]
Decoder = Literal["pyav", "torchcodec", "nvdec", "auto"]
DECODER_HELP = (
    "torchcodec (videoai[torchcodec]) is used where it gives PyAV's frames; nvdec = on the GPU from 720 px on, with "
    "slightly other pixels; auto = pyav or torchcodec, measured"
)


@dataclass(frozen=True, kw_only=True)
class LoadingSettings:
    """How videos are read, whichever they are."""

    num_workers: NumWorkers = setting(
        "auto", min=0, max=1024, resume=True, help="processes that decode; 0 = none; auto = the cores"
    )
    decoder: Decoder = setting(
        "pyav",
        auto=True,
        fixed_because="their pixels differ a little, so it would be another training",
        help=DECODER_HELP,
    )
    isolated: bool = setting(
        False, resume=True, help="true = decode in separate processes: a file that crashes the decoder costs one video"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of videos that are folders of numbered images; null = 30"
    )
    max_bad_fraction: float = setting(
        0.05, min=0, max=1, resume=True, help="stop when a larger share of the training videos is unreadable"
    )
