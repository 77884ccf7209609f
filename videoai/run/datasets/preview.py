"""``data preview``: the frames that a model would get of some videos, in training and in evaluation, as one picture."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from videoai.core.files import write_atomic
from videoai.core.label_text import label_text
from videoai.core.paths import display_path
from videoai.core.sheet import Cell, Row, png, sheet
from videoai.core.types import Clip, ClipSpec
from videoai.data.augment.transforms import eval_crops
from videoai.data.dataset import EvalClips
from videoai.data.encode import make_folder
from videoai.data.loader import collate
from videoai.data.media import BadVideo
from videoai.data.normalize import ToModelInput
from videoai.data.reading import TimedFrames
from videoai.run.training.clips_alone import clips_setup
from videoai.run.training.stream import new_stream
from videoai.settings.augment import AugmentSettings
from videoai.settings.datasets import PreviewSettings
from videoai.settings.training import TrainSettings
from videoai.tasks.task import Setup


class Previewed(NamedTuple):
    """What was written."""

    picture: Path
    record: Path
    clip: ClipSpec
    split: str
    clips: list[dict[str, Any]]  # as in the record; one that cannot be read has an ``error``
    num_videos: int


class Seen(NamedTuple):
    """A clip of a video as a model gets it."""

    how: str  # "training" or "evaluation"
    label: int | Tensor
    frames: TimedFrames  # uint8 [T, 3, size, size], and which frames of the file they are


def preview(settings: PreviewSettings, training: TrainSettings) -> Previewed:
    """Reads clips of some videos of several classes and writes ``OUT.png``, a row a clip with the time of each frame
    below it, and ``OUT.json`` with the numbers of the frames and their times.

    They are read by the datasets of training and evaluation. Clips of training show what is drawn for each alone: time,
    crop, mirror, colours; not what mixes a batch, such as mixup. Splits other than train have no clips of training.

    Raises: ValueError, OSError: as ``train``; a split without videos, or a file that cannot be written.
    """
    setup = clips_setup(training if settings.augmented else plain(training))
    items = setup.manifest.splits[settings.split]
    if not len(items):
        filled = [split for split, held in setup.manifest.splits.items() if len(held)]
        raise ValueError(f"split={settings.split}: {setup.manifest.source} has none. Choose from {', '.join(filled)}.")
    stem = Path(settings.out.removesuffix(".png"))
    make_folder(stem.parent)
    chosen = spread_over_classes(setup, settings)
    looker = Looker(setup, settings)
    pairs = [pair for index in chosen for pair in looker.of_video(index)]
    rows, clips = [row for row, _ in pairs], [record for _, record in pairs]
    picture, record = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.json")
    write_atomic(picture, png(sheet(rows)))
    content = {"source": setup.manifest.source, "split": settings.split, "clip": setup.clip.to_dict(), "clips": clips}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_atomic(record, text.encode("utf-8", "backslashreplace"))
    return Previewed(picture, record, setup.clip, settings.split, clips, len(chosen))


def plain(training: TrainSettings) -> TrainSettings:
    """The settings without augmentation: clips of training differ from those of evaluation by their time alone."""
    return replace(training, augment=AugmentSettings(), data=replace(training.data, flip=0.0, reverse=0.0))


def spread_over_classes(setup: Setup, settings: PreviewSettings) -> list[int]:
    """Some videos of some classes, both spread evenly; those of a class lie side by side."""
    where, labels = setup.manifest.splits[settings.split].label_pairs()
    present = np.unique(labels)
    chosen: dict[int, None] = {}
    for label in _spread(present, settings.classes):
        chosen |= dict.fromkeys(_spread(where[labels == label], settings.per_class))
    return list(chosen)


def _spread(values: np.ndarray, most: int) -> list[int]:
    count = min(most, len(values))
    return [int(values[index * len(values) // count]) for index in range(count)]


class Looker:
    """Reads clips through the datasets of training and evaluation."""

    def __init__(self, setup: Setup, settings: PreviewSettings) -> None:
        self.setup, self.items = setup, setup.manifest.splits[settings.split]
        self.draws = settings.draws if settings.split == "train" else 0
        self.training = new_stream(setup, None).dataset
        self.evaluation = EvalClips(self.items, setup.clip, target=setup.target, reading=setup.reading)
        self.to_input = ToModelInput(setup.clip)

    def of_video(self, index: int) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Its clips, each as a row of the picture and as plain data."""
        item = self.items[index]
        try:
            for seen in self.clips(index):
                title = label_text(seen.label, self.setup.outputs)
                numbers, seconds = seen.frames.numbers, seen.frames.seconds
                cells = [Cell(frame, f"{at:.2f} s") for frame, at in zip(seen.frames.video, seconds, strict=True)]
                record = {"path": item.path, "how": seen.how, "label": title, "frames": list(numbers)}
                record["seconds"] = [round(at, 4) for at in seconds]
                yield Row(title, cells, f"{seen.how}, {display_path(item.path)}"), record
        except BadVideo as bad:
            title = ", ".join(self.setup.manifest.classes[label] for label in item.labels)
            yield Row(title, [], f"cannot be read: {bad}"), {"path": item.path, "label": title, "error": str(bad)}

    def clips(self, index: int) -> Iterator[Seen]:
        """Raises: BadVideo."""
        for epoch in range(self.draws):
            clip, frames = self.training.read(epoch, index)[0]
            yield Seen("training", clip.label, frames._replace(video=self.as_computed(clip)))
        (view,), item = self.evaluation.read(index), self.items[index]
        (video,) = eval_crops(view.video, self.setup.clip.size, self.evaluation.num_crops)
        yield Seen("evaluation", self.setup.target(item, view.seconds), view._replace(video=video))

    def as_computed(self, clip: Clip) -> Tensor:
        """uint8 [T, 3, size, size] after the operations that a worker draws and the device carries out."""
        return self.to_input.pixels(self.to_input(collate([[clip]])).video)[0]
