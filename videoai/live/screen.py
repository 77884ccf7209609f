"""What people look at: the frames with the events of their time, as a video file and as pictures for a page."""

import io
import logging
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from queue import Full, Queue
from threading import Condition, Thread

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from videoai.core.lettering import line
from videoai.live.ring import Frame

logger = logging.getLogger(__name__)

WAITING = 4  # windows whose frames wait to be drawn
STRIP_PX, LETTERS_PX = 24, 15.0  # below the picture
MIN_WIDTH = 320  # pixels; some forty letters
TICKS = 90_000  # a second, as MPEG counts
QUALITY = 80  # JPEG


class Screen(Thread):
    """Draws the frames of one stream in a thread, writes them to a file, and keeps the newest as JPEG.

    A screen that waits shows every frame; another one leaves frames out when drawing takes too long, and counts them.
    """

    def __init__(self, name: str, path: Path | None, *, waits: bool, is_watched: bool) -> None:
        super().__init__(name=f"screen {name}", daemon=True)
        self.stream_name, self.path, self.waits, self.is_watched = name, path, waits, is_watched
        self.waiting = Queue[tuple[list[Frame], str] | None](WAITING)
        self.changed = Condition()
        self.jpeg, self.number = b"", 0
        self.num_left_out = 0
        self.error = ""
        self.container: OutputContainer | None = None

    def show(self, frames: list[Frame], words: str) -> None:
        """Called by the session."""
        if not frames or self.error:
            return
        try:
            self.waiting.put((frames, words), block=self.waits, timeout=60)
        except Full:
            self.num_left_out += len(frames)

    def close(self) -> None:
        """What waits is drawn, and the file is whole."""
        if self.is_alive():
            self.waiting.put(None)
            self.join()

    def run(self) -> None:
        """What the thread does. A disk that is full ends the video, not the stream."""
        while (task := self.waiting.get()) is not None:
            self._attempt(partial(self._draw_all, *task))
        self._attempt(self._finish)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            if not self.error:
                step()
        except (OSError, av.error.FFmpegError) as error:
            self.error = str(error)
            logger.warning("%s: no more pictures: %s", self.stream_name, error)

    def _finish(self) -> None:
        if self.container is not None:
            self.container.mux(self.video.encode(None))
            self.container.close()

    def _draw_all(self, frames: list[Frame], words: str) -> None:
        for frame in frames:
            self._draw(frame, words)

    def _draw(self, frame: Frame, words: str) -> None:
        assert frame.view is not None
        drawn = with_words(frame.view.permute(1, 2, 0).numpy(), f"{frame.seconds:8.2f} s  {words}")
        if self.path:
            self._write(drawn, frame.seconds)
        if self.is_watched:
            buffer = io.BytesIO()
            Image.fromarray(drawn).save(buffer, "JPEG", quality=QUALITY)
            with self.changed:
                self.jpeg, self.number = buffer.getvalue(), self.number + 1
                self.changed.notify_all()

    def _write(self, picture: np.ndarray, seconds: float) -> None:
        if self.container is None:
            self.container, self.video = opened(self.path or Path(), picture.shape[0], picture.shape[1])
        picture = picture[: self.video.height, : self.video.width]
        if picture.shape[:2] != (self.video.height, self.video.width):
            return  # the source came back with smaller pictures
        made = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        made.pts, made.time_base = round(seconds * TICKS), Fraction(1, TICKS)
        self.container.mux(self.video.encode(made))


def opened(path: Path, height: int, width: int) -> tuple[OutputContainer, VideoStream]:
    """A file in fragments: what a killed program wrote can be played."""
    options = {"movflags": "frag_keyframe+empty_moov", "flush_packets": "1"}  # what waits in a buffer dies with us
    container = av.open(str(path), "w", format="mp4", options=options)
    video = container.add_stream("libx264", options={"crf": "23", "preset": "veryfast", "g": "30", "bf": "0"})
    video.height, video.width, video.pix_fmt = height - height % 2, width - width % 2, "yuv420p"
    video.time_base = video.codec_context.time_base = Fraction(1, TICKS)
    return container, video


def with_words(picture: np.ndarray, words: str) -> np.ndarray:
    """uint8 [H, W, 3] -> uint8 [n H + STRIP_PX, n W, 3]; each pixel of a narrow picture n times, so that words fit."""
    times = -(-MIN_WIDTH // picture.shape[1])
    picture = picture.repeat(times, axis=0).repeat(times, axis=1)
    height, width, _ = picture.shape
    canvas = Image.new("RGB", (width, height + STRIP_PX), "#16181c")
    canvas.paste(Image.fromarray(np.ascontiguousarray(picture)))
    text = line(words, LETTERS_PX, width - 8)
    ImageDraw.Draw(canvas).text((4, height + 3), text.text, font=text.font, fill="#ffffff")
    return np.asarray(canvas)
