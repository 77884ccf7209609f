"""Writes a copy of a video with the answers below its pictures, so that people can check them by watching.

The copy is H.264 in MP4: every frame at its time (also at a variable frame rate), turned upright, sizes padded to even
numbers. Audio is dropped. Pictures that are narrow are shown larger, so that the words below them can be read; nothing
is drawn over a picture. Letters that no font of the machine has, such as Chinese ones, appear as escapes.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream
from torch import Tensor

from videoai.core.files import cannot_write, open_atomic
from videoai.data.decode import Video, open_video
from videoai.data.media import BadVideo
from videoai.inference.panel import Caption, Panel

# Holds a whole number of ticks for every usual frame: 1/24, 1/25, 1/30 and 1/60 s, NTSC's 1001/24000 s, milliseconds.
TICKS_PER_SECOND = 720_000
CRF = 20  # x264's constant quality: 18 is called visually lossless, 23 is its default
MIN_WIDTH = 320  # pixels of a copy with captions; some twenty letters and a bar fit beside each other
MOST_TIMES = 4  # how much larger a narrow picture is shown at most; what is missing then is black
BT709 = 1  # colour primaries, transfer function and matrix alike (ITU-T H.273)


def annotate_video(
    source_path: str | Path, target_path: str | Path, captions: Sequence[Caption], *, frame_fps: float | None = None
) -> None:
    """Writes a copy of a video with a panel below its pictures; memory does not grow with its length.

    A caption is shown from its start until its end, or until another one starts. Without captions there is no panel.
    The target appears complete or not at all. ``frame_fps``: rate of a folder of numbered images; None = 30.

    Raises:
        BadVideo: the source cannot be read; the target is as it was.
        OSError: no room for the copy, or its folder cannot be written.
        ValueError: the target is not an .mp4 or is the source itself, or a caption ends before it starts.
    """
    source_path, target_path = Path(source_path), Path(target_path)
    _check(source_path, target_path, captions)
    target_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open_video(source_path, frame_fps=frame_fps) as video, open_atomic(target_path) as file:
            _encode(video, Path(file.name), captions)  # by name: faststart reads it again
    except OSError as error:  # about the copy: a fault of the source is a BadVideo
        raise cannot_write(target_path, error) from error


def even(frame: Tensor) -> np.ndarray:
    """uint8 [C, H, W] RGB -> uint8 [H', W', C], H' and W' rounded up to even numbers.

    The added row or column repeats its neighbour: H.264 at 4:2:0 has no odd sizes, and scaling would blur every pixel.
    """
    pixels = frame.permute(1, 2, 0).numpy()  # [C, H, W] -> [H, W, C]
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def widened(pixels: np.ndarray) -> np.ndarray:
    """uint8 [H, W, C], even sizes, at least ``MIN_WIDTH`` wide: each pixel is repeated, then black stands at both
    sides."""
    width = pixels.shape[1]
    if width >= MIN_WIDTH:
        return pixels
    times = min(MOST_TIMES, -(-MIN_WIDTH // width))
    pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    missing = max(0, MIN_WIDTH - pixels.shape[1])
    return np.pad(pixels, ((0, 0), (missing // 2, missing - missing // 2), (0, 0)))


def _encode(video: Video, path: Path, captions: Sequence[Caption]) -> None:
    # file: keeps a folder such as "a:b" from being read as a protocol.
    with av.open(f"file:{path}", "w", format="mp4", options={"movflags": "faststart"}) as output:
        stream: VideoStream | None = None
        for frame in _annotated(video, captions):
            stream = stream or _add_stream(output, video, frame)
            output.mux(stream.encode(frame))
        assert stream is not None, "an open video has a frame, or its first read raised BadVideo"
        output.mux(stream.encode(None))


def _annotated(video: Video, captions: Sequence[Caption]) -> Iterator[VideoFrame]:
    """The frames to encode, in 4:2:0, each with its time in ticks."""
    reformatter = VideoReformatter()  # keeps its scaler
    last_tick, panel = -1, None
    for index, frame_pixels in _frames(video):
        seconds, pixels = float(video.timestamps[index]), even(frame_pixels)
        if captions:
            pixels = widened(pixels)
            height, width = pixels.shape[:2]
            panel = panel or Panel(captions, width, height, video.duration_seconds)
            pixels = np.concatenate([pixels, panel.at(seconds)])
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = reformatter.reformat(
            frame, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        # Recounted files have made-up times; the encoder rejects two frames at one tick.
        frame.pts = last_tick = max(last_tick + 1, round(seconds * TICKS_PER_SECOND))
        frame.time_base = Fraction(1, TICKS_PER_SECOND)
        yield frame


def _frames(video: Video) -> Iterator[tuple[int, Tensor]]:
    """(index, uint8 [C, H, W]) up to the last frame that decodes: headers may announce more."""
    index = 0
    while index < video.num_frames:
        try:
            pixels = video.frames([index])[0]
        except BadVideo:
            if index == 0 or index < video.num_frames:
                raise
            return
        yield index, pixels
        index += 1


def _add_stream(output: OutputContainer, video: Video, frame: VideoFrame) -> VideoStream:
    # The times are the frames' own; the rate guides the bits per frame and how long the last one stays.
    rate = Fraction(min(max(video.fps, 1.0), 240.0)).limit_denominator(1001)
    stream = output.add_stream("libx264", rate=rate, options={"crf": str(CRF)})
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS_PER_SECOND)
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = ColorRange.MPEG
    return stream


def _check(source_path: Path, target_path: Path, captions: Sequence[Caption]) -> None:
    if target_path.suffix.lower() != ".mp4":
        raise ValueError(f"{target_path}: annotated videos are written as MP4. Give a name that ends in .mp4")
    if target_path.exists() and source_path.exists() and target_path.samefile(source_path):
        raise ValueError(f"{target_path}: the copy would replace its source. Give another name.")
    for at, caption in enumerate(captions):
        if not caption.start_seconds <= caption.end_seconds:
            span = f"{caption.start_seconds} .. {caption.end_seconds} s"
            raise ValueError(f"captions[{at}] {caption.text!r}: {span}, but it must end after it starts.")
