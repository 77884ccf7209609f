"""What is chosen where all classes count alike."""

from dataclasses import replace
from pathlib import Path

import pytest

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.training.balance import asked_metric, with_balance
from videoai.settings.training import TrainSettings
from videoai.tasks import build_task


def settings(data: str = "ravdess", **more: object) -> TrainSettings:
    root = {} if data == "motion16" else {"root": "/r"}
    return from_keywords(TrainSettings, {"data": {"name": data, **root}, **more}).settings()


def manifest(many: int, few: int) -> Manifest:
    items = [VideoItem(f"/{k}{n}.mp4", k) for k, count in enumerate((many, few)) for n in range(count)]
    return Manifest(("a", "b"), {"train": items}, "here")


@pytest.mark.parametrize(
    ("data", "counts", "more", "is_on"),
    [
        ("ravdess", (40, 4), {}, True),
        ("ravdess", (39, 4), {}, False),
        ("dfew", (100, 2), {}, True),
        ("motion16", (100, 2), {}, False),
        ("dfew", (100, 2), {"imbalance": {"balanced_softmax": False}}, False),
        ("dfew", (100, 2), {"imbalance": {"sampler": "balanced"}}, False),
        ("dfew", (100, 2), {"imbalance": {"effective_number": 0.99}}, False),
        ("motion16", (5, 5), {"imbalance": {"balanced_softmax": True}}, True),
    ],
)
def test_balanced_softmax_is_on_where_classes_count_alike_and_differ_tenfold(data, counts, more, is_on, caplog):
    caplog.set_level("INFO")
    done = with_balance(settings(data, **more), build_task("classify"), manifest(*counts))
    assert done.imbalance.balanced_softmax is is_on
    assert ("balanced soft-max is on" in caplog.text) == (is_on and "imbalance" not in more)


@pytest.mark.parametrize("name", ["multi_label", "ordinal"])
def test_a_task_whose_loss_cannot_take_it_goes_without(name):
    assert with_balance(settings("dfew"), build_task(name), manifest(100, 2)).imbalance.balanced_softmax is False


@pytest.mark.parametrize(
    ("heads", "metric"), [({"emotion": "class", "intensity": "class"}, "emotion_uar"), ({"intensity": "value"}, "mean")]
)
def test_of_several_heads_the_emotion_chooses(heads, metric):
    task = build_task({"name": "multi_head", "heads": heads})
    assert task.resolve_metric(asked_metric(settings(), task), "here") == metric


@pytest.mark.parametrize(
    ("data", "asked", "metric"),
    [
        ("ravdess", "auto", "mean_class_accuracy"),
        ("dfew", "auto", "mean_class_accuracy"),
        ("motion16", "auto", "top1"),
        ("ravdess", "war", "top1"),
        ("motion16", "uar", "mean_class_accuracy"),
        ("ravdess", "macro_f1", "macro_f1"),
    ],
)
def test_uar_chooses_the_checkpoint_of_a_set_of_emotions(data, asked, metric):
    task, given = build_task("classify"), settings(data)
    given = replace(given, trainer=replace(given.trainer, metric=asked))
    assert task.resolve_metric(asked_metric(given, task), str(Path("here"))) == metric
