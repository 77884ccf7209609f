"""``evaluate fiftyone=true``: the evaluated videos with labels and answers, as a folder that FiftyOne opens."""

import logging
import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from videoai.core.messages import pluralize
from videoai.core.types import VideoItem
from videoai.data.decode import open_video
from videoai.data.media import BadVideo
from videoai.data.timeline import frame_range
from videoai.report.fiftyone import Media, dataset_name, fiftyone_files
from videoai.report.result_files import Evaluated, Report
from videoai.tasks.classify import Classify
from videoai.tasks.multi_label import MultiLabel
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)


def check_fiftyone(task: SupervisedTask) -> None:
    """Raises: ValueError: the answers of the task are no classes."""
    if not isinstance(task, Classify | MultiLabel):
        raise ValueError(f"fiftyone=true writes classes, and {type(task).__name__} answers otherwise. Leave it out.")


def with_fiftyone(report: Report, evaluated: Evaluated, items: Sequence[VideoItem]) -> Report:
    """The report with the files of the dataset; what cannot be made costs a warning, and not the evaluation.

    Args:
        items: what was evaluated, in order.
    """
    try:
        media = all_media(items)
        files = fiftyone_files(evaluated, media, dataset_name(report.results))
    except Exception as error:  # whatever fails here, the numbers are there
        logger.warning("fiftyone was not made (%s: %s); all other results are there", type(error).__name__, error)
        return report
    if left_out := media.count(None):
        why = "packed, a URL, a folder of images, or a stretch of an unreadable file"
        logger.warning("fiftyone: left out %s: %s", pluralize(left_out, "video"), why)
    return report._replace(files={**report.files, **files})


def all_media(items: Sequence[VideoItem]) -> list[Media | None]:
    """``media_of`` each item, in their order. Where some are stretches, whole files are stretches, too."""
    if not any(map(_is_stretch, items)):
        return [media_of(item, None) for item in items]
    times = lru_cache(maxsize=1)(_times)  # an hour of video has megabytes of them
    media: list[Media | None] = [None] * len(items)
    for index in sorted(range(len(items)), key=lambda index: items[index].path):
        media[index] = media_of(items[index], times(items[index].path))
    return media


def media_of(item: VideoItem, times: tuple[np.ndarray, float] | None) -> Media | None:
    """None for a folder of images, a video in a packed file, or a stretch whose frames are not known.

    Args:
        times: seconds of every frame of the file and its rate, where some items are stretches; None = unknown.
    """
    if not os.path.isfile(item.path):
        return None
    path = os.path.abspath(item.path)
    if times is None:
        return None if _is_stretch(item) else Media(path)
    stamps, fps = times
    try:
        first, end = frame_range(torch.as_tensor(stamps), item.start_seconds, item.end_seconds, fps=fps)
    except ValueError:  # it lies behind the video's end
        return None
    return Media(path, (first + 1, end))


def _is_stretch(item: VideoItem) -> bool:
    return item.start_seconds > 0 or item.end_seconds is not None


def _times(path: str) -> tuple[np.ndarray, float] | None:
    if not os.path.isfile(path):
        return None
    try:
        with open_video(path) as video:
            return np.asarray(video.timestamps, dtype=np.float64), video.fps
    except BadVideo:
        return None
