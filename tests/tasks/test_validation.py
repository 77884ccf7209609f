"""What loggers are shown of a validation that is the best so far."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.compose.settings import from_arguments
from videoai.core.log import RunLog
from videoai.core.loggers import Logger
from videoai.engine.precision import Precision
from videoai.models import create_model
from videoai.run.training.clips_alone import clips_setup
from videoai.settings.training import TrainSettings
from videoai.tasks import build_task
from videoai.tasks.supervised import SupervisedTask
from videoai.tasks.validation import SupervisedValidation


class Pictures(Logger):
    """Keeps the names of figures, and clips with their captions."""

    def __init__(self) -> None:
        self.figures: list[tuple[int, str]] = []
        self.shown: list[tuple[int, str, torch.Tensor, list[str]]] = []

    def figure(self, step, name, figure):
        self.figures.append((step, name))

    def clips(self, step, name, video, captions):
        self.shown.append((step, name, video, list(captions)))


def validation_of(log: RunLog, *words: str) -> tuple[SupervisedValidation, torch.nn.Module]:
    given = [*words, "model=tiny_r3d", "clip=16x2x32", "clip.num_frames=4", "trainer.batch_size=8"]
    given += ["loading.num_workers=0", "loading.decoder=pyav", "data.flip=0"]
    setup = clips_setup(from_arguments(TrainSettings, given).settings())
    task = build_task(setup.training.task)
    assert isinstance(task, SupervisedTask)
    model = create_model("tiny_r3d", num_classes=len(setup.outputs)).eval()
    return SupervisedValidation(task, setup, Precision("fp32", device=torch.device("cpu")), log), model


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[tuple[RunLog, Pictures]]:
    pictures = Pictures()
    log = RunLog(tmp_path, loggers={"pictures": lambda: pictures})
    yield log, pictures
    log.close()


def folder(clip_folder: Path) -> list[str]:
    return ["data=folder", f"data.root={clip_folder}"]


def test_the_same_videos_are_shown_each_time_with_what_was_said_of_them(clip_folder, logged):
    log, pictures = logged
    validation, model = validation_of(log, *folder(clip_folder))
    for step in (3, 6):
        validation(model, step)
        validation.show(step)
    (_, name, video, captions), (_, _, again, _) = pictures.shown
    assert (name, video.shape, len(captions)) == ("val/clips", (4, 4, 3, 32, 32), 4)
    assert torch.equal(video, again)
    assert [caption.split()[1].rstrip(":") for caption in captions] == ["down", "left", "right", "up"]
    assert pictures.figures == [(step, f"val/{name}") for step in (3, 6) for name in ("confusion", "precision_recall")]


def test_several_labels_are_shown_with_what_was_found(multi_label_csv, logged):
    log, pictures = logged
    validation, model = validation_of(log, "data=csv", f"data.path={multi_label_csv}", "data.multi_label=true")
    validation(model, 1)
    validation.show(1)
    assert pictures.shown[0][3][1].startswith("horizontal, leftwards: found ")
    assert [name for _, name in pictures.figures] == ["val/average_precision", "val/precision_recall"]


def test_nothing_is_read_or_drawn_where_nobody_looks(clip_folder, monkeypatch):
    validation, model = validation_of(RunLog(None), *folder(clip_folder))
    monkeypatch.setattr(type(validation), "films", property(lambda self: pytest.fail("read")))
    validation(model, 1)
    validation.show(1)


@pytest.mark.parametrize(
    ("task", "scores", "target", "said"),
    [
        ("classify", [0.83, 0.17], 0, "✓ left: 83 %"),
        ("classify", [0.17, 0.83], 0, "✗ left: taken for прыжок, 83 %"),
        ("classify", [float("nan")] * 2, 1, "✗ прыжок: cannot be read"),
        ("multi_label", [0.91, 0.55], [1, 0], "left: found left 91 %, прыжок 55 %"),
        ("multi_label", [0.2, 0.1], [1, 1], "left, прыжок: found nothing"),
        ("multi_label", [float("nan")] * 2, [0, 0], "no label: cannot be read"),
    ],
)
def test_a_caption_says_what_is_true_and_what_was_answered(task: str, scores, target: Any, said: str):
    built = build_task(task)
    assert isinstance(built, SupervisedTask)
    assert built.caption(torch.tensor(scores), torch.tensor(target), ["left", "прыжок"]) == said
