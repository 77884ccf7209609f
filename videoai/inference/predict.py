"""Answers for files: the ranked classes of a video and, for long ones, a timeline of windows. Memory does not grow
with length."""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from videoai.core.types import Clips, ClipSpec, Prediction
from videoai.data.augment.transforms import center_crop
from videoai.data.decode import Decoder, Video, open_video
from videoai.data.lists.class_folders import holds_frames, videos_below
from videoai.data.media import BadVideo
from videoai.data.normalize import ToModelInput
from videoai.data.sampling import clip_indices, frame_range, span_frames
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel
from videoai.report.multilabel_metrics import THRESHOLD

LONG = 2.0  # a video longer than this many clips gets a timeline
WINDOWS_PER_PASS = 8  # clips in memory at a time


class Window(NamedTuple):
    """A stretch of a video and its best class."""

    start_seconds: float
    end_seconds: float
    label: str
    probability: float
    labels: tuple[str, ...] | None = None  # of a multi-label model, those at THRESHOLD or above, best first


class Answer(NamedTuple):
    """What is said of one video."""

    path: str
    duration_seconds: float
    top: list[Prediction]
    timeline: list[Window]  # empty for short videos
    labels: tuple[str, ...] | None = None  # as for Window; of all classes, not only of top

    def to_dict(self) -> dict[str, Any]:
        """Plain data for one line of JSON."""
        top: list[dict[str, Any]] = [{"label": p.name, "probability": round(p.probability, 6)} for p in self.top]
        record: dict[str, Any] = {"path": self.path, "duration_seconds": round(self.duration_seconds, 3), "top": top}
        timeline = [{**w._asdict(), "probability": round(w.probability, 6)} for w in self.timeline]
        if self.labels is not None:
            top[:] = [{**answer, "predicted": answer["label"] in self.labels} for answer in top]
            record |= {"multi_label": True, "threshold": THRESHOLD, "labels": list(self.labels)}
        else:
            timeline = [{key: value for key, value in window.items() if key != "labels"} for window in timeline]
        return record | ({"timeline": timeline} if timeline else {})


@dataclass(kw_only=True)
class Predictor:
    """A loaded model that answers for files: of one label the probabilities, averaged over windows; of several the
    highest sigmoid of each over the windows, as ``evaluate`` does with views."""

    model: LoadedModel
    to_input: ToModelInput
    precision: Precision
    top_k: int = 5
    window_seconds: float | None = None  # None = what one clip of the model spans
    hop_seconds: float | None = None  # None = window_seconds: windows side by side
    decoder: Decoder = "pyav"
    frame_fps: float | None = None  # of folders of numbered images; None = 30

    def __call__(self, path: str) -> Answer:
        """Raises: BadVideo."""
        with open_video(path, decoder=self.decoder, frame_fps=self.frame_fps) as video:
            windows = self._windows(video)
            probabilities = torch.cat([self._probabilities(video, path, part) for part in _chunks(windows)])
            duration = video.duration_seconds
        whole = probabilities.amax(0) if self.model.multi_label else probabilities.mean(0)
        return Answer(path, duration, self._ranked(whole), self._timeline(windows, probabilities), self._labels(whole))

    def _windows(self, video: Video) -> list[tuple[float, float]]:
        """(start, end) in seconds; a single one over the whole video when it is short."""
        clip, duration = self.model.clip, video.duration_seconds
        length = self.window_seconds or (
            span_frames(clip, video.fps) / video.fps if clip.sampling == "dense" else duration
        )
        if duration <= (length if self.window_seconds else LONG * length):
            return [(0.0, duration)]
        hop = self.hop_seconds or length
        count = max(1, int((duration - length) / hop + 1e-6) + 1)
        windows = [(i * hop, i * hop + length) for i in range(count)]
        rest = duration - windows[-1][1]
        return windows if rest < length / 2 else [*windows, (duration - length, duration)]  # the end is never left out

    @torch.inference_mode()
    def _probabilities(self, video: Video, path: str, windows: list[tuple[float, float]]) -> Tensor:
        """float [W, K]"""
        indices = torch.cat([self._indices(video, path, *window) for window in windows])
        frames = center_crop(video.frames(indices, size=self.model.clip.short_side), self.model.clip.size)
        stacked = frames.reshape(len(windows), -1, *frames.shape[1:])  # [W*T, C, H, W] -> [W, T, C, H, W]
        zeros = torch.zeros(len(windows), dtype=torch.int64)
        batch = self.to_input(Clips(stacked, zeros, zeros, zeros, []))
        with self.precision.autocast():
            logits = self.model(self.precision.place_video(batch.video))
        return (logits.float().sigmoid() if self.model.multi_label else logits.float().softmax(1)).cpu()

    def _indices(self, video: Video, path: str, start_seconds: float, end_seconds: float) -> Tensor:
        try:
            timestamps = torch.as_tensor(video.timestamps, dtype=torch.float64)
            first, last = frame_range(timestamps, start_seconds, end_seconds)
            return first + clip_indices(last - first, video.fps, self.model.clip)
        except ValueError as error:
            raise BadVideo(path, "short", "sample", str(error)) from error

    def _ranked(self, probability: Tensor) -> list[Prediction]:
        values, labels = probability.topk(min(self.top_k, len(probability)))
        pairs = zip(labels.tolist(), values.tolist(), strict=True)
        return [Prediction(label, self.model.classes[label], value) for label, value in pairs]

    def _labels(self, probability: Tensor) -> tuple[str, ...] | None:
        if not self.model.multi_label:
            return None
        values, labels = probability.sort(descending=True, stable=True)
        return tuple(self.model.classes[label] for label in labels[values >= THRESHOLD].tolist())

    def _timeline(self, windows: list[tuple[float, float]], probabilities: Tensor) -> list[Window]:
        if len(windows) == 1:
            return []
        values, labels = probabilities.max(1)
        return [
            Window(round(start, 3), round(end, 3), self.model.classes[label], value, self._labels(row))
            for (start, end), label, value, row in zip(
                windows, labels.tolist(), values.tolist(), probabilities, strict=True
            )
        ]


def clip_seconds(clip: ClipSpec, fps: float) -> float:
    """What one dense clip spans in a file of this rate."""
    return span_frames(clip, fps) / fps


def find_videos(pattern: str, extensions: Collection[str]) -> list[str]:
    """A file or folder of numbered images, every video below another folder, or what a glob matches, in that sense;
    sorted, links are followed.

    Raises: FileNotFoundError: nothing there.
    """
    import glob

    matches = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise FileNotFoundError(f"input={pattern}: no such file, folder or match. Quote a glob: input='clips/*.mp4'")
    found: dict[str, None] = {}  # a glob may match a folder and what is in it
    for match in matches:
        is_folder = os.path.isdir(match) and not holds_frames(match)
        found |= dict.fromkeys(sorted(videos_below(match, extensions, Counter())) if is_folder else [match])
    if not found:
        raise FileNotFoundError(f"input={pattern}: no video there (looked for {', '.join(sorted(extensions))}).")
    return list(found)


def _chunks(windows: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    for start in range(0, len(windows), WINDOWS_PER_PASS):
        yield windows[start : start + WINDOWS_PER_PASS]
