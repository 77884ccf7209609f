"""A recorded run once more: the same windows in the same forward passes, so the same scores to the bit."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from videoai.live.recording import Recording
from videoai.live.regions import Region
from videoai.live.session import Session
from videoai.live.sources import Shown, Timing
from videoai.live.stream import Stream, Window

logger = logging.getLogger(__name__)

CHANNELS = 3


@dataclass(frozen=True)
class RecordedSource:
    """A stream that is not opened again."""

    name: str
    regions: Sequence[Region] = ()
    is_live: bool = False

    def frames(self, tell: Callable[[Timing], None]) -> Iterator[Shown]:
        """None come: windows are taken from the recording."""
        return iter(())


@dataclass(kw_only=True)
class Replay(Session):
    """Judges what was recorded. Its sources are of ``RecordedSource``, named as then."""

    recording: Recording

    def run(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[dict[str, Any]]:
        """Answers, as those of the run, but for times of the clock. Raises: ValueError: a damaged recording."""
        streams = {stream.name: stream for stream in self.streams}
        for stream in self.streams:
            stream.set_state("running")
        for line in self.recording.lines():
            if is_stopped():
                break
            if "over" in line:
                over(streams[line["over"]], line["end_seconds"], line["dropped"])
            else:
                yield from self._judged([self._window(streams[one["stream"]], one) for one in line["windows"]])
            yield from self._ended()
        else:
            self._tell_what_is_missing()
        for stream in self.streams:
            if not stream.is_over:
                over(stream, stream.judged_to, stream.dropped)
        yield from self._ended()

    def _tell_what_is_missing(self) -> None:
        for stream in self.streams:  # the run was killed, or its recording was full
            if not stream.is_over:
                logger.warning("%s: the recording ends at %.1f s, before its run did", stream.name, stream.judged_to)

    def _window(self, stream: Stream, line: dict[str, Any]) -> Window:
        side, num_frames = self.plan.clip.size, len(line["numbers"])
        stream.hop, stream.judged_to, stream.num_dropped = line["hop"], line["end"], line["dropped"]
        stream.num_frames += num_frames
        clip = self.recording.clip(line["places"], (CHANNELS, side, side))
        numbers, now = tuple(line["numbers"]), time.monotonic()
        return Window(stream, line["start"], line["end"], numbers, clip, now, line["begins"], [], line["dropped"])


def over(stream: Stream, end_seconds: float | None, dropped: int) -> None:
    """No window comes any more."""
    stream.num_dropped = dropped
    stream.end_seconds, stream.gave_last, stream.state = end_seconds or 0.0, True, "ended"
