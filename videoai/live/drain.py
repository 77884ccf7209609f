"""The thread that reads one source, always, so that nothing piles up in front of it, and comes back to it when it
fails."""

import logging
import time
from threading import Event, Thread

from videoai.data.media import BadVideo
from videoai.live.ring import Frame
from videoai.live.sources import Shown, Timing
from videoai.live.stream import Stream

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.5  # before the first attempt to reconnect; doubled with each that fails
LONGEST_WAIT_SECONDS = 30.0


class Drain(Thread):
    """Reads the source of a stream into its ring until the source ends or ``stop`` is called."""

    def __init__(self, stream: Stream, *, realtime: bool) -> None:
        """realtime: frames of a file come when they are due."""
        super().__init__(name=f"drain {stream.name}", daemon=True)  # a source that hangs does not keep the program
        self.stream, self.realtime = stream, realtime and not stream.source.is_live
        self.stopping = Event()
        self.began = 0.0  # time.monotonic() of the first frame
        self.number = 0  # the next frame has it
        self.offset = 0.0  # seconds of the first frame since the last connection
        self.last = 0.0  # seconds of the last frame

    def stop(self) -> None:
        """The source is not read any more; the ring keeps what it has."""
        self.stopping.set()
        self.stream.ring.close()
        self.stream.end()

    def run(self) -> None:
        """What the thread does."""
        wait, error = FIRST_WAIT_SECONDS, ""
        while not self.stopping.is_set():
            before = self.number
            try:
                self._read()
                break
            except (BadVideo, OSError) as lost:
                error = str(lost)
            except ValueError as refused:  # it will not change
                self.stream.end(str(refused))
                return
            if not self.stream.source.is_live:
                self.stream.end(error)
                return
            wait = FIRST_WAIT_SECONDS if self.number > before else wait
            self._wait(error, wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        self.stream.end()

    def _wait(self, error: str, seconds: float) -> None:
        self.stream.set_state("waiting", error)
        logger.warning("%s: %s; connecting again in %.1f s", self.stream.name, error, seconds)
        self.stopping.wait(seconds)
        if not self.stopping.is_set():
            self.stream.set_state("connecting", error)

    def _read(self) -> None:
        """Reads until the connection ends. Raises: what the source raises."""
        timing = [Timing(None, by_number=False)]
        is_first = True
        before = time.thread_time()
        for shown in self.stream.source.frames(lambda told: timing.__setitem__(0, told)):
            arrived = self._due(shown)
            self.stream.read_seconds += time.thread_time() - before
            if is_first:
                self._begin(timing[0], arrived)
            is_first = False
            if not self._put(shown, arrived):
                return
            before = time.thread_time()

    def _begin(self, timing: Timing, arrived: float) -> None:
        if self.number:
            self.stream.num_reconnects += 1
            logger.warning("%s: connected again", self.stream.name)
        self.began = self.began or arrived
        self.offset = arrived - self.began if self.stream.source.is_live else 0.0
        self.last = self.offset - 1.0
        self.stream.begin(timing, self.offset)

    def _put(self, shown: Shown, arrived: float) -> bool:
        """Whether more is wanted. A frame that is not later than the one before has no place in time."""
        seconds = arrived - self.began if shown.seconds is None else self.offset + shown.seconds
        if self.stopping.is_set() or seconds <= self.last:
            return not self.stopping.is_set()
        self.last = seconds
        frame = Frame(self.number, seconds, arrived, shown.picture, shown.view)
        self.number += 1
        return self.stream.put(frame)

    def _due(self, shown: Shown) -> float:
        """Now; under ``realtime`` not before the frame is due."""
        if self.realtime and self.began and shown.seconds:
            self.stopping.wait(max(0.0, self.began + shown.seconds - time.monotonic()))
        return time.monotonic()
