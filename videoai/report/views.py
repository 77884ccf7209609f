"""Multi-view testing: one score per video from the logits of its clips (e.g. 4 temporal x 3 spatial views).

Rows arrive in whatever order workers and processes finish, and a padded sampler repeats some. The average is
addressed by (index, view), so neither can change a bit of it.
"""

from typing import Literal

import torch
from torch import Tensor


def average_views(
    logits: Tensor,
    index: Tensor,
    view: Tensor,
    num_videos: int,
    num_views: int,
    *,
    mode: Literal["softmax", "logits"] = "softmax",
) -> Tensor:
    """The mean over the views of each video, the same to the bit for any order and repetition of the rows.

    Args:
        logits: float [M, K], one row per clip.
        index: int64 [M], the clip's video, 0 .. num_videos-1.
        view: int64 [M], the clip's view, 0 .. num_views-1.
        mode: "softmax" averages probabilities (the field's usual protocol), "logits" averages logits.

    Returns:
        float64 [num_videos, K]. A video without rows is NaN; one that lacks some views is averaged over those it has.
        Rows that share (index, view) count once; should they differ (kernels may round differently in another batch),
        the larger logit of each class is taken, which no order can change.

    Raises:
        ValueError: shapes do not match, or an index or view is outside its range.
    """
    _check(logits, index=index, view=view, num_videos=num_videos, num_views=num_views, mode=mode)
    total = torch.zeros(num_videos, logits.shape[1], dtype=torch.float64, device=logits.device)
    count = torch.zeros(num_videos, 1, dtype=torch.float64, device=logits.device)
    for number in range(
        num_views
    ):  # one view at a time: the memory of one view in float64, and a fixed order of adding
        rows = view == number
        videos, view_logits = _once_per_video(logits[rows].double(), index[rows])
        total[videos] += view_logits.softmax(dim=1) if mode == "softmax" else view_logits
        count[videos] += 1
    return total / count  # 0 / 0 = NaN where a video has no rows


def max_over_views(logits: Tensor, index: Tensor, view: Tensor, num_videos: int, num_views: int) -> Tensor:
    """The highest sigmoid of each class over the views of each video: the protocol of Charades (arXiv:1812.03982;
    PySlowFast's ENSEMBLE_METHOD max), so that an action in one view is not averaged away by the views it is not in.

    Args and Raises as ``average_views``; repeated rows and their order change nothing.

    Returns:
        float64 [num_videos, K], 0 .. 1. A video without rows is NaN.
    """
    _check(logits, index=index, view=view, num_videos=num_videos, num_views=num_views, mode="logits")
    scores = torch.full((num_videos, logits.shape[1]), torch.nan, dtype=torch.float64, device=logits.device)
    videos, highest = _once_per_video(logits.double(), index)
    scores[videos] = highest.sigmoid()
    return scores


def _once_per_video(logits: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Merges the rows of one video: logits [R, K], index [R] -> ascending videos [U], logits [U, K]."""
    videos, row_video = index.unique(return_inverse=True)
    merged = logits.new_full((len(videos), logits.shape[1]), -torch.inf)
    return videos, merged.scatter_reduce(0, row_video[:, None].expand_as(logits), logits, "amax")


def _check(logits: Tensor, *, index: Tensor, view: Tensor, num_videos: int, num_views: int, mode: str) -> None:
    if logits.ndim != 2 or not logits.is_floating_point():
        raise ValueError(f"average_views: logits {logits.dtype} {list(logits.shape)}, but a float [M, K] is needed.")
    if mode not in ("softmax", "logits"):
        raise ValueError(f"average_views: mode {mode!r}, but 'softmax' or 'logits' is needed.")
    for name, values, limit in (("index", index, num_videos), ("view", view, num_views)):
        if values.dtype != torch.int64 or values.shape != (len(logits),):
            shape = f"{values.dtype} {list(values.shape)}"
            raise ValueError(f"average_views: {name} is {shape}, but logits need int64 [{len(logits)}].")
        if len(values) and not 0 <= int(values.min()) <= int(values.max()) < limit:
            span = f"{int(values.min())} .. {int(values.max())}"
            raise ValueError(f"average_views: {name} spans {span}, but 0 .. {limit - 1} is allowed.")
