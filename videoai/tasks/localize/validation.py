"""The validation pass of a localiser: every validation video from its start to its end."""

import logging
from typing import Any, Literal, Protocol

from torch import Tensor, nn

from videoai.data.lists.items import Items
from videoai.data.normalize import ToModelInput
from videoai.data.targets import FrameLabels
from videoai.data.untrimmed import Extent, check_events_left, cut_to_video, extents
from videoai.engine.precision import Precision
from videoai.events.event import Event
from videoai.events.proposals import EventSettings
from videoai.events.scores import Scores
from videoai.events.thresholds import tuned_threshold
from videoai.inference.tracks import FrameProbabilities, ToTrack, TrackReader, no_track
from videoai.tasks.task import Setup

logger = logging.getLogger(__name__)


class Finding(Protocol):
    """What a validation needs from its task."""

    @property
    def threshold(self) -> float | Literal["auto"]: ...

    @property
    def events(self) -> EventSettings: ...

    @property
    def to_track(self) -> ToTrack: ...

    def activated(self, outputs: Tensor) -> Tensor: ...


class LocalizeValidation:
    """``validate(model, step)`` -> the metrics, and "loss". Several processes share the windows."""

    source = ""

    def __init__(self, task: Finding, setup: Setup, precision: Precision) -> None:
        """Raises: ValueError: no video or no event to validate with."""
        self.task, self.manifest, self.outputs, self.precision = task, setup.manifest, setup.outputs, precision
        if not setup.manifest.splits["val"]:
            raise ValueError(f"{setup.manifest.source}: no validation videos. Set data.val_fraction above 0.")
        self.newest: Scores | None = None
        self.metric = setup.training.trainer.metric
        self.extents = extents(setup.manifest.splits["val"], setup.reading)
        self.items, notes = cut_to_video(setup.manifest.splits["val"], self.extents)
        for note in notes:
            logger.warning("val: %s", note)
        check_events_left(self.items, setup.manifest.source, "val", notes)
        assert isinstance(setup.target, FrameLabels)
        self.truth = truth_of(self.items, self.extents, setup.target)
        self.how = {
            "clip": setup.clip,
            "to_input": ToModelInput(setup.clip).to(setup.device),
            "precision": precision,
            "batch_size": setup.batch_size,
            "num_workers": setup.num_workers,
            "reading": setup.reading,
        }

    def __call__(self, model: nn.Module, step: int) -> dict[str, float]:
        self.newest = scores = self.scores(model)[0]
        return {**scores.metrics(), "loss": scores.loss()}

    def tuned(self) -> dict[str, Any]:
        """The threshold of events by the newest evaluation, for the checkpoint, where it is asked for."""
        return tuned_threshold(self.newest) if self.newest and self.task.threshold == "auto" else {}

    def scores(self, model: nn.Module) -> tuple[Scores, list[str]]:
        """What the model finds, and why a video could not be read."""
        network = FrameProbabilities(model, self.task.activated)
        reader = TrackReader(model=network, to_track=self.task.to_track, per_frame=True, **self.how)
        tracks, errors = reader(self.items, self.extents, shared=True, what="validate")
        known = [track or no_track(len(self.outputs), one) for track, one in zip(tracks, self.extents, strict=True)]
        return Scores(self.truth, known, len(self.outputs), self.task.events), errors


def truth_of(items: Items, extents: list[Extent | None], target: FrameLabels) -> list[list[Event]]:
    """The annotated events of each video, under the numbers of the outputs; an open end is that of the video."""
    return [
        [
            Event(target.output_of[span.label], span.start_seconds, end)
            for span in item.spans or ()
            if (end := span.end_seconds if span.end_seconds is not None else extent.seconds if extent else 0.0)
            > span.start_seconds
        ]
        for item, extent in zip(items, extents, strict=True)
    ]
