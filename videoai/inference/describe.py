"""One video through several models at once: their answers, its shots, and the frames that show it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from videoai.core.progress import counting
from videoai.data.decode import Video, open_video
from videoai.inference.key_frames import Moment, key_moments
from videoai.inference.look import EveryFrame, Pooled, Seen, WindowWatcher, watch
from videoai.inference.predict import Predictor
from videoai.inference.shots import SHORT_SIDE, CutFinder, shots_between

SPREAD_SECONDS = (
    4.0  # windows of a model whose clip is spread over a video: about what a Kinetics clip shows of one act
)
PICTURE_SIDE = 360  # pixels of a key frame's short side at most
QUALITY = 85  # JPEG


class KeyFrame(NamedTuple):
    """A picture of a moment."""

    moment: Moment
    jpeg: bytes


class Contents(NamedTuple):
    """What is in one video."""

    facts: dict[str, Any]  # what the file is
    seen: list[Seen]  # one a model
    shots: list[tuple[float, float]]
    key_frames: list[KeyFrame]


@dataclass(frozen=True, kw_only=True)
class Describer:
    """Models that look at videos together."""

    predictors: Sequence[Predictor]
    shot_threshold: float | None  # None = nobody looks for cuts
    num_key_frames: int

    chooser: int  # the number of the model whose features choose key frames
    pooled: Pooled  # reads them

    def __call__(self, path: str) -> Contents:
        """Raises: BadVideo."""
        with open_video(path, frame_fps=self.predictors[0].reading.get("frame_fps")) as video:
            return self._of(video, path)

    def _of(self, video: Video, path: str) -> Contents:
        finder = None if self.shot_threshold is None else CutFinder(video.fps, self.shot_threshold)
        watchers = [
            WindowWatcher(one, video, path, pooled=self.pooled if at == self.chooser else None)
            for at, one in enumerate(self.predictors)
        ]
        side = min(SHORT_SIDE, video.height, video.width)
        with counting(f"describe {os.path.basename(path)}", video.num_frames, "frames") as add:
            watch(video, [*watchers, *([EveryFrame(side, finder.add)] if finder else [])], add)
        seen = [one.seen() for one in watchers]
        shots = shots_between(finder.cuts if finder else [], video.timestamps, video.duration_seconds)
        return Contents(facts_of(video), seen, shots, self._key_frames(video, seen, shots))

    def _key_frames(self, video: Video, seen: Sequence[Seen], shots: Sequence[tuple[float, float]]) -> list[KeyFrame]:
        features, spans = seen[self.chooser].features, seen[self.chooser].spans
        if not self.num_key_frames or features is None:
            return []
        moments = key_moments(features.numpy(), spans, shots, self.num_key_frames)
        return [KeyFrame(moment, picture(video, moment.seconds)) for moment in moments]


def new_describer(predictors: Sequence[Predictor], *, shot_threshold: float | None, num_key_frames: int) -> Describer:
    """Key frames are chosen by the first model whose head reads pooled features; where none does, by the scores of the
    first."""
    pooled = [Pooled(one) for one in predictors]
    chooser = next((at for at, one in enumerate(pooled) if one.kind == "pooled"), 0)
    return Describer(
        predictors=[with_windows(one) for one in predictors],
        shot_threshold=shot_threshold,
        num_key_frames=num_key_frames,
        chooser=chooser,
        pooled=pooled[chooser],
    )


def with_windows(predictor: Predictor) -> Predictor:
    """The predictor with windows of a length; a clip spread over a whole film would say nothing of its parts."""
    if predictor.task.per_frame or predictor.window_seconds or predictor.model.clip.sampling == "dense":
        return predictor
    return replace(predictor, window_seconds=SPREAD_SECONDS)


def facts_of(video: Video) -> dict[str, Any]:
    """Plain data on a file."""
    return {
        "path": video.path,
        "duration_seconds": round(video.duration_seconds, 3),
        "fps": round(video.fps, 6),
        "num_frames": video.num_frames,
        "width": video.width,
        "height": video.height,
    }


def picture(video: Video, seconds: float) -> bytes:
    """What is shown at a time, as JPEG."""
    from PIL import Image

    number = max(0, int(np.searchsorted(video.timestamps, seconds, side="right")) - 1)
    frame = video.frames([number], size=min(PICTURE_SIDE, video.height, video.width))[0]
    buffer = BytesIO()
    Image.fromarray(frame.permute(1, 2, 0).contiguous().numpy()).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
