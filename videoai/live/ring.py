"""The newest frames of one stream, filled by one thread and read by another."""

from collections import deque
from threading import Condition
from typing import NamedTuple

from torch import Tensor

MOST_BYTES = 2**28  # 256 MiB of pictures a stream: 3,500 of 224 px with one side longer, 1,800 at 16:9


class Frame(NamedTuple):
    """One frame of a stream."""

    number: int  # 0 = the first one that came
    seconds: float  # on the time axis of the stream, which begins at 0
    arrived: float  # time.monotonic()
    picture: Tensor | None  # uint8 [C, H, W], as the model sees it; None = there was no room for it
    view: Tensor | None = None  # uint8 [C, H, W], for people; None = nobody looks


class Ring:
    """Frames by time, at most ``most_seconds`` and ``MOST_BYTES`` of them.

    A ring that waits makes the source wait until frames are no longer needed. Another one forgets the oldest.
    """

    def __init__(self, changed: Condition, *, waits: bool) -> None:
        """changed: notified with every frame; its lock guards all that is here."""
        self.changed, self.waits = changed, waits
        self.frames = deque[Frame]()
        self.most_seconds = 5.0  # until the length of a window is known
        self.needed_from = 0.0  # the start of the next window
        self.is_closed = False
        self.num_bytes = 0
        self.num_without_room = 0  # frames without a picture

    def put(self, frame: Frame) -> bool:
        """Whether the stream still wants frames."""
        with self.changed:
            while self.waits and not self.is_closed and frame.seconds - self.needed_from > self.most_seconds:
                self.changed.wait()
            if self.is_closed:
                return False
            self._append(frame)
            self.forget(self.needed_from if self.waits else frame.seconds - self.most_seconds)
            self.changed.notify_all()
            return True

    def forget(self, before_seconds: float) -> None:
        """Drop what is older, but for the last frame before: it is shown until the next one."""
        while len(self.frames) > 1 and self.frames[1].seconds <= before_seconds:
            self.num_bytes -= size_of(self.frames.popleft())

    def clear(self) -> None:
        """Drop all frames."""
        self.frames.clear()
        self.num_bytes = 0

    def close(self) -> None:
        """No frame is wanted any more."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def _append(self, frame: Frame) -> None:
        if self.num_bytes + size_of(frame) > MOST_BYTES:
            frame = frame._replace(picture=None, view=None)
            self.num_without_room += 1
        self.frames.append(frame)
        self.num_bytes += size_of(frame)


def size_of(frame: Frame) -> int:
    """Bytes of its pictures."""
    return sum(one.nbytes for one in (frame.picture, frame.view) if one is not None)
