"""The thread that reads one source, always, so that nothing piles up in front of it, and comes back to it when it
fails."""

import logging
import time
from collections.abc import Sequence
from threading import Event, Thread

from videoai.core.messages import about
from videoai.data.media import BadVideo
from videoai.live.ring import Frame
from videoai.live.sources import Shown, Timing
from videoai.live.stream import Stream

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.5  # before the first attempt to reconnect; doubled with each that fails
LONGEST_WAIT_SECONDS = 30.0


class Drain(Thread):
    """Reads a source into the rings of its streams, one a region, until the source ends or ``stop`` is called."""

    def __init__(self, streams: Sequence[Stream], *, realtime: bool) -> None:
        """streams: of one source, in the order of its regions. realtime: frames of a file come when they are due."""
        self.streams, self.source = streams, streams[0].source
        super().__init__(name=f"drain {self.source.name}", daemon=True)  # one that hangs does not keep the program
        self.realtime = realtime and not self.source.is_live
        self.stopping = Event()
        self.began = 0.0  # time.monotonic() of the first frame
        self.number = 0  # the next frame has it
        self.offset = 0.0  # seconds of the first frame since the last connection
        self.last = 0.0  # seconds of the last frame
        self.timing = Timing(None, by_number=False)
        self.shown = set[str]()  # streams that showed something since the last connection

    def stop(self) -> None:
        """The source is not read any more; the rings keep what they have."""
        self.stopping.set()
        for stream in self.streams:
            stream.ring.close()
        self._end()

    def run(self) -> None:
        """What the thread does. Whatever happens, its streams end: a session waits for them."""
        try:
            self._read_again()
        except Exception as fault:
            self._end(f"{type(fault).__name__}: {fault}")
            raise

    def _read_again(self) -> None:
        """Reads until the source ends, connecting again where it is live."""
        wait, error = FIRST_WAIT_SECONDS, ""
        while not self.stopping.is_set():
            before = self.number
            try:
                self._read()
                break
            except (BadVideo, OSError) as lost:
                error = str(lost)
            except ValueError as refused:  # it will not change
                self._end(str(refused))
                return
            if not self.source.is_live:
                self._end(error)
                return
            wait = FIRST_WAIT_SECONDS if self.number > before else wait
            self._wait(error, wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        self._end()

    def _end(self, error: str = "") -> None:
        if error and not self.stopping.is_set():
            logger.warning("%s", about(self.source.name, error))
        for stream in self.streams:
            stream.end(error)

    def _wait(self, error: str, seconds: float) -> None:
        for stream in self.streams:
            stream.set_state("waiting", error)
        logger.warning("%s: %s; connecting again in %.1f s", self.source.name, error, seconds)
        self.stopping.wait(seconds)
        for stream in self.streams if not self.stopping.is_set() else ():
            stream.set_state("connecting", error)

    def _read(self) -> None:
        """Reads until the connection ends. Raises: what the source raises."""
        self.timing, is_first = Timing(None, by_number=False), True
        before = time.thread_time()
        for shown in self.source.frames(self._told):
            arrived = self._due(shown)
            for stream in self.streams:
                stream.read_seconds += (time.thread_time() - before) / len(self.streams)
            if is_first:
                self._begin(arrived)
            is_first = False
            if not self._put(shown, arrived):
                return
            before = time.thread_time()

    def _told(self, timing: Timing) -> None:
        self.timing = timing

    def _begin(self, arrived: float) -> None:
        if self.number:
            for stream in self.streams:
                stream.num_reconnects += 1
            logger.warning("%s: connected again", self.source.name)
        self.began = self.began or arrived
        self.offset = arrived - self.began if self.source.is_live else 0.0
        self.last = self.offset - 1.0
        self.shown.clear()

    def _put(self, shown: Shown, arrived: float) -> bool:
        """Whether more is wanted. A frame that is not later than the one before has no place in time."""
        seconds = arrived - self.began if shown.seconds is None else self.offset + shown.seconds
        if self.stopping.is_set() or seconds <= self.last:
            return not self.stopping.is_set()
        self.last = seconds
        for stream, part in zip(self.streams, shown.parts, strict=True):
            if part is not None:
                self._start(stream, seconds)
                stream.put(Frame(self.number, seconds, arrived, part.picture, part.view))
            elif stream.name in self.shown:  # it has left
                stream.end()
        self.number += 1
        return not self.stopping.is_set() and any(stream.end_seconds is None for stream in self.streams)

    def _start(self, stream: Stream, seconds: float) -> None:
        """A stream begins with the first frame that shows it."""
        if stream.name not in self.shown:
            self.shown.add(stream.name)
            stream.begin(self.timing, seconds)

    def _due(self, shown: Shown) -> float:
        """Now; under ``realtime`` not before the frame is due."""
        if self.realtime and self.began and shown.seconds:
            self.stopping.wait(max(0.0, self.began + shown.seconds - time.monotonic()))
        return time.monotonic()
