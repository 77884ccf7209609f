"""Answers for files: the ranked classes of a video and, for long ones, a timeline of windows. Memory does not grow
with length."""

import logging
import os
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor

from videoai.core.messages import command_line
from videoai.core.paths import display_path
from videoai.data.augment.transforms import center_crop
from videoai.data.decode import Video
from videoai.data.faces.crop import open_shown
from videoai.data.lists.class_folders import videos_below
from videoai.data.lists.split_folders import holds_frames
from videoai.data.normalize import ToModelInput
from videoai.data.sampling import frame_step, span_frames, window_seconds
from videoai.data.sound import sound_of
from videoai.data.timeline import places_of
from videoai.data.windows import sliding_windows
from videoai.engine.precision import Precision
from videoai.inference.answer import Answer, Windows
from videoai.inference.load import LoadedModel
from videoai.models.late_fusion import outputs_of

logger = logging.getLogger(__name__)

LIVE = frozenset(("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt"))  # schemes of streams
TAKEN = "takes a file, a folder, or a pattern in quotes"
LONG = 2.0  # a video longer than this many clips gets a timeline
WINDOWS_PER_PASS = 8  # clips in memory at a time


class Answers(Protocol):
    """What a predictor needs from a task."""

    per_frame: ClassVar[bool]  # an answer for each frame of a clip, so that windows overlap

    def activated(self, outputs: Tensor) -> Tensor: ...

    def answer(self, windows: Windows, outputs: list[str], *, top_k: int) -> Answer: ...


class Seen(NamedTuple):
    """Some windows of a video."""

    clips: Tensor  # uint8 [W, T, C, H, W]
    sounds: Tensor | None  # float [W, M, S]; None = the model only sees
    seconds: Tensor  # float64 [W, T], when each frame is


@dataclass(kw_only=True)
class Predictor:
    """A loaded model that looks at the windows of a file, and its task, which answers."""

    model: LoadedModel
    task: Answers
    to_input: ToModelInput
    precision: Precision
    top_k: int = 5
    thresholds: Sequence[float] = ()  # from which score on each class holds; () = the task knows
    window_seconds: float | None = None  # None = what one clip of the model spans
    hop_seconds: float | None = None  # None = window_seconds: windows side by side
    reading: Mapping[str, Any] = field(default_factory=dict)  # options of open_shown
    encoder: Callable[[Video, str], Video] | None = None  # makes the features that the model reads; None = it has them
    tables: Mapping[str, str] = field(default_factory=dict)  # where the features of some videos are, by their paths

    def __call__(self, path: str) -> Answer:
        """Raises: BadVideo."""
        with open_shown(self.tables.get(path, path), **self.reading) as video:
            return self.of(video, path)

    def of(self, video: Video, path: str) -> Answer:
        """The answer for an open video; ``path`` names it. Raises: BadVideo."""
        video = self.encoder(video, path) if self.encoder else video
        spans = self.windows(video)
        parts = [self._looked_at(video, path, part) for part in chunks(spans)]
        scores, seconds = (torch.cat(column) for column in zip(*parts, strict=True))
        return self.answer(video, path, spans, scores, seconds)

    def answer(
        self, video: Video, path: str, spans: list[tuple[float, float]], scores: Tensor, seconds: Tensor
    ) -> Answer:
        """What the task says of all windows: ``spans``, and for each what ``scores`` and ``places`` give."""
        windows = Windows(path, video.duration_seconds, spans, scores, seconds, self.frame_rate(video), self.thresholds)
        return self.task.answer(windows, self.model.classes, top_k=self.top_k)

    def frame_rate(self, video: Video) -> float:
        """Frames of a clip a second."""
        return video.fps / frame_step(self.model.clip, video.fps)

    def windows(self, video: Video) -> list[tuple[float, float]]:
        """(start, end) in seconds; a single one over the whole video when it is short."""
        clip, duration = self.model.clip, video.duration_seconds
        if self.task.per_frame:
            length = window_seconds(clip, video.fps)
            return sliding_windows(0.0, duration, length, length / 2)
        length = self.window_seconds or (
            span_frames(clip, video.fps) / video.fps if clip.sampling == "dense" else duration
        )
        if duration <= (length if self.window_seconds else LONG * length):
            return [(0.0, duration)]
        return sliding_windows(0.0, duration, length, self.hop_seconds or length)

    def _looked_at(self, video: Video, path: str, windows: list[tuple[float, float]]) -> tuple[Tensor, Tensor]:
        """float [W, K] or [W, K, T], and the time of each frame, float64 [W, T]."""
        seen = self.seen(video, path, windows)
        return self.scores(seen.clips, seen.sounds), seen.seconds

    def seen(self, video: Video, path: str, windows: list[tuple[float, float]]) -> Seen:
        """What the network is given of these windows; needs no network. Raises: BadVideo."""
        indices, seconds = zip(*(self.places(video, path, *window) for window in windows), strict=True)
        frames = self.cropped(video.frames(torch.cat(indices), size=self.model.clip.short_side))
        clips = frames.reshape(len(windows), -1, *frames.shape[1:])
        return Seen(clips, self.sounds(video, seconds), torch.stack(seconds))

    def sounds(self, video: Video, seconds: Sequence[Tensor]) -> Tensor | None:
        """The sound of windows whose frames are shown at these times, float [W, M, S]; None for a model that only sees.
        Raises: BadVideo."""
        if self.model.clip.sound is None:
            return None
        sounds = torch.stack([sound_of(video, one.tolist(), self.model.clip) for one in seconds])
        if sounds.isnan().any():
            logger.warning("%s: no sound, so the answer is by the picture alone", display_path(video.path))
        return sounds

    def cropped(self, frames: Tensor) -> Tensor:
        """uint8 [T, C, H, W] of the clip's short side -> its centre."""
        return center_crop(frames, self.model.clip.size)

    @torch.inference_mode()
    def scores(self, clips: Tensor, sound: Tensor | None = None) -> Tensor:
        """uint8 [W, T, C, H, W], float [W, M, S] -> float [W, K] or [W, K, T], as the task reads the outputs."""
        heard = None if sound is None else sound.to(self.precision.device)
        with self.precision.autocast():
            outputs = outputs_of(self.model, self.precision.place_video(self.to_input.normalized(clips)), heard)
        if not self.task.per_frame:
            check_outputs(outputs, len(clips), self.model)
        return self.task.activated(outputs.float()).cpu()

    def places(self, video: Video, path: str, start_seconds: float, end_seconds: float) -> tuple[Tensor, Tensor]:
        """The frames of a window and their times, [T]."""
        return places_of(video, self.model.clip, path, start_seconds, end_seconds)


def check_outputs(outputs: object, num_windows: int, model: LoadedModel) -> None:
    """Raises: ValueError: other outputs than those of training, or numbers that are not finite."""
    name, wanted = type(model.model).__name__, [num_windows, len(model.classes)]
    if not isinstance(outputs, Tensor) or list(outputs.shape) != wanted:
        given = list(outputs.shape) if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
        raise ValueError(f"model {name}: returns {given}, and as trained it returned {wanted}, one for each class.")
    if not outputs.isfinite().all():
        raise ValueError(f"model {name}: its outputs are not finite, so there is no answer.")


def find_videos(pattern: str, extensions: Collection[str], key: str = "input") -> list[str]:
    """A file or folder of numbered images, every video below another folder, or what a glob matches, in that sense;
    sorted, links are followed.

    Args:
        key: the setting that names it.
    Raises: FileNotFoundError: nothing there. ValueError: a URL, a live stream or a camera.
    """
    import glob

    check_is_local(pattern, key)
    matches = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise FileNotFoundError(f"{key}={pattern}: no such file, folder or match. Quote a glob: {key}='clips/*.mp4'")
    videos: dict[str, None] = {}  # a glob may match a folder and what is in it
    for match in matches:
        is_folder = os.path.isdir(match) and not holds_frames(match)
        videos |= dict.fromkeys(sorted(videos_below(match, extensions, Counter())) if is_folder else [match])
    if not videos:
        raise FileNotFoundError(f"{key}={pattern}: no video there (looked for {', '.join(sorted(extensions))}).")
    return list(videos)


def check_is_local(given: str, key: str = "input") -> None:
    """Raises: ValueError: a URL, a live stream or a camera, with a command that makes a file of it."""
    scheme, has_scheme, rest = given.partition("://")
    is_camera = given.startswith("/dev/video") or (given.isdigit() and not os.path.exists(given))
    if is_camera or (has_scheme and scheme.lower() in LIVE):
        kind = "cameras" if is_camera else "live streams"
        stream = command_line("stream", "checkpoint=PATH", f"source={given}")
        raise ValueError(f"{key}={given}: {kind} are read by videoai stream. {key} {TAKEN}. See them live: {stream}")
    if has_scheme and scheme.lower() in ("http", "https"):
        name = os.path.basename(rest.partition("?")[0]) if "/" in rest else ""
        what, file = "URLs are not read", name or "video.mp4"
        record = ["curl", "-L", "-o", file, given]
    elif has_scheme and not os.path.exists(given):
        raise ValueError(f"{key}={given}: {scheme}:// is not read. {key} {TAKEN}; copy the videos here first.")
    else:
        return
    raise ValueError(
        f"{key}={given}: {what}. {key} {TAKEN}. Make a file first, {shlex.join(record)}, then {key}={shlex.quote(file)}"
    )


def chunks(windows: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """As many as are in memory at a time."""
    for start in range(0, len(windows), WINDOWS_PER_PASS):
        yield windows[start : start + WINDOWS_PER_PASS]
