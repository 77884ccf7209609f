"""Events as POST requests, one JSON object each."""

import json
import logging
import time
import urllib.request
from typing import Any

from videoai.live.sender import Sender

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
ATTEMPTS = 3


class Webhook(Sender):
    """Posts each event to a URL."""

    def __init__(self, url: str) -> None:
        super().__init__("webhook")
        self.url = url

    def deliver(self, line: dict[str, Any]) -> bool:
        """Three attempts."""
        body, error = json.dumps(line, ensure_ascii=False).encode(), ""
        for attempt in range(ATTEMPTS):
            request = urllib.request.Request(self.url, data=body, headers={"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
                    return True
            except (OSError, ValueError) as refused:
                error = str(refused)
            time.sleep(0.2 * 2**attempt)
        if not self.num_lost:
            logger.warning("webhook: an event was not taken: %s", error)  # the URL may hold a key
        return False
