"""One pass of a model over every view of every video: the same code for validation while training and for
``evaluate``."""

import logging
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.progress import counting
from videoai.core.types import Clips
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.models.late_fusion import outputs_of

logger = logging.getLogger(__name__)

BATCHES_ON_DEVICE = 16  # whose outputs are fetched together; their clips are freed before


class ViewOutputs(NamedTuple):
    """What a model gave for M views of N videos, in the order of videos; views that could not be read are missing."""

    outputs: Tensor  # float32 [M, K]
    targets: Tensor  # [M, ...], targets of the view's clip
    index: Tensor  # int64 [M], the video
    view: Tensor  # int64 [M]
    num_videos: int
    num_views: int
    errors: list[str]  # [N], "" = fine
    unheard: Sequence[int] = ()  # numbers of the videos without sound, of a model that hears

    @property
    def places(self) -> tuple[Tensor, Tensor, int, int]:
        """Where each row belongs, as the functions of ``report/views.py`` take it."""
        return self.index, self.view, self.num_videos, self.num_views


@torch.inference_mode()
def view_outputs(
    model: nn.Module,
    batches: Iterable[Clips],
    *,
    to_input: ToModelInput,
    precision: Precision,
    num_videos: int,
    num_views: int,
    max_views: int = 16,
    what: str = "evaluate",
) -> ViewOutputs:
    """``max_views`` bounds the clips in one forward pass, whatever the number of views of a video. Several processes
    may share the videos; all get the outputs of all. ``what``: the name of the work, where progress is shown.

    Raises: ValueError: no video could be read.
    """
    forward = ForwardPasses(model, to_input, precision, max_views)
    outputs, targets, index, view, errors, unheard = [], [], [], [], {}, set[int]()
    on_device: list[Tensor] = []  # fetching the outputs of each batch would let the device wait for the next one
    with counting(what, math.ceil(num_videos / process_group.world_size())) as add:
        for clips in batches:
            errors |= {int(clips.index[row]): error for row, error in enumerate(clips.error) if error}
            if len((readable := _readable(clips)).index):
                on_device.append(forward(readable.video, readable.sound))
                unheard |= set(readable.unheard)
                targets.append(readable.label.clone())  # what arrived from a worker holds a file in /dev/shm open
                index.append(readable.index.clone())
                view.append(readable.view.clone())
            if len(on_device) == BATCHES_ON_DEVICE:
                outputs.append(torch.cat(on_device).cpu())
                on_device.clear()
            add(len(set(clips.index.tolist())))
    if on_device:
        outputs.append(torch.cat(on_device).cpu())
    parts = process_group.all_gather(((outputs, targets, index, view), errors, unheard))
    error_of = {number: error for _, errors, _ in parts for number, error in errors.items()}
    if not any(outputs[0] for outputs, *_ in parts):
        raise ValueError(f"none of the {num_videos} videos could be read; the first: {error_of[min(error_of)]}.")
    columns = zip(*(outputs for outputs, *_ in parts), strict=True)
    rows, truth, index, view = (torch.cat([batch for part in column for batch in part]) for column in columns)
    order = index.argsort(stable=True)  # as one process sees them
    all_errors = [error_of.get(number, "") for number in range(num_videos)]
    heard = {"unheard": sorted({number for *_, numbers in parts for number in numbers})}
    return ViewOutputs(rows[order], truth[order], index[order], view[order], num_videos, num_views, all_errors, **heard)


class ForwardPasses:
    """A model over any number of clips: at most ``max_views`` in one forward pass, and half as many from a pass on
    that the memory of the GPU does not suffice for."""

    def __init__(self, model: nn.Module, to_input: ToModelInput, precision: Precision, max_views: int) -> None:
        self.model, self.to_input, self.precision, self.max_views = model, to_input, precision, max_views

    def __call__(self, video: Tensor, sound: Tensor | None = None) -> Tensor:
        """uint8 [M, T, C, H, W], float [M, ...] -> float32 [M, K] on the device. Raises: torch.OutOfMemoryError: one
        clip is too much."""
        outputs: list[Tensor] = []
        while len(video):
            outputs.append(self._pass(video[: self.max_views], None if sound is None else sound[: self.max_views]))
            video = video[len(outputs[-1]) :]
            sound = None if sound is None else sound[len(outputs[-1]) :]
        return torch.cat(outputs)

    def _pass(self, video: Tensor, sound: Tensor | None) -> Tensor:
        """The outputs of the first clips, as many as memory suffices for."""
        try:
            with self.precision.autocast():
                heard = None if sound is None else sound.to(self.precision.device, non_blocking=True)
                shown = self.precision.place_video(self.to_input.normalized(video))
                return outputs_of(self.model, shown, heard).float()
        except torch.OutOfMemoryError:
            if len(video) == 1:
                raise
        self.max_views = len(video) // 2  # here, because the exception holds the tensors of the pass that failed
        torch.cuda.empty_cache()
        logger.warning("out of memory with %d views in a forward pass: %d from here on", len(video), self.max_views)
        return self._pass(video[: self.max_views], None if sound is None else sound[: self.max_views])


def _readable(clips: Clips) -> Clips:
    """The clips that could be read; the batch itself, and so its pinned memory, where all could."""
    rows = torch.tensor([row for row, error in enumerate(clips.error) if not error], dtype=torch.int64)
    if len(rows) == len(clips.error):
        return clips
    sound = None if clips.sound is None else clips.sound[rows]
    columns = (clips.video[rows], clips.label[rows], clips.index[rows], clips.view[rows])
    return Clips(*columns, [""] * len(rows), sound=sound)
