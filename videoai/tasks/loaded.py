"""A trained model with its task: answers for files and for frames, preprocessed as ``evaluate`` does."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from numbers import Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videoai.core.device import resolve_device
from videoai.core.paths import is_url
from videoai.data.decode import Decoder, Video, open_video
from videoai.data.decode.memory import video_from_array
from videoai.data.faces.record import KEY as FACES
from videoai.data.faces.record import recorded_faces
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.answer import Answer
from videoai.inference.class_texts import Classes
from videoai.inference.load import LoadedModel, from_state, open_checkpoint
from videoai.inference.predict import Predictor, find_videos
from videoai.inference.video_features import KEY, VideoEncoder, encoder_of
from videoai.settings.parse import parse
from videoai.settings.verbs import PredictSettings
from videoai.tasks.answering import answering_task
from videoai.tasks.localize.task import Localize
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)
Input = str | PathLike[str] | NDArray[np.uint8] | Tensor


class TrainedModel(LoadedModel):
    """A network in eval mode with ``.classes``, ``.clip`` and ``.task``. Called with normalised clips, float
    [B, C, T, H, W], it gives outputs [B, K]; ``predict`` takes videos as they are."""

    def __init__(
        self,
        model: LoadedModel,
        task: SupervisedTask | Localize,
        thresholds: Sequence[float] = (),
        *,
        takes_crops: bool = False,
        encoder: Callable[[Precision], VideoEncoder | None] | None = None,
    ) -> None:
        """encoder: opens the network whose features the model reads."""
        super().__init__(model.model, classes=model.classes, clip=model.clip)
        self.task, self.thresholds = task, thresholds  # from which score on each of several labels holds
        self.takes_crops = takes_crops  # trained on crops of faces
        self.encoder = encoder

    def forward(self, video: Tensor, sound: Tensor | None = None) -> Tensor:
        """Raises: ValueError: pixels that are not normalised yet."""
        if video.dtype == torch.uint8:
            raise ValueError(
                f"video is uint8 {list(video.shape)}: the network takes normalised float [B, C, T, H, W]. Use "
                "model.predict(frames, fps=...), which preprocesses paths and frames."
            )
        dtype = next(self.parameters()).dtype  # after model.half() or model.double()
        return super().forward(video.to(dtype), None if sound is None else sound.to(dtype))

    def predict(
        self,
        inputs: Input | Sequence[Input],
        *,
        fps: float | None = None,
        top_k: int = 5,
        window_seconds: float | None = None,
        hop_seconds: float | None = None,
        decoder: Decoder = "pyav",
        frame_fps: float | None = None,
    ) -> list[Answer]:
        """An answer for each video: its path, a folder of images, a folder of videos, a glob, or frames, uint8
        [T, H, W, 3] RGB.

        Args:
            fps: the rate of frames that are given as arrays; needed for them.
            window_seconds, hop_seconds: windows of the timeline of long videos, as for ``videoai predict``.
        Raises: ValueError: frames of another kind or without a rate, or an option that is not allowed. BadVideo: a
            video that cannot be read.
        """
        check_options(top_k, window_seconds, hop_seconds, decoder, frame_fps)
        device, videos = next(self.parameters()).device, list(single_inputs(inputs, fps))
        if self.takes_crops:
            warn_of_whole_pictures(videos)
        reading = {"frame_fps": frame_fps, **where_to_decode(decoder, device)}
        precision = Precision("fp32", device=device)
        precision.place(self)
        predictor = Predictor(
            model=self,
            task=self.task,
            to_input=ToModelInput(self.clip).to(device),
            precision=precision,
            top_k=top_k,
            thresholds=self.thresholds,
            window_seconds=window_seconds,
            hop_seconds=hop_seconds,
            encoder=self.encoder(precision) if self.encoder else None,
        )
        was_training = self.training
        self.eval()  # a batch norm in training mode would take its statistics from these videos, and keep them
        try:
            return [self._answer(predictor, opened(one, number, fps, reading)) for number, one in enumerate(videos)]
        finally:
            self.train(was_training)

    @staticmethod
    def _answer(predictor: Predictor, video: Video) -> Answer:
        with video:
            return predictor.of(video, video.path)


def load(
    checkpoint: str | Path,
    *,
    classes: Classes = (),
    templates: str | Sequence[str] = (),
    trust: Sequence[str] = (),
    device: str | torch.device = "cpu",
) -> TrainedModel:
    """The model of a checkpoint, or of published weights by id; the averaged weights if there are any.

    ``classes`` are texts, for a network that compares videos with texts: ``["opening a door", "falling"]``, or names
    with their phrasings, ``{"fall": ["falling", "a person falls"]}``; ``templates`` the sentences that they stand in.

    ``trust`` names packages of your own that the checkpoint's model or task may be imported from. ``device``: auto,
    cpu, cuda or cuda:N.

    Raises: FileNotFoundError, ValueError: naming the file and what is wrong with it, or a device that is not there.
    """
    place = resolve_device(str(device))
    state = open_checkpoint(checkpoint, classes=classes, templates=templates)
    task = answering_task(state, str(checkpoint), trust=trust)
    thresholds = task.thresholds(state, "auto")
    task = task.with_threshold("auto", state) if isinstance(task, Localize) else task
    encoder = partial(encoder_of, {KEY: state.get(KEY)}, str(checkpoint), trust=trust)
    about = {"takes_crops": bool(state.get(FACES)), "encoder": encoder}
    model = TrainedModel(from_state(state, trust=trust, may_hear=True), task, thresholds, **about)
    return model.to(place).eval()


def check_options(
    top_k: int, window_seconds: float | None, hop_seconds: float | None, decoder: str, frame_fps: float | None
) -> None:
    """Raises: ValueError: as ``videoai predict`` says it."""
    given = {"top_k": top_k, "window_seconds": window_seconds, "hop_seconds": hop_seconds, "frame_fps": frame_fps}
    parse(PredictSettings, {**given, "checkpoint": "", "input": ""})
    if decoder not in get_args(Decoder):
        raise ValueError(f"decoder={decoder}: choose from {', '.join(get_args(Decoder))}.")


def warn_of_whole_pictures(videos: Sequence[Input]) -> None:
    """Say which file a model of crops of faces gets whole. Nothing is known of frames that are given as arrays."""
    paths = [fspath(one) for one in videos if isinstance(one, str | PathLike)]
    if whole := [path for path in paths if recorded_faces(path) is None]:
        logger.warning(
            "%s: the model was trained on crops of faces, and this is read whole, as are %d of %d. The command "
            "`videoai predict checkpoint=FILE input=VIDEO` crops; `videoai data prepare PATH out=DIR faces=auto` "
            "writes crops",
            *(whole[0], len(whole), len(paths)),
        )


def where_to_decode(decoder: Decoder, device: torch.device) -> dict[str, str]:
    """Options of ``open_video``. Raises: ValueError: nvdec cannot be used on the model's device."""
    if decoder != "nvdec":
        return {"decoder": decoder}
    from videoai.data.decode.nvdec import check_nvdec

    check_nvdec(device)
    return {"decoder": decoder, "device": str(device)}


def single_inputs(inputs: Input | Sequence[Input], fps: float | None = None) -> Iterator[Input]:
    """Every video on its own: a folder of videos or a glob stands for what it holds. Raises: FileNotFoundError."""
    given: Sequence[Input] = inputs if isinstance(inputs, list | tuple) else [inputs]  # pyright: ignore[reportAssignmentType]
    if fps is not None and given and all(isinstance(one, str | PathLike) for one in given):
        logger.warning("fps=%s is not used: it is for frames given as arrays; files have their own", fps)
    for one in given:
        path = fspath(one) if isinstance(one, str | PathLike) else ""
        is_local = path and not is_url(path)
        yield from find_videos(path, VIDEO_EXTENSIONS) if is_local else [one]  # pyright: ignore[reportReturnType]


def opened(source: Input, number: int, fps: float | None, reading: Mapping[str, Any]) -> Any:
    """A Video over an input. ``reading``: options of ``open_video``. Raises: ValueError, BadVideo."""
    if isinstance(source, str | PathLike):
        return open_video(fspath(source), **reading)
    if not isinstance(source, np.ndarray | Tensor):
        raise ValueError(
            f"input {number} is of type {type(source).__name__}: give a path, or frames as a uint8 array [T, H, W, 3]."
        )
    if not isinstance(fps, Real) or isinstance(fps, bool) or not 0 < float(fps) < math.inf:
        raise ValueError(f"input {number} is an array of frames, and fps={fps!r}: give their rate, such as fps=25.")
    frames = source.detach().cpu().numpy() if isinstance(source, Tensor) else source
    return video_from_array(frames, float(fps), path=f"input {number}")
