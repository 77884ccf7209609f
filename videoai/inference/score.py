"""One pass of a model over every view of every video: the same code for validation while training and for
``evaluate``."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core.types import Clips
from videoai.data.augment import ToModelInput
from videoai.engine.precision import Precision
from videoai.report.metrics import top_k_accuracy
from videoai.report.views import average_views


class Scores(NamedTuple):
    """Scores of N videos."""

    scores: Tensor  # float64 [N, K], softmax averaged over views; NaN rows = unreadable videos
    clip_top1: float  # over single views of readable videos
    loss: float  # mean cross-entropy of single views
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
    """``max_views`` bounds the clips in one forward pass, whatever the number of views of a video."""
    logits, labels, index, view, errors = [], [], [], [], [""] * num_videos
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
    if not logits:
        raise ValueError(f"none of the {num_videos} videos could be read; the first: {next(filter(None, errors))}.")
    rows, truth = torch.cat(logits), torch.cat(labels)
    scores = average_views(rows, torch.cat(index), torch.cat(view), num_videos, num_views)
    return Scores(scores, top_k_accuracy(rows, truth), float(F.cross_entropy(rows, truth)), errors)


def _forward(model: nn.Module, clips: Clips, to_input: ToModelInput, precision: Precision) -> Tensor:
    with precision.autocast():
        return model(precision.place_video(to_input(clips).video)).float().cpu()


def _take(clips: Clips, rows: Tensor) -> Clips:
    return Clips(
        clips.video[rows], clips.label[rows], clips.index[rows], clips.view[rows], [clips.error[r] for r in rows]
    )
