"""One pass of a model over every view of every video: the same code for validation while training and for
``evaluate``."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core import distributed
from videoai.core.types import Clips
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.report.metrics import top_k_accuracy
from videoai.report.views import average_views, max_over_views


class Scores(NamedTuple):
    """Scores of N videos."""

    scores: Tensor  # float64 [N, K], softmax averaged over views, or the highest sigmoid; NaN rows = unreadable videos
    clip_top1: float  # over single views of readable videos; NaN where videos have several labels
    loss: float  # mean cross-entropy of single views, binary where videos have several labels
    errors: list[str]  # [N], "" = fine


@torch.inference_mode()
def score_videos(
    model: nn.Module,
    batches: Iterable[Clips],
    *,
    to_input: ToModelInput,
    precision: Precision,
    num_videos: int,
    num_views: int,
    max_views: int = 16,
    report: Callable[[int], None] = lambda done: None,
) -> Scores:
    """Labels [B] or, of a multi-label set, [B, K] come with the clips. ``max_views`` bounds the clips in one forward
    pass, whatever the number of views of a video. Several processes may share the videos; all get the scores of all."""
    logits, labels, index, view, errors = [], [], [], [], {}
    for clips in batches:
        readable = torch.tensor([row for row, error in enumerate(clips.error) if not error], dtype=torch.int64)
        for row, error in enumerate(clips.error):
            if error:
                errors[int(clips.index[row])] = error
        for part in readable.split(max_views) if len(readable) else ():
            logits.append(_forward(model, _take(clips, part), to_input, precision))
            labels.append(clips.label[part])
            index.append(clips.index[part])
            view.append(clips.view[part])
        report(len(set(clips.index.tolist())))
    parts = distributed.from_all(((logits, labels, index, view), errors))
    told = {number: error for _, errors in parts for number, error in errors.items()}
    if not any(seen[0] for seen, _ in parts):
        raise ValueError(f"none of the {num_videos} videos could be read; the first: {told[min(told)]}.")
    columns = zip(*(seen for seen, _ in parts), strict=True)
    rows, truth, index, view = (torch.cat([batch for part in column for batch in part]) for column in columns)
    order = index.argsort(stable=True)  # as one process sees them
    rows, truth = rows[order], truth[order]
    where = (index[order], view[order], num_videos, num_views)
    all_errors = [told.get(number, "") for number in range(num_videos)]
    if truth.ndim == 2:
        loss = float(F.binary_cross_entropy_with_logits(rows, truth))
        return Scores(max_over_views(rows, *where), math.nan, loss, all_errors)
    scores = average_views(rows, *where)
    return Scores(scores, top_k_accuracy(rows, truth), float(F.cross_entropy(rows, truth)), all_errors)


def _forward(model: nn.Module, clips: Clips, to_input: ToModelInput, precision: Precision) -> Tensor:
    with precision.autocast():
        return model(precision.place_video(to_input(clips).video)).float().cpu()


def _take(clips: Clips, rows: Tensor) -> Clips:
    return Clips(
        clips.video[rows], clips.label[rows], clips.index[rows], clips.view[rows], [clips.error[r] for r in rows]
    )
