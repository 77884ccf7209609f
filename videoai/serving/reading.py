"""Uploads become clips in processes of their own: a file that crashes or hangs a decoder costs one answer."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from numpy import ndarray
from torch import nn

from videoai.core.types import ClipSpec
from videoai.data.decode import Video
from videoai.data.faces.crop import open_shown
from videoai.data.isolation import Worker, WorkerFailure
from videoai.data.media import BadVideo
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel
from videoai.inference.predict import Predictor, Seen, chunks

MAX_WINDOWS = 4096  # an hour in windows of a second; predict takes longer videos

START_SECONDS = 120.0  # on a busy machine


class Asked(NamedTuple):
    """A video, and how it is cut; None = as the predictor has it."""

    path: str
    window_seconds: float | None = None
    hop_seconds: float | None = None


class Opened(NamedTuple):
    """What is known of a video before a frame is decoded."""

    duration_seconds: float
    frame_rate: float  # frames of a clip a second
    spans: list[tuple[float, float]]  # [W]
    num_parts: int  # in which its windows come


class Part(NamedTuple):
    """Some windows of a video, as Seen has them: arrays, since torch would send its tensors by way of shared memory."""

    clips: ndarray  # uint8 [W, T, C, H, W]
    sounds: ndarray | None  # float [W, M, S]
    seconds: ndarray  # float64 [W, T]


class Reader:
    """What runs in the other process: opens one video, and gives its windows part by part."""

    def __init__(self, predictor: Predictor) -> None:
        self.clip, self.per_frame = predictor.model.clip, predictor.task.per_frame
        self.how = {key: getattr(predictor, key) for key in ("window_seconds", "hop_seconds", "reading")}
        self.video: Video | None = None

    def __call__(self, task: Asked | int | None) -> Opened | Part | None:
        """A video to open, the number of a part, or None: close it.

        Raises: BadVideo. ValueError: too many windows.
        """
        if isinstance(task, int):
            assert self.video is not None
            seen = self.looking.seen(self.video, self.path, self.parts[task])
            return Part(*(None if one is None else one.numpy() for one in seen))  # pyright: ignore[reportArgumentType]
        if self.video is not None:
            self.video.close()
            self.video = None
        return None if task is None else self._open(task)

    def _open(self, asked: Asked) -> Opened:
        given = {key: value for key in ("window_seconds", "hop_seconds") if (value := getattr(asked, key)) is not None}
        self.looking, self.path = without_network(self.clip, self.per_frame, {**self.how, **given}), asked.path
        self.video = open_shown(asked.path, **self.looking.reading)
        hop = self.looking.hop_seconds or self.looking.window_seconds or math.inf
        check_number(self.video.duration_seconds / hop)  # before millions of them are listed
        spans = self.looking.windows(self.video)
        check_number(len(spans))
        self.parts = list(chunks(spans))
        return Opened(self.video.duration_seconds, self.looking.frame_rate(self.video), spans, len(self.parts))


class Decoding:
    """One such process, and the next one where it fails."""

    def __init__(self, predictor: Predictor, seconds: float) -> None:
        """seconds: what the parts of one video may take, all together."""
        self.reader, self.seconds = Reader(predictor), seconds
        self._renew()

    def start(self) -> None:
        """Wait until it has imported what it needs, which takes seconds. Raises: RuntimeError: it cannot."""
        failure = self.worker.run(None, START_SECONDS)
        if isinstance(failure, WorkerFailure):
            self.end()
            self._renew()
            raise RuntimeError(f"a process that decodes did not start: {failure.detail}")
        self._has_started = True

    def read(self, asked: Asked, take: Callable[[Seen], None]) -> Opened:
        """The parts of a video, one after the other; ``take`` may keep it waiting. Raises: BadVideo, ValueError."""
        if not self.worker.is_alive:  # ended between two videos, which is not this one's fault
            self.end()
            self._renew()
        if not self._has_started:
            self.start()
        self._left = self.seconds
        opened = self._ask(asked, asked.path)
        assert isinstance(opened, Opened)
        for number in range(opened.num_parts):
            part = self._ask(number, asked.path)
            assert isinstance(part, Part)
            take(Seen(*(None if one is None else torch.from_numpy(one) for one in part)))  # pyright: ignore[reportArgumentType]
        self._ask(None, asked.path)
        return opened

    def end(self) -> None:
        """Now, whatever it does."""
        self.worker.end()

    def _renew(self) -> None:
        self.worker, self._has_started = Worker(self.reader), False

    def _ask(self, task: Asked | int | None, path: str) -> Opened | Part | None:
        started = time.monotonic()
        answer = self.worker.run(task, max(0.0, self._left))
        self._left -= time.monotonic() - started
        if isinstance(answer, WorkerFailure):
            self.end()
            self._renew()
            detail = f"after {self.seconds:g} s" if answer.reason == "timeout" else answer.detail
            raise BadVideo(path, answer.reason, "decode", detail)
        return answer


class _OnlyLooks:
    """Stands for a task that is asked for no answer."""

    def __init__(self, per_frame: bool) -> None:
        self.per_frame = per_frame


def without_network(clip: ClipSpec, per_frame: bool, how: Mapping[str, Any]) -> Predictor:
    """What cuts windows out of a video. how: fields of Predictor."""
    return Predictor(
        model=LoadedModel(nn.Identity(), classes=[], clip=clip),
        task=_OnlyLooks(per_frame),  # pyright: ignore[reportArgumentType]
        to_input=ToModelInput(clip),
        precision=Precision("fp32", device=torch.device("cpu")),
        **how,
    )


def check_number(number: float) -> None:
    """Raises: ValueError: more windows than an answer may have."""
    if number > MAX_WINDOWS:
        raise ValueError(f"{number:.0f} windows, and an answer has {MAX_WINDOWS} at most. Take a larger hop_seconds.")
