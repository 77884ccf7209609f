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

    def __init__(self, stream: Stream, *, realtime: bool, reconnect: bool) -> None:
        """realtime: frames of a file come when they are due. reconnect: a source that fails or ends is opened again."""
        super().__init__(name=f"drain {stream.name}", daemon=True)  # a source that hangs does not keep the program
        self.stream, self.realtime, self.reconnect = stream, realtime, reconnect
        self.stopping = Event()
        self.began = 0.0  # time.monotonic() of the first frame
        self.number = 0  # of the next frame

    def stop(self) -> None:
        """The source is not read any more; the ring keeps what it has."""
        self.stopping.set()
        self.stream.ring.close()
        self.stream.end()

    def run(self) -> None:
        """What the thread does."""
        wait = FIRST_WAIT_SECONDS
        while not self.stopping.is_set():
            before = self.number
            error = self._connection()
            if not self.reconnect or self.stopping.is_set():
                break
            wait = FIRST_WAIT_SECONDS if self.number > before else min(2 * wait, LONGEST_WAIT_SECONDS)
            self.stream.set_state("waiting", error or "it ended")
            logger.warning("%s: %s; connecting again in %.1f s", self.stream.name, error or "it ended", wait)
            self.stopping.wait(wait)
            self.stream.num_reconnects += 1
        else:
            error = ""
        self.stream.end(error)

    def _connection(self) -> str:
        """Reads until the connection ends; what went wrong, or nothing."""
        timing = [Timing(None, by_number=False)]
        first = True
        try:
            for shown in self.stream.source.frames(lambda told: timing.__setitem__(0, told)):
                arrived = self._due(shown)
                if first:
                    self._begin(timing[0], arrived)
                first = False
                if not self._put(shown, arrived):
                    break
        except (BadVideo, OSError, ValueError) as error:
            return str(error)
        return ""

    def _begin(self, timing: Timing, arrived: float) -> None:
        self.began = self.began or arrived
        self.offset = arrived - self.began if self.stream.source.is_live else 0.0
        self.last = self.offset
        self.stream.begin(timing, self.offset)

    def _put(self, shown: Shown, arrived: float) -> bool:
        seconds = arrived - self.began if shown.seconds is None else self.offset + shown.seconds
        frame = Frame(self.number, seconds, arrived, shown.picture)
        self.number += 1
        return not self.stopping.is_set() and self.stream.put(frame)

    def _due(self, shown: Shown) -> float:
        """Now; under ``realtime`` not before the frame is due."""
        if self.realtime and self.began and shown.seconds:
            self.stopping.wait(max(0.0, self.began + shown.seconds - time.monotonic()))
        return time.monotonic()
