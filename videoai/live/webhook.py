"""Events sent to a server as they happen, one JSON object a request."""

import json
import logging
import time
import urllib.request
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

logger = logging.getLogger(__name__)

WAITING = 1000  # events
TIMEOUT_SECONDS = 5.0
ATTEMPTS = 3
LAST_SECONDS = 10.0  # for what waits when the stream is over


class Webhook(Thread):
    """Posts events in a thread, in order. One that cannot be sent is counted and left out."""

    def __init__(self, url: str) -> None:
        super().__init__(name="webhook", daemon=True)
        self.url = url
        self.waiting = Queue[dict[str, Any] | None](WAITING)
        self.num_lost = self.num_sent = 0
        self.latest = float("inf")  # time.monotonic() at which to give up

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
            self.join(LAST_SECONDS + TIMEOUT_SECONDS)
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
            error = "no time left" if time.monotonic() > self.latest else self._post(line)
            if not error:
                self.num_sent += 1
                continue
            if not self.num_lost:
                logger.warning("webhook: an event was not taken: %s", error)  # the URL may hold a key
            self.num_lost += 1

    def _post(self, line: dict[str, Any]) -> str:
        """What went wrong, or nothing."""
        body, error = json.dumps(line, ensure_ascii=False).encode(), ""
        for attempt in range(ATTEMPTS):
            request = urllib.request.Request(self.url, data=body, headers={"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
                    return ""
            except (OSError, ValueError) as refused:
                error = str(refused)
            time.sleep(0.2 * 2**attempt)
        return error
