"""Events that leave this machine, one after the other, in a thread of their own."""

import time
from abc import ABC, abstractmethod
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

WAITING = 1000  # events
LAST_SECONDS = 10.0  # for what waits when the stream is over
STOP_SECONDS = 5.0  # for what is on its way then


class Sender(Thread, ABC):
    """Sends events in order. One that cannot be sent, or finds no room to wait, is counted and left out."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.waiting = Queue[dict[str, Any] | None](WAITING)
        self.num_lost = self.num_sent = 0
        self.latest = float("inf")  # time.monotonic() at which to give up

    @abstractmethod
    def deliver(self, line: dict[str, Any]) -> bool:
        """Send one line; False = it was not taken, and why was logged."""

    def send(self, line: dict[str, Any]) -> None:
        """A line that is an event."""
        try:
            self.waiting.put_nowait(line)
        except Full:
            self.num_lost += 1

    def close(self) -> None:
        """What waits is sent, for ten seconds at most."""
        self.latest = time.monotonic() + LAST_SECONDS
        try:
            self.waiting.put(None, timeout=LAST_SECONDS)
            self.join(LAST_SECONDS + STOP_SECONDS)
        except Full:
            pass
        while True:
            try:
                self.num_lost += self.waiting.get_nowait() is not None
            except Empty:
                break

    def run(self) -> None:
        """What the thread does."""
        while (line := self.waiting.get()) is not None:
            if time.monotonic() <= self.latest and self.deliver(line):
                self.num_sent += 1
            else:
                self.num_lost += 1
