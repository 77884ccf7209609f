"""The values that pass through the pipeline, one name per layout.

Dimension key: B batch, V views, T frames, C channels, H height, W width, K classes, L tokens, N heads, D token width.

    VideoItem -> Clip (uint8 [T, C, H, W]) -> Clips (uint8 [B, T, C, H, W]) -> Batch (float [B, C, T, H, W]) ->
    Prediction
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

Sampling = Literal["dense", "uniform"]
PastEnd = Literal["repeat", "loop", "error"]
Channels = Literal["rgb", "bgr"]


SOUND_RATE = 16_000  # samples a second, as VGGish and AST take them (arXiv:1609.09430, arXiv:2104.01778)
MAX_SOUND_BINS = 4096  # a checkpoint from somebody else may ask for any number
MULTI_LABEL = -1  # stands for the label of a video that has several
CLIP_CHOICES = {"sampling": get_args(Sampling), "past_end": get_args(PastEnd), "channels": get_args(Channels)}


@dataclass(frozen=True, kw_only=True)
class SoundSpec:
    """What the sound of a clip is: a log-mel spectrogram, float32 [num_mels, num_steps]."""

    num_mels: int = 64
    num_steps: int = 128  # time steps over the clip, however long it lasts
    is_required: bool = False  # a clip without an audio stream is unreadable, because the model looks at nothing else

    def __post_init__(self) -> None:
        for name in ("num_mels", "num_steps"):
            if not 1 <= int(getattr(self, name)) <= MAX_SOUND_BINS:
                raise ValueError(f"clip.sound.{name}={getattr(self, name)}: must be 1 to {MAX_SOUND_BINS}.")

    @property
    def missing(self) -> Tensor:
        """What stands for the sound of a clip that has none: NaN, float32 [num_mels, num_steps]."""
        return torch.full((self.num_mels, self.num_steps), torch.nan)


@dataclass(frozen=True, kw_only=True)
class ClipSpec:
    """What one clip is: the facts that data and model must agree on. Travels in every checkpoint."""

    num_frames: int
    size: int  # pixels, the side of the square crop that the model sees
    stride: int = 1  # frames between two sampled frames; ignored by uniform sampling
    resize: int | None = None  # pixels, short side after decoding; None = size
    fps: float | None = None  # None = stride counts the file's own frames; else frames at this rate
    sampling: Sampling = "dense"  # dense = consecutive frames at stride; uniform = one per equal segment of the video
    past_end: PastEnd = "repeat"  # a clip longer than the video: hold the last frame, start over, or raise an error
    mean: tuple[float, float, float] = (0.45, 0.45, 0.45)  # PySlowFast's defaults, of pixels in [0, 1]
    std: tuple[float, float, float] = (0.225, 0.225, 0.225)
    channels: Channels = "rgb"  # the order that the model sees; decoders give RGB, some published weights want BGR
    features: int | None = None  # numbers of a frame, where frames are feature vectors; None = they are pictures
    sound: SoundSpec | None = None  # None = the sound is not read

    def __post_init__(self) -> None:
        if isinstance(self.sound, Mapping):  # as a checkpoint holds it
            object.__setattr__(self, "sound", SoundSpec(**self.sound))
        object.__setattr__(self, "resize", self.resize or self.size)
        for name in ("mean", "std", "channels"):
            if getattr(self, name) is None:  # null in YAML: the default
                object.__setattr__(self, name, getattr(ClipSpec, name))
        object.__setattr__(self, "mean", tuple(self.mean))
        object.__setattr__(self, "std", tuple(self.std))
        for name in ("num_frames", "size", "stride"):
            if int(getattr(self, name)) < 1:
                raise ValueError(f"clip.{name}={getattr(self, name)}: must be at least 1.")
        if self.short_side < self.size:
            raise ValueError(
                f"clip.resize={self.resize} is smaller than clip.size={self.size}: the crop would not fit."
            )
        for name, allowed in CLIP_CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"clip.{name}={getattr(self, name)!r}: choose from {', '.join(allowed)}.")

    @property
    def short_side(self) -> int:
        """Pixels, the short side that the decoder scales to."""
        return self.resize or self.size

    @property
    def num_channels(self) -> int:
        """C: 3 colours, or the numbers of a feature vector."""
        return self.features or 3

    def blank(self) -> Tensor:
        """What stands for a clip that cannot be read: zeros [T, C, size, size], uint8, or float32 of features."""
        kind = torch.float32 if self.features else torch.uint8
        return torch.zeros(self.num_frames, self.num_channels, self.size, self.size, dtype=kind)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a checkpoint; what is no clip of features, or has no sound, does not mention them."""
        facts = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in facts.items() if key not in ("features", "sound") or value is not None}


class LabelSpan(NamedTuple):
    """One of the labels of a clip that has several, and when it holds; or a label of which nothing is known."""

    label: int
    start_seconds: float = 0.0  # in the file, as for VideoItem
    end_seconds: float | None = None  # None = to the end of the file
    is_known: bool = True  # False = nobody said whether the clip has it


class VideoItem(NamedTuple):
    """One labelled stretch of one video file."""

    path: str
    label: int  # MULTI_LABEL where spans hold the labels
    start_seconds: float = 0.0
    end_seconds: float | None = None  # None = to the end of the file
    group: str | None = None  # clips of one group (source video, person) never cross a split
    spans: tuple[LabelSpan, ...] | None = None  # multi-label sets: any number of them; None = the one label
    values: tuple[float | None, ...] = ()  # one for each column of targets of the manifest; None = missing

    @property
    def labels(self) -> tuple[int, ...]:
        """Every label of the item once, in order: its only one, or those of its spans."""
        if self.spans is None:
            return (self.label,)
        return tuple(sorted({span.label for span in self.spans if span.is_known}))

    @property
    def unknown(self) -> tuple[int, ...]:
        """The labels of which nobody said whether the item has them, in order."""
        return tuple(sorted({span.label for span in self.spans or () if not span.is_known}))

    def spans_between(self, first_seconds: float, last_seconds: float) -> tuple[LabelSpan, ...]:
        """The spans that hold at some moment between the two, which belong to it."""
        return tuple(
            span
            for span in self.spans or ()
            if span.is_known
            and span.start_seconds <= last_seconds
            and (span.end_seconds is None or first_seconds <= span.end_seconds)
        )

    def labels_between(self, first_seconds: float, last_seconds: float) -> tuple[int, ...]:
        """As ``labels``, of these spans alone."""
        return tuple(sorted({span.label for span in self.spans_between(first_seconds, last_seconds)}))


@dataclass(frozen=True, slots=True)
class Op:
    """One operation on the pixels of a clip: drawn in the worker, applied on the device."""

    name: str  # a key of data.augment.operations.OPERATIONS
    values: tuple[float, ...] = ()


# (uint8 [n, T, C, H, W], values [n, V]) -> the new pixels
Kernel = Callable[[Tensor, Tensor], Tensor]


class Turn(NamedTuple):
    """One operation of every clip of a batch that has one, sorted by kernel (data/augment/operations.py)."""

    order: Tensor | None  # int64 [B], the clip that moves to each place; None = they stay
    kernels: Sequence[tuple[Kernel, int]]  # and how many clips each takes, one after the other from the first place on
    values: Tensor  # float32 [n, V], for the clips that have an operation

    def to(self, device: torch.device) -> "Turn":
        """Likewise moved without waiting."""
        order = None if self.order is None else self.order.to(device, non_blocking=True)
        return self._replace(order=order, values=self.values.to(device, non_blocking=True))


class Clip(NamedTuple):
    """What a dataset yields: one decoded view of one video, on the CPU."""

    video: Tensor  # uint8 [T, C, H, W], RGB
    label: int | Tensor  # the task's target: in a multi-label set float [K], 0 or 1
    index: int  # position of the video in its split
    view: int  # 0 .. V-1 in evaluation, 0 in training
    error: str = ""  # why the video could not be read; "" = it could
    ops: tuple[Op, ...] = ()  # still to be carried out, in this order
    sound: Tensor | None = None  # float32 [M, S], NaN where the file has none; None = it was not asked for


class Clips(NamedTuple):
    """Collated clips as they cross to the device: a quarter of the bytes of floats."""

    video: Tensor  # uint8 [B, T, C, H, W]
    label: Tensor  # int64 [B], or float [B, K]: of 0 and 1 in a multi-label set, of numbers in others
    index: Tensor  # int64 [B]
    view: Tensor  # int64 [B]
    error: list[str]
    ops: Sequence[Turn] = ()  # still to be carried out, in this order
    sound: Tensor | None = None  # float32 [B, M, S]; a clip of NaN has none

    def to(self, device: torch.device) -> "Clips":
        """Video, label, sound and operations moved; from pinned memory without waiting."""
        video, label = (part.to(device, non_blocking=True) for part in (self.video, self.label))
        sound = None if self.sound is None else self.sound.to(device, non_blocking=True)
        return self._replace(video=video, label=label, ops=[turn.to(device) for turn in self.ops], sound=sound)

    @property
    def unheard(self) -> list[int]:
        """The numbers of the videos that have no sound; none where it was not asked for."""
        return [] if self.sound is None else self.index[self.sound[:, 0, 0].cpu().isnan()].tolist()


class Batch(NamedTuple):
    """What a model and a loss see, on the device."""

    video: Tensor  # float [B, C, T, H, W], normalised
    label: Tensor  # int64 [B], or float [B, K] where they are several or soft (mixup, cutmix)
    index: Tensor  # int64 [B] on the CPU, position of the video in its split; generated clips count on from its end
    sound: Tensor | None = None  # float32 [B, M, S]; a clip of NaN has none


# An operation on a batch of training: (batch, number of the micro-batch in the run) -> batch. Draws depend on that
# number alone, so that a continued run draws the same.
BatchOp = Callable[[Batch, int], Batch]


class Prediction(NamedTuple):
    """One ranked answer for one video or window."""

    label: int
    name: str
    probability: float
