"""What ``predict`` says of one video: ranked classes and, for long videos, a timeline of windows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from videoai.core.types import Prediction
from videoai.inference.panel import Bar, Caption

NUM_BARS = 3  # classes that a labelled video shows at a time


class Windows(NamedTuple):
    """What a model said of the windows of one video."""

    path: str
    duration_seconds: float
    spans: list[tuple[float, float]]  # [W], start and end in seconds; a single one over a short video
    scores: Tensor  # float [W, K], as the task reads the model's outputs; [W, K, T] of a task of frames
    seconds: Tensor  # float64 [W, T], when each frame of a window is
    rate: float  # frames of a clip a second
    thresholds: Sequence[float] = ()  # [K], from which score on each holds; () = the task knows

    @property
    def is_timeline(self) -> bool:
        """Whether the video is long enough for more than one answer."""
        return len(self.spans) > 1


class Answer(Protocol):
    """What a task says of one video."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON; holds ``path``."""
        ...

    def captions(self) -> list[Caption]:
        """What is drawn on a labelled copy, and from when to when."""
        ...


class Window(NamedTuple):
    """A stretch of a video and its best classes."""

    start_seconds: float
    end_seconds: float
    top: list[Prediction]  # the best first
    labels: tuple[str, ...] | None = None  # where several may hold: those at their thresholds or above, best first

    @property
    def label(self) -> str:
        """The best class."""
        return self.top[0].name

    @property
    def probability(self) -> float:
        """The probability of the best class."""
        return self.top[0].probability

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the stretch, its best class, and its labels where several may hold."""
        record: dict[str, Any] = {"start_seconds": self.start_seconds, "end_seconds": self.end_seconds}
        record |= {"label": self.label, "probability": round(self.probability, 6)}
        return record | ({} if self.labels is None else {"labels": self.labels})


class RankedClasses(NamedTuple):
    """The answer of tasks with classes."""

    path: str
    duration_seconds: float
    top: list[Prediction]
    timeline: list[Window]  # empty for short videos
    labels: tuple[str, ...] | None = None  # as for Window; among all classes, not only those in top
    thresholds: Mapping[str, float] | None = None  # each class has one, where several labels may hold

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON."""
        top: list[dict[str, Any]] = [{"label": p.name, "probability": round(p.probability, 6)} for p in self.top]
        record: dict[str, Any] = {"path": self.path, "duration_seconds": round(self.duration_seconds, 3), "top": top}
        timeline = [window.to_dict() for window in self.timeline]
        if self.labels is not None:
            top[:] = [{**answer, "predicted": answer["label"] in self.labels} for answer in top]
            record |= {"multi_label": True, **self._thresholds(top), "labels": list(self.labels)}
        return record | ({"timeline": timeline} if timeline else {})

    def _thresholds(self, top: list[dict[str, Any]]) -> dict[str, Any]:
        """``threshold``, where one holds for all; else each answer in ``top`` has its own."""
        values = dict(self.thresholds or {})
        if len(set(values.values())) == 1:
            return {"threshold": next(iter(values.values()))}
        top[:] = [{**answer, "threshold": round(values[answer["label"]], 6)} for answer in top]
        return {}

    def captions(self) -> list[Caption]:
        """The best classes of each window, or of the whole video all along."""
        if not self.timeline:
            return [Caption(0.0, float("inf"), "", _bars(self.top, self.labels))]
        return [Caption(w.start_seconds, w.end_seconds, "", _bars(w.top, w.labels)) for w in self.timeline]


def ranked(
    windows: Windows, whole: Tensor, classes: list[str], *, top_k: int, thresholds: Sequence[float] | None = None
) -> RankedClasses:
    """The answer from scores of windows, [W, K], and of the whole video, [K]. thresholds: of each label, which may hold
    beside others; None = exactly one holds."""
    top = _top(whole, classes, top_k)
    timeline = _timeline(windows, classes, top_k, thresholds) if windows.is_timeline else []
    present = _labels(whole, classes, thresholds)
    cuts = None if thresholds is None else dict(zip(classes, thresholds, strict=True))
    return RankedClasses(windows.path, windows.duration_seconds, top, timeline, present, cuts)


def _top(scores: Tensor, classes: list[str], top_k: int) -> list[Prediction]:
    values, best = scores.topk(min(top_k, len(scores)))
    pairs = zip(best.tolist(), values.tolist(), strict=True)
    return [Prediction(label, classes[label], value) for label, value in pairs]


def _timeline(windows: Windows, classes: list[str], top_k: int, thresholds: Sequence[float] | None) -> list[Window]:
    rows = zip(windows.spans, windows.scores, strict=True)
    return [
        Window(
            round(start, 3), round(end, 3), _top(row, classes, min(top_k, NUM_BARS)), _labels(row, classes, thresholds)
        )
        for (start, end), row in rows
    ]


def _labels(scores: Tensor, classes: list[str], thresholds: Sequence[float] | None) -> tuple[str, ...] | None:
    if thresholds is None:
        return None
    labels = scores.sort(descending=True, stable=True).indices.tolist()
    return tuple(classes[label] for label in labels if float(scores[label]) >= thresholds[label])


def _bars(top: Sequence[Prediction], labels: Sequence[str] | None) -> tuple[Bar, ...]:
    """labels: those that hold, where several may; None = the best one does."""
    return tuple(
        Bar(*one, is_answer=rank == 0 if labels is None else one.name in labels)
        for rank, one in enumerate(top[:NUM_BARS])
    )
