"""Burns captions into a copy of a video, so that people can check the answers by watching.

The copy is H.264 in MP4: every frame at its time (also at a variable frame rate), turned upright, sizes padded to even
numbers. Audio is dropped. Letters that no font of the machine has, such as Chinese ones, appear as escapes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from videoai.core.files import cannot_write, open_atomic
from videoai.core.fonts import best_font, drawable
from videoai.data.decode import Video, open_video
from videoai.data.media import BadVideo

# Holds a whole number of ticks for every usual frame: 1/24, 1/25, 1/30 and 1/60 s, NTSC's 1001/24000 s, milliseconds.
TICKS_PER_SECOND = 720_000
CRF = 20  # x264's constant quality: 18 is called visually lossless, 23 is its default
FONT_HEIGHT = 0.05  # share of the frame's height
MIN_FONT_PX = 10  # below, letters are unreadable; long captions may still shrink to MIN_SHRUNK_PX
MIN_SHRUNK_PX = 6
BAR_COLOUR = (0, 0, 0, 160)  # RGBA: dark enough for white letters, clear enough to see through
BT709 = 1  # colour primaries, transfer function and matrix alike (ITU-T H.273)


class Caption(NamedTuple):
    """A line of text and when it is shown; time 0 is the first frame."""

    start_seconds: float
    end_seconds: float  # infinity = to the end
    text: str


def annotate_video(
    source_path: str | Path, target_path: str | Path, captions: Sequence[Caption], *, frame_fps: float | None = None
) -> None:
    """Writes a copy of a video with captions on a bar along its lower edge; memory does not grow with its length.

    A caption is shown from its start until its end, or until another one starts. The target appears complete or not at
    all. ``frame_fps``: rate of a folder of numbered images; None = 30.

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
            _encode(video, Path(file.name), sorted(captions))  # by name: faststart reads it again
    except OSError as error:  # about the copy: a fault of the source is a BadVideo
        raise cannot_write(target_path, error) from error


def caption_at(captions: Sequence[Caption], seconds: float) -> str:
    """The text shown at a time, "" = none. ``captions`` are sorted by start."""
    at = bisect_right(captions, seconds, key=lambda caption: caption.start_seconds) - 1
    return captions[at].text if at >= 0 and seconds < captions[at].end_seconds else ""


def draw_caption(frame: Tensor, text: str) -> np.ndarray:
    """frame: uint8 [C, H, W] RGB -> uint8 [H', W', C] with the caption drawn, H' and W' rounded up to even numbers.

    The added row or column repeats its neighbour: H.264 at 4:2:0 has no odd sizes, and scaling would blur every pixel.
    """
    pixels = frame.permute(1, 2, 0).numpy()  # [C, H, W] -> [H, W, C]
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    if not text:
        return pixels
    image = Image.fromarray(pixels)
    bar = _bar(text, image.width, image.height)
    image.paste(bar, (0, image.height - bar.height), bar)
    return np.asarray(image)


@lru_cache(maxsize=2)  # a caption stays for many frames
def _bar(text: str, width: int, height: int) -> Image.Image:
    """The bar with its text, RGBA, as wide as the frame."""
    full_px = max(MIN_FONT_PX, FONT_HEIGHT * height)
    known = best_font(text)
    lines, font = _fit(drawable(" ".join(text.splitlines()), [known]), known.path, full_px, width - full_px)
    bar_height = min(height, round((len(lines) + 0.7) * full_px))
    bar = Image.new("RGBA", (width, bar_height), BAR_COLOUR)
    place = (width / 2, bar_height / 2)
    ImageDraw.Draw(bar).text(place, "\n".join(lines), fill="white", font=font, anchor="mm", align="center")
    return bar


def _fit(text: str, font_path: str, full_px: float, width: float) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The text in one or two lines and the largest font, up to ``full_px``, in which they fit ``width``."""
    lines = [text]
    if _length(lines, font_path, full_px) > 1.5 * width and " " in text:
        middle = min((at for at, letter in enumerate(text) if letter == " "), key=lambda at: abs(at - len(text) / 2))
        lines = [text[:middle], text[middle + 1 :]]
    size_px = max(MIN_SHRUNK_PX, min(full_px, full_px * width / max(1.0, _length(lines, font_path, full_px))))
    excess = _length(lines, font_path, size_px) / max(1.0, width)
    if excess > 1.05:  # 1.05: letters are placed on whole pixels, so widths do not shrink in proportion
        lines = [line[: int(len(line) / excess)] + "…" for line in lines]
    return lines, _font(font_path, size_px)


def _length(lines: Sequence[str], font_path: str, size_px: float) -> float:
    font = _font(font_path, size_px)
    return max(font.getlength(line) for line in lines)


@lru_cache(maxsize=16)
def _font(path: str, size_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px)


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
    last_tick = -1
    for index, pixels in _frames(video):
        seconds = float(video.timestamps[index])
        frame = VideoFrame.from_ndarray(draw_caption(pixels, caption_at(captions, seconds)), format="rgb24")
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
