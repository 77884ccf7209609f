"""What ``predict`` says of one video: ranked classes and, for long videos, a timeline of windows."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from videoai.core.types import Prediction
from videoai.inference.annotate import Caption


class Windows(NamedTuple):
    """What a model said of the windows of one video."""

    path: str
    duration_seconds: float
    spans: list[tuple[float, float]]  # [W], start and end in seconds; a single one over a short video
    scores: Tensor  # float [W, K], as the task reads the model's outputs

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
    """A stretch of a video and its best class."""

    start_seconds: float
    end_seconds: float
    label: str
    probability: float
    labels: tuple[str, ...] | None = None  # where several may hold: those at the threshold or above, best first


class RankedClasses(NamedTuple):
    """The answer of tasks with classes."""

    path: str
    duration_seconds: float
    top: list[Prediction]
    timeline: list[Window]  # empty for short videos
    labels: tuple[str, ...] | None = None  # as for Window; among all classes, not only those in top
    threshold: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON."""
        top: list[dict[str, Any]] = [{"label": p.name, "probability": round(p.probability, 6)} for p in self.top]
        record: dict[str, Any] = {"path": self.path, "duration_seconds": round(self.duration_seconds, 3), "top": top}
        timeline = [{**w._asdict(), "probability": round(w.probability, 6)} for w in self.timeline]
        if self.labels is not None:
            top[:] = [{**answer, "predicted": answer["label"] in self.labels} for answer in top]
            record |= {"multi_label": True, "threshold": self.threshold, "labels": list(self.labels)}
        else:
            timeline = [{key: value for key, value in window.items() if key != "labels"} for window in timeline]
        return record | ({"timeline": timeline} if timeline else {})

    def captions(self) -> list[Caption]:
        """Each window's label, or the one answer all along; in multi-label tasks the predicted labels."""
        if not self.timeline:
            best = self.top[0]
            return [Caption(0.0, float("inf"), _caption(best.name, best.probability, self.labels))]
        return [
            Caption(w.start_seconds, w.end_seconds, _caption(w.label, w.probability, w.labels)) for w in self.timeline
        ]


def ranked(
    windows: Windows, whole: Tensor, classes: list[str], *, top_k: int, threshold: float | None = None
) -> RankedClasses:
    """The answer from scores of windows, [W, K], and of the whole video, [K]. threshold: of each label that may hold
    beside others; None = exactly one holds."""
    values, best = whole.topk(min(top_k, len(whole)))
    pairs = zip(best.tolist(), values.tolist(), strict=True)
    top = [Prediction(label, classes[label], value) for label, value in pairs]
    timeline = _timeline(windows, classes, threshold) if windows.is_timeline else []
    present = _labels(whole, classes, threshold)
    return RankedClasses(windows.path, windows.duration_seconds, top, timeline, present, threshold)


def _timeline(windows: Windows, classes: list[str], threshold: float | None) -> list[Window]:
    values, labels = windows.scores.max(1)
    rows = zip(windows.spans, labels.tolist(), values.tolist(), windows.scores, strict=True)
    return [
        Window(round(start, 3), round(end, 3), classes[label], value, _labels(row, classes, threshold))
        for (start, end), label, value, row in rows
    ]


def _labels(scores: Tensor, classes: list[str], threshold: float | None) -> tuple[str, ...] | None:
    if threshold is None:
        return None
    values, labels = scores.sort(descending=True, stable=True)
    return tuple(classes[label] for label in labels[values >= threshold].tolist())


def _caption(best: str, probability: float, labels: Sequence[str] | None) -> str:
    return ", ".join(labels) if labels else f"{best}  {probability:.0%}"
