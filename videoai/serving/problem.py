"""A request that is refused: what the client reads, and nothing of this machine."""

from videoai.data.media import BadVideo

# Where the bytes are no video at all; one that is broken or beyond a limit is 422.
STATUS_OF = {"empty": 400, "unknown_format": 415}


class Problem(Exception):
    """An answer other than 200. ``reason``: one word, for programs."""

    def __init__(self, status: int, reason: str, message: str, *, retry_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.retry_seconds = status, reason, retry_seconds

    def to_dict(self) -> dict[str, str]:
        """The body of the answer."""
        return {"reason": self.reason, "error": str(self)}

    def headers(self) -> dict[str, str]:
        """Those beside the usual ones."""
        return {} if self.retry_seconds is None else {"Retry-After": str(self.retry_seconds)}


def of_bad_video(bad: BadVideo, name: str) -> Problem:
    """``name``: what the client calls the file; its path here is nobody's business."""
    shown = BadVideo(name, bad.reason, bad.stage, bad.detail.replace(bad.path, name))
    return Problem(STATUS_OF.get(bad.reason, 422), bad.reason, str(shown))
