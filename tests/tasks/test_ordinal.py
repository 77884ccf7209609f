"""The order of classes, and what a task of levels refuses."""

import pytest
import torch

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.settings.training import TrainSettings
from videoai.tasks.ordinal import Ordinal


def data(*classes: str) -> Manifest:
    items = [VideoItem(f"{at}.mp4", at) for at in range(len(classes))]
    return Manifest(classes, {"train": items, "val": items[:1], "test": []}, "here")


def settings(**changes: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"task": "ordinal", **changes}).settings()


def test_numbers_are_in_their_order_and_names_in_that_which_is_given():
    assert Ordinal().outputs(data("10", "2", "-1.5")) == ["-1.5", "2", "10"]
    assert Ordinal(order=["slow", "medium", "fast"]).outputs(data("fast", "medium", "slow")) == [
        *("slow", "medium", "fast")
    ]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (None, r"are no numbers, so their order is not known. .*'task.order=\[fast,slow\]'"),
        (["slow"], "name two classes or more"),
        (["slow", "faster"], "task.order=.slow, faster. lacks fast of here. Name every class"),
        (["slow", "medium", "fast"], "task.order names medium, which here does not have. It has fast, slow"),
    ],
)
def test_an_order_that_is_not_known_is_asked_for(order, message):
    with pytest.raises(ValueError, match=message):
        Ordinal(order=order).validate(data("fast", "slow"), settings())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainer": {"label_smoothing": 0.1}}, "trainer.label_smoothing=0.1"),
        ({"imbalance": {"focal": 1.0}}, "imbalance.focal=1.0 weighs the classes of a softmax"),
        ({"imbalance": {"balanced_softmax": True}}, "use imbalance.sampler"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Ordinal().validate(data("1", "2"), settings(**changes))
    Ordinal().validate(data("1", "2"), settings(imbalance={"sampler": "balanced"}, augment={"mixup": 0.2}))


def test_values_of_a_set_are_of_its_levels():
    scores = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1]]).double()
    found = Ordinal().measure(scores, torch.tensor([0, 2, 0]))
    assert found["top1"] == pytest.approx(2 / 3)
    assert found["mae"] == pytest.approx(1 / 3)
    assert found["within_one"] == 1
    assert 0 < found["qwk"] < 1
    assert Ordinal().resolve_metric("auto", "here") == "qwk"
