"""One pass of a model over every view of every video: the same code for validation while training and for
``evaluate``."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.types import Clips
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision


class ViewOutputs(NamedTuple):
    """What a model gave for M views of N videos, in the order of videos; views that could not be read are missing."""

    outputs: Tensor  # float32 [M, K]
    targets: Tensor  # [M, ...], targets of the view's clip
    index: Tensor  # int64 [M], the video
    view: Tensor  # int64 [M]
    num_videos: int
    num_views: int
    errors: list[str]  # [N], "" = fine

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
    report: Callable[[int], None] = lambda done: None,
) -> ViewOutputs:
    """``max_views`` bounds the clips in one forward pass, whatever the number of views of a video. Several processes
    may share the videos; all get the outputs of all.

    Raises: ValueError: no video could be read.
    """
    outputs, targets, index, view, errors = [], [], [], [], {}
    for clips in batches:
        readable = torch.tensor([row for row, error in enumerate(clips.error) if not error], dtype=torch.int64)
        for row, error in enumerate(clips.error):
            if error:
                errors[int(clips.index[row])] = error
        for part in readable.split(max_views) if len(readable) else ():
            outputs.append(_forward(model, _take(clips, part), to_input, precision))
            targets.append(clips.label[part])
            index.append(clips.index[part])
            view.append(clips.view[part])
        report(len(set(clips.index.tolist())))
    parts = process_group.all_gather(((outputs, targets, index, view), errors))
    error_of = {number: error for _, errors in parts for number, error in errors.items()}
    if not any(outputs[0] for outputs, _ in parts):
        raise ValueError(f"none of the {num_videos} videos could be read; the first: {error_of[min(error_of)]}.")
    columns = zip(*(outputs for outputs, _ in parts), strict=True)
    rows, truth, index, view = (torch.cat([batch for part in column for batch in part]) for column in columns)
    order = index.argsort(stable=True)  # as one process sees them
    all_errors = [error_of.get(number, "") for number in range(num_videos)]
    return ViewOutputs(rows[order], truth[order], index[order], view[order], num_videos, num_views, all_errors)


def _forward(model: nn.Module, clips: Clips, to_input: ToModelInput, precision: Precision) -> Tensor:
    with precision.autocast():
        return model(precision.place_video(to_input.normalized(clips.video))).float().cpu()


def _take(clips: Clips, rows: Tensor) -> Clips:
    return Clips(
        clips.video[rows], clips.label[rows], clips.index[rows], clips.view[rows], [clips.error[r] for r in rows]
    )
