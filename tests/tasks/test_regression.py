"""What a task of numbers takes, refuses and keeps."""

import math

import pytest
import torch

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import TargetColumn
from videoai.settings.training import TrainSettings
from videoai.tasks import build_task
from videoai.tasks.regression import Regression

NAN = math.nan


def data(*train: float | None, val: float | None = 1.0) -> Manifest:
    def items(values):
        return [VideoItem(f"{at}.mp4", 0, values=(value,)) for at, value in enumerate(values)]

    splits = {"train": items(train), "val": items([val]), "test": []}
    return Manifest(("clip",), splits, "clips.csv", columns=(TargetColumn("pain", "value"),))


def settings(**changes: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"task": {"name": "regression", "targets": ["pain"]}, **changes}).settings()


def measured() -> Regression:
    return Regression(targets=["pain"], mean=[2.0], std=[0.5])


def test_the_statistics_are_those_of_the_training_clips_that_have_the_target():
    task = Regression(targets=["pain"])
    assert task.decided(data(1.0, None, 3.0)) == {"mean": [2.0], "std": [1.0]}
    assert Regression(targets=["pain"], mean=[0.0]).decided(data(1.0, 3.0)) == {"std": [1.0]}
    assert measured().decided(data(1.0, 3.0)) == {}


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (data(None, None), "clips.csv: no training clip has a value in the column pain; fill some in"),
        (data(2.0, 2.0, None), "clips.csv: the column pain is 2 for every training clip .* Leave it out"),
        (data(1e8, 1e8 + 1e-6), "the column pain differs by 5e-07 around 1e.08, .* Subtract a number from the column"),
        (data(1.0, 2.0, val=None), "clips.csv: no clip of val has a value in the column pain"),
    ],
)
def test_a_column_that_teaches_nothing_is_named(manifest, message):
    with pytest.raises(ValueError, match=message):
        Regression(targets=["pain"]).validate(manifest, settings())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imbalance": {"sampler": "balanced"}}, "imbalance.sampler=balanced goes by the one class of a clip"),
        ({"imbalance": {"focal": 2.0}}, "imbalance.focal=2.0 weighs classes, and task=regression learns numbers"),
        ({"trainer": {"label_smoothing": 0.1}}, "trainer.label_smoothing=0.1 spreads a label over classes"),
        ({"augment": {"cutmix": 1.0}}, "augment.cutmix=1.0 pastes .* take augment.mixup"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, message):
    Regression(targets=["pain"]).validate(data(1.0, 2.0), settings(augment={"mixup": 0.2}))
    with pytest.raises(ValueError, match=message):
        Regression(targets=["pain"]).validate(data(1.0, 2.0), settings(**changes))


def test_ccc_needs_a_batch():
    task = Regression(targets=["pain"], loss="ccc")
    with pytest.raises(ValueError, match="task.loss=ccc compares the clips of a batch .* to 8 or more, now 4"):
        task.validate(data(1.0, 2.0), settings(trainer={"batch_size": 4}))
    task.validate(data(1.0, 2.0), settings(trainer={"batch_size": 8}))


def test_the_data_get_the_columns_of_the_task():
    given = settings()
    assert build_task(given.task).prefer(given).data.columns == {"pain": "value"}
    plain = from_keywords(TrainSettings, {"task": "classify"}).settings()
    assert build_task("classify").prefer(plain).data.columns is None


def test_outputs_are_standardised_and_scores_are_in_units():
    task = measured()
    assert task.activated(torch.tensor([[0.0], [2.0]])).tolist() == [[2.0], [3.0]]
    assert float(task.view_loss(torch.tensor([[2.0]]), torch.tensor([[3.0]]))) == 0


def test_an_unreadable_video_is_answered_with_the_mean_of_training():
    found = measured().measure(torch.tensor([[NAN], [3.0]]).double(), torch.tensor([[2.0], [3.0]]))
    assert found["mae"] == 0
    assert {*found} == {*Regression.metrics}


def test_a_metric_that_there_is_not_is_named():
    assert measured().resolve_metric("auto", "here") == "ccc"
    with pytest.raises(ValueError, match="trainer.metric=top1: choose from ccc, rmse, mae, pearson, sagr for numbers"):
        measured().resolve_metric("top1", "here")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"targets": []}, "name one column or more, each once"),
        ({"targets": ["a", "a"]}, "name one column or more, each once"),
        ({"targets": ["a", "b"], "mean": [0.0]}, "task.mean=.0.0.: give a number for each of a, b"),
        ({"targets": ["a"], "std": [0.0]}, "task.std=.0.0.: give a number above 0 for each of a"),
    ],
)
def test_options_that_do_not_fit_are_refused(node, message):
    with pytest.raises(ValueError, match=message):
        build_task({"name": "regression", **node})
