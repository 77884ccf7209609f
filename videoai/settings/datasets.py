"""Settings of ``videoai data inspect|preview|check|prepare``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting

Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]  # x264 has them


@dataclass(frozen=True, kw_only=True)
class InspectSettings:
    """Say which layout lies at PATH, what is in it, and the command that trains on it. Writes nothing but out=."""

    path: str = setting(path=True, help="a folder, or one file of annotations")
    look: int = setting(64, min=1, help="videos opened, spread over all of them, for lengths, rates, sizes and codecs")
    frame_fps: float | None = setting(
        None, above=0, help="rate of videos that are folders of numbered images; null = 30"
    )
    out: str | None = setting(
        None, path=True, help="a PNG file to write: a frame of some videos of each class, and its count of clips"
    )
    json: bool = setting(False, help="true = one JSON object on standard output")
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.out and not self.out.lower().endswith(".png"):
            raise ValueError(f"out={self.out}: the picture is a PNG. Give a name that ends in .png")


@dataclass(frozen=True, kw_only=True)
class PreviewSettings:
    """Show the very frames of clips as a model would get them, in training and in evaluation, with their times."""

    out: str = setting("preview", path=True, help="writes OUT.png, and OUT.json with frames and times")
    split: Literal["train", "val", "test"] = setting("train", help="which videos; clips of training are shown of train")
    classes: int = setting(6, min=1, help="classes that are shown, at most")
    per_class: int = setting(1, min=1, help="videos of each of them")
    draws: int = setting(2, min=1, help="clips of training of each video, as they come in as many epochs")
    augmented: bool = setting(True, help="false = without augmentation: only the time of a training clip is drawn")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """Find broken, short, duplicate, leaking and mislabelled videos. Exit code 3 when something must be mended."""

    out: str | None = setting(
        None,
        path=True,
        help="folder of quarantine.csv, report.csv, report.html; null = runs/check-NAME; continues there",
    )
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes; auto = every core")
    seconds_per_file: float = setting(60, above=0, help="a file that takes longer to decode is called timeout")
    near_duplicates: bool = setting(True, help="compare what the videos show; false = only their bytes")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """Make a copy that trains faster. Stopped at any time, the same command continues."""

    out: str = setting(path=True, help="the folder to make, outside the input")
    to: Literal["videos", "clips", "shards"] = setting(
        "videos", help="videos = H.264 that decodes fast; clips = decoded frames, memory-mapped; shards = tar files"
    )
    short_side: int = setting(256, min=16, help="videos, clips: pixels; the clip.resize of the training, or above it")
    pixels: Literal["rgb", "yuv420"] = setting(
        "rgb", needs="to=clips", help="rgb, or yuv420 = half the bytes, but not quite the same pixels"
    )
    crf: int = setting(18, min=0, max=51, help="videos: quality of x264; 0 = lossless, 18 = hardly visible, 28 = small")
    preset: Preset = setting("veryfast", help="videos: effort of x264; slower = smaller files that decode as fast")
    keyint: int = setting(16, min=1, help="videos: frames from one key frame to the next; fewer = shorter seeks")
    fps: float | None = setting(None, above=0, help="videos: a constant frame rate; null = every frame at its own time")
    frame_fps: float | None = setting(None, above=0, help="rate of folders of numbered images; null = 30")
    shard_mb: float = setting(256, above=0, help="shards: megabytes of a tar file")
    faces: Literal["auto", "precomputed"] | None = setting(
        None, help="videos, clips: cut out the main face; auto = OpenCV finds it, precomputed = it is in faces_boxes"
    )
    faces_detector: Literal["yunet", "haar"] = setting(
        "yunet", needs="faces=auto", help="yunet = a small network; haar = weaker, but needs no file"
    )
    faces_model: str | None = setting(
        None, path=True, needs="faces=auto", help="YuNet as an ONNX file; null = fetched once into the cache"
    )
    faces_per_second: float = setting(10.0, above=0, needs="faces=auto", help="frames in which a face is looked for")
    faces_boxes: str | None = setting(
        None, path=True, needs="faces=precomputed", help="a table of boxes: path, seconds or frame, x, y, w, h"
    )
    faces_margin: float = setting(1.3, min=0.5, max=5, needs="faces", help="side of the square, in sides of the box")
    faces_missing: Literal["whole", "leave_out"] = setting(
        "whole",
        needs="faces",
        help="videos without a face: whole = with the whole picture, leave_out = clips.csv does not name them",
    )
    num_workers: int | None = setting(None, min=0, help="processes; null = one per core, 0 = none")
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.faces and self.to == "shards":
            raise ValueError(
                f"faces={self.faces} to=shards: shards keep files as they are; to=videos and to=clips crop."
            )
        if self.faces == "precomputed" and not self.faces_boxes:
            raise ValueError("faces=precomputed needs the table of boxes: faces_boxes=FILE")
        if self.to == "videos" and self.short_side % 2:
            raise ValueError(f"short_side={self.short_side}: H.264 needs even sides.")
