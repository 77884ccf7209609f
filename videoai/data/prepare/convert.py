"""One video in, one file out: H.264 that decodes fast, or decoded frames.

What cannot be read is copied as it is: training and evaluation on the new set then meet the same videos in the same
order, and count the same failures.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from videoai.core.files import open_atomic, write_atomic
from videoai.data.decode import CACHE_SUFFIX, Video, open_video
from videoai.data.decode.memory import Pixels, write_cache_header
from videoai.data.decode.picture import to_yuv420
from videoai.data.decode.stills import Picture
from videoai.data.encode import encoder
from videoai.data.faces.crop import FaceCropping
from videoai.data.faces.table import boxes_csv
from videoai.data.faces.track import Track
from videoai.data.media import BadVideo, open_regular
from videoai.data.prepare.jobs import Done, Face, Job, Source
from videoai.data.shards.shards import is_member, read_member

CHUNK_FRAMES = 32  # decoded at a time: 24 MB at 256 x 340
TICKS = 90_000  # a second, the clock of MPEG: 1/25, 1/30 and 1001/30000 of a second are whole numbers of it
COPIED = "copied as it is"
BOXES = "boxes"  # the folder of the boxes of each video


@dataclass(frozen=True, kw_only=True)
class Conversion(ABC):
    """Videos -> files of the same tree."""

    short_side: int  # pixels; smaller videos keep their size
    frame_fps: float | None = None  # for folders of images
    faces: FaceCropping | None = None  # show the main face alone
    tree: ClassVar[str]
    suffix: ClassVar[str]

    def jobs(self, sources: list[Source]) -> list[Job]:
        return [Job(source.name, (source,)) for source in sources]

    def make(self, job: Job, out: Path) -> Done:
        """Raises: OSError: the output cannot be written."""
        (source,) = job.sources
        target = self._target(source)
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        try:
            bad, track = self._convert(source, out / target)
        except BadVideo as error:
            return self.give_up(job, out, error)
        if self.faces:  # before the line of the journal that says it is there
            write_atomic(out / boxes_file(source.name), boxes_csv([(source.name, track)] if track else ()), sync=False)
        face = face_of(track) if self.faces else ""
        return Done(job.name, job.stamp, target, (out / target).stat().st_size, bad, face)

    def give_up(self, job: Job, out: Path, error: BadVideo | None = None) -> Done:
        """Copies the input; an empty file stands for one that is not there. None = it killed the process."""
        (source,) = job.sources
        error = error or BadVideo(source.path, "corrupt", "decode", "the process that read it ended twice")
        target = f"{self.tree}/{source.name}"
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        action = _copy(source, out / target)
        bad = (source.name, error.reason, error.stage, error.detail, action)
        return Done(job.name, job.stamp, target, (out / target).stat().st_size, (bad,))

    def location(self, done: Done, source: Source) -> str:
        """What the manifest calls it."""
        return done.target

    def estimate(self, sources: list[Source]) -> int:
        """Bytes that some of the sources, none of them unreadable, would take together."""
        total = 0
        for source in sources:
            try:
                with open_video(source.path, frame_fps=self.frame_fps) as video:
                    height, width = self.size_of(video)
                    total += self.frame_bytes(height, width) * video.num_frames
            except BadVideo:
                total += source.size
        return total

    def size_of(self, video: Video) -> tuple[int, int]:
        """(H, W) of the output."""
        scale = min(1.0, self.short_side / min(video.height, video.width))
        return round(video.height * scale), round(video.width * scale)

    @abstractmethod
    def frame_bytes(self, height: int, width: int) -> int:
        """About what a frame takes."""

    @abstractmethod
    def write(self, video: Video, file: BinaryIO) -> None:
        """The whole video. Raises: BadVideo."""

    def _target(self, source: Source) -> str:
        has_it = source.name.lower().endswith(self.suffix)
        return f"{self.tree}/{source.name}{'' if has_it else self.suffix}"

    def _convert(self, source: Source, path: Path) -> tuple[tuple[tuple[str, ...], ...], Track | None]:
        """Takes what decodes when it is at least half of what was announced, as training does. Also the main face."""
        with open_video(source.path, frame_fps=self.frame_fps) as video:
            announced = video.num_frames
            shown, track = self.faces.cropped(video, source.name) if self.faces else (video, None)
            try:
                self._write(shown, path)
            except BadVideo as bad:
                if bad.reason != "short" or not announced > video.num_frames >= announced / 2:
                    raise
                self._write(shown, path)
            if video.num_frames == announced:
                return (), track
            detail = f"{announced} frames announced, {video.num_frames} decode"
            return ((source.name, "short", "decode", detail, "converted as far as it decodes"),), track

    def _write(self, video: Video, path: Path) -> None:
        with open_atomic(path) as file:
            self.write(video, file)


@dataclass(frozen=True, kw_only=True)
class ToVideos(Conversion):
    """H.264 in mp4: a key frame every ``keyint``, nothing that is dear to decode, times from 0 on, no sound, upright.

    Three B-frames that nothing refers to stand between two others, in a fixed pattern, because a decoder may leave out
    those that nobody asked for. Without CABAC and the in-loop filter (x264's tune fastdecode) clips of real footage
    decoded in 0.54 of the time, for 6 % more bytes.
    """

    crf: int = 18
    preset: str = "veryfast"
    keyint: int = 16
    fps: float | None = None  # a constant rate; None = each frame at its own time
    tree = "videos"
    suffix = ".mp4"
    # Measured at crf 18: 0.037 on surveillance clips at 128 px and 0.030 at 160, 0.034 on drawn hands, 0.038 on a
    # mixture of codecs; up to 0.28 on noise.
    BYTES_PER_PIXEL: ClassVar[float] = 0.04

    def frame_bytes(self, height: int, width: int) -> int:
        return round(height * width * self.BYTES_PER_PIXEL)

    def size_of(self, video: Video) -> tuple[int, int]:
        """Even: 4:2:0 halves both sides."""
        height, width = super().size_of(video)
        return max(2, height // 2 * 2), max(2, width // 2 * 2)

    def write(self, video: Video, file: BinaryIO) -> None:
        """Encode the frames of ``video`` as mp4 into ``file``."""
        size = self.size_of(video)
        indices, ticks, time_base = self._schedule(video)
        with av.open(file, "w", format="mp4") as container:
            rate = Fraction(self.fps or video.fps).limit_denominator(1001)
            stream: Any = container.add_stream(encoder(), rate=rate, options=self._options())
            stream.height, stream.width = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = time_base
            stream.codec_context.thread_count = 1  # a process per core already; threads would also change the bytes
            stream.codec_context.colorspace, stream.codec_context.color_range = Colorspace.ITU601, ColorRange.MPEG
            for tick, picture in zip(ticks, _pictures(video, indices, size), strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601, threads=1)
                frame.pts, frame.time_base = tick, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode())

    def _options(self) -> dict[str, str]:
        if encoder() != "libx264":
            return {"qmin": "2", "qmax": "4", "g": str(self.keyint)}
        options = {"crf": str(self.crf), "g": str(self.keyint), "preset": self.preset, "tune": "fastdecode", "bf": "3"}
        return options | {"x264-params": "mbtree=0:b-adapt=0:b-pyramid=none"}  # mbtree=0: see encode.py

    def _schedule(self, video: Video) -> tuple[npt.NDArray[np.int64], list[int], Fraction]:
        """Which frames, when each is shown, and in what unit."""
        if self.fps is None:
            order = np.arange(video.num_frames)
            ticks = np.round(video.timestamps * TICKS).astype(np.int64)
            ticks = np.maximum.accumulate(ticks - order) + order  # each at least one after the one before
            return order, ticks.tolist(), Fraction(1, TICKS)
        num_frames = max(1, round(video.duration_seconds * self.fps))
        times = np.arange(num_frames) / self.fps
        shown = np.searchsorted(video.timestamps, times + 1e-6, side="right") - 1  # times are rounded to a tick
        return shown.clip(min=0), list(range(num_frames)), 1 / Fraction(self.fps).limit_denominator(1001)


@dataclass(frozen=True, kw_only=True)
class ToClips(Conversion):
    """Decoded frames, for decode/memory.py to map."""

    pixels: Pixels = "rgb"
    tree = "frames"
    suffix = CACHE_SUFFIX

    def frame_bytes(self, height: int, width: int) -> int:
        return 3 * height * width if self.pixels == "rgb" else 3 * height * width // 2

    def write(self, video: Video, file: BinaryIO) -> None:
        height, width = self.size_of(video)
        write_cache_header(file, video.timestamps, height=height, width=width, fps=video.fps, pixels=self.pixels)
        scaler = VideoReformatter()
        for picture in _pictures(video, np.arange(video.num_frames), (height, width)):
            file.write(picture.data if self.pixels == "rgb" else to_yuv420(picture, scaler).data)


def boxes_file(name: str) -> str:
    """Where the boxes of one video lie, below the output folder."""
    return f"{BOXES}/{name}.csv"


def face_of(track: Track | None) -> Face:
    """What the journal keeps of the faces of a video."""
    if track is None:
        return "none"
    return "one" if track.is_alone else "several"


def _pictures(video: Video, indices: npt.NDArray[np.int64], size: tuple[int, int]) -> Iterator[Picture]:
    """uint8 [H, W, 3] each, contiguous. Raises: BadVideo: short also when frames turn out to have other numbers."""
    announced = video.num_frames
    for start in range(0, len(indices), CHUNK_FRAMES):
        chunk = video.frames(indices[start : start + CHUNK_FRAMES].tolist(), size=size)
        if video.num_frames != announced:  # pictures that are never shown were counted
            detail = f"{announced} frames announced, {video.num_frames} decode"
            raise BadVideo(video.path, "short", "decode", detail)
        yield from np.ascontiguousarray(chunk.permute(0, 2, 3, 1).numpy())


def _copy(source: Source, path: Path) -> str:
    """Says what it did."""
    try:
        reader = io.BytesIO(read_member(source.path)) if is_member(source.path) else open_regular(source.path)
    except BadVideo:
        with open_atomic(path):
            return "an empty file takes its place"
    with reader, open_atomic(path) as file:
        while block := reader.read(2**20):
            file.write(block)
    return COPIED
