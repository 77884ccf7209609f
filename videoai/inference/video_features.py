"""A video as the sequence of features that a localiser learned from: the recorded network over its windows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import center_crop
from videoai.data.decode import Video
from videoai.data.decode.features import FeatureVideo
from videoai.data.feature_sequences import sequence_of
from videoai.data.normalize import ToModelInput
from videoai.data.sampling import span_frames
from videoai.data.timeline import places_of
from videoai.data.windows import sliding_windows
from videoai.engine.precision import Precision
from videoai.inference.features import Encoder, FeatureLayer
from videoai.inference.recorded_encoder import open_recorded
from videoai.inference.score import ForwardPasses

KEY = "features"  # in a checkpoint: what made the features that it learned from
WINDOWS = ("window_seconds", "stride_seconds")
WINDOWS_PER_PASS = 8  # clips in memory at a time


@dataclass(frozen=True, kw_only=True)
class VideoEncoder:
    """Features as ``features extract`` makes them."""

    forward: ForwardPasses
    clip: ClipSpec
    window_seconds: float | None  # None = what one clip spans
    stride_seconds: float | None  # None = windows side by side

    @classmethod
    def of(cls, encoder: Encoder, facts: Mapping[str, Any], precision: Precision) -> Self:
        """facts: of the table that was made with it. Raises: ValueError: no such layer, or facts that are damaged."""
        try:
            clip = ClipSpec(**facts["clip"])
            windows = {key: float(facts[key]) if facts[key] is not None else None for key in WINDOWS}
        except (KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint does not say how its features were made: {error}") from error
        layer = precision.place(FeatureLayer(encoder.network, str(facts["layer"])))
        passes = ForwardPasses(layer.eval(), ToModelInput(clip).to(precision.device), precision, WINDOWS_PER_PASS)
        return cls(forward=passes, clip=clip, **windows)

    def __call__(self, video: Video, path: str) -> FeatureVideo:
        """Raises: BadVideo: a window that cannot be read."""
        length = self.window_seconds or span_frames(self.clip, video.fps) / video.fps
        stride = self.stride_seconds or length
        spans = sliding_windows(0.0, video.duration_seconds, length, stride)
        features = np.concatenate([self._features(video, path, part) for part in chunks(spans)])
        return FeatureVideo(path, sequence_of(features, np.array(spans), stride, path))

    @torch.inference_mode()
    def _features(self, video: Video, path: str, spans: Sequence[tuple[float, float]]) -> np.ndarray:
        """float32 [W, D]."""
        indices = [places_of(video, self.clip, path, *span)[0] for span in spans]
        frames = center_crop(video.frames(torch.cat(indices), size=self.clip.short_side), self.clip.size)
        return self.forward(frames.reshape(len(spans), -1, *frames.shape[1:])).cpu().numpy()


def learned_features(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """What made the features that a checkpoint learned from; {} = it reads pixels. Raises: ValueError: damaged."""
    learned = state.get(KEY) or {}
    if not isinstance(learned, Mapping):
        raise ValueError(f"checkpoint: {KEY} is {str(learned)[:40]!r}, and should say how features were made.")
    return learned


def encoder_of(
    state: Mapping[str, Any],
    checkpoint: str,
    precision: Precision,
    *,
    given: str | None = None,
    trust: Sequence[str] = (),
) -> VideoEncoder | None:
    """What makes the features of videos for a checkpoint that learned from features; None = it reads pixels.

    Args:
        state: the content of ``checkpoint``.
        given: where the network lies, the setting ``encoder``; None = where the checkpoint says.
    Raises: OSError, ValueError: the network is not there, or another one.
    """
    if not (learned := learned_features(state)):
        if given:
            raise ValueError(f"encoder={given}: {checkpoint} reads pixels and needs none. Leave it out.")
        return None
    network = open_recorded(learned, f"what {checkpoint} learned from", given, key="encoder", trust=trust)
    return VideoEncoder.of(network, learned, precision)


def chunks(spans: Sequence[tuple[float, float]]) -> Iterator[Sequence[tuple[float, float]]]:
    """Those that are looked at together."""
    for start in range(0, len(spans), WINDOWS_PER_PASS):
        yield spans[start : start + WINDOWS_PER_PASS]
