"""What ``predict`` says of one video where the answer is numbers, or several answers side by side."""

from typing import Any, NamedTuple

from videoai.inference.answer import Windows
from videoai.inference.panel import Caption


class ValueWindow(NamedTuple):
    """A stretch of a video and its answer."""

    start_seconds: float
    end_seconds: float
    said: dict[str, Any]  # plain data, by target
    text: str


class ValueAnswer(NamedTuple):
    """The answer of tasks whose targets have names."""

    path: str
    duration_seconds: float
    key: str  # what the answers are called: "values" or "heads"
    said: dict[str, Any]
    text: str
    timeline: list[ValueWindow]  # empty for short videos

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON."""
        record: dict[str, Any] = {"path": self.path, "duration_seconds": round(self.duration_seconds, 3)}
        record[self.key] = self.said
        timeline = [
            {"start_seconds": one.start_seconds, "end_seconds": one.end_seconds, self.key: one.said}
            for one in self.timeline
        ]
        return record | ({"timeline": timeline} if timeline else {})

    def captions(self) -> list[Caption]:
        """The answer of each window, or that of the whole video all along."""
        if not self.timeline:
            return [Caption(0.0, float("inf"), self.text)]
        return [Caption(one.start_seconds, one.end_seconds, one.text) for one in self.timeline]


def spans_of(windows: Windows) -> list[tuple[float, float]]:
    """Start and end of each window of a long video, to the millisecond; none of a short one."""
    return [(round(start, 3), round(end, 3)) for start, end in windows.spans] if windows.is_timeline else []
