"""``evaluate`` where events are found in untrimmed videos: by a localiser, or by a classifier's sliding windows."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from videoai.data.lists.items import Items
from videoai.data.loader import resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.data.targets import FrameLabels
from videoai.data.untrimmed import BACKGROUND, Extent, cut_to_video, extents
from videoai.engine.precision import Precision
from videoai.events.event import Event
from videoai.events.scores import Scores
from videoai.inference.load import LoadedModel
from videoai.inference.tracks import ClipProbabilities, FrameProbabilities, TrackReader, no_track, stitched
from videoai.report.localization import best_of_classes, holds_in_video
from videoai.report.result_files import Evaluated
from videoai.run.reading import resolve_reading
from videoai.settings.loading import LoadingSettings
from videoai.settings.verbs import EvaluateSettings
from videoai.tasks.localize.task import Localize
from videoai.tasks.localize.validation import truth_of
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Videos:
    """Untrimmed videos and what happens in them."""

    items: Items
    extents: list[Extent | None]
    truth: list[list[Event]]
    notes: Sequence[str]


def open_videos(items: Items, target: FrameLabels, reading: Mapping[str, Any]) -> Videos:
    """Looks at the headers; events that lie outside are cut, and that is said."""
    found = extents(items, reading)
    items, notes = cut_to_video(items, found)
    for note in notes:
        logger.warning("%s", note)
    return Videos(items=items, extents=found, truth=truth_of(items, found, target), notes=notes)


def find_events(
    model: LoadedModel,
    task: Localize | SupervisedTask,
    videos: Videos,
    settings: EvaluateSettings,
    precision: Precision,
) -> tuple[Scores, list[str]]:
    """What the model finds, and why a video could not be read. Raises: ValueError: no video could be read."""
    per_frame = isinstance(task, Localize)
    network: nn.Module = (
        FrameProbabilities(model, task.activated) if per_frame else ClipProbabilities(model, events_alone(model, task))
    )
    loading = LoadingSettings(decoder=settings.decoder, isolated=settings.isolated, frame_fps=settings.frame_fps)
    reading = resolve_reading(loading, videos.items, model.clip, precision.device)
    reader = TrackReader(
        model=network,
        to_track=task.to_track if per_frame else stitched,
        per_frame=per_frame,
        clip=model.clip,
        to_input=ToModelInput(model.clip).to(precision.device),
        precision=precision,
        window_seconds=settings.window_seconds,
        batch_size=settings.batch_size,
        num_workers=resolve_workers(
            settings.num_workers, precision.device.type, reading["decoder"], decodes=not model.clip.features
        ),
        reading=reading,
    )
    tracks, errors = reader(videos.items, videos.extents, shared=True, what="evaluate")
    known = [track or no_track(len(model.classes), one) for track, one in zip(tracks, videos.extents, strict=True)]
    for track, error in zip(tracks, errors, strict=True):
        if track and error:
            logger.warning("%s; the rest of the video was read, and nothing is found there", error.rstrip("."))
    finder = task if per_frame else Localize().with_threshold(settings.threshold)
    return Scores(videos.truth, known, len(model.classes), finder.events), errors


def events_alone(model: LoadedModel, task: SupervisedTask) -> Any:
    """What the classifier says, with probability 0 for a class of background."""
    keep = torch.tensor([float(name.lower() not in BACKGROUND) for name in model.classes])
    return lambda outputs: task.activated(outputs) * keep.to(outputs.device)


def evaluated_videos(scores: Scores, errors: Sequence[str], about: Mapping[str, Any]) -> Evaluated:
    """The videos, each scored by the highest probability of each class. about: other fields of ``Evaluated``."""
    is_unread = [bool(np.isnan(track.probability).all()) for track in scores.tracks]
    return Evaluated(
        scores=torch.from_numpy(best_of_classes(scores)),
        targets=torch.from_numpy(holds_in_video(scores.truth, scores.num_classes)),
        errors=[error if unread else "" for error, unread in zip(errors, is_unread, strict=True)],
        **about,
    )
