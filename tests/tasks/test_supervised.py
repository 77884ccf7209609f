"""What a task asks of data, and how its settings and labels are matched; ``tests/run`` trains with it."""

from pathlib import Path
from typing import Any

import pytest

from videoai.compose.settings import from_keywords
from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.settings import training as settings
from videoai.settings.training import TrainSettings
from videoai.tasks import TASKS, build_task, node_of, suiting, task_of
from videoai.tasks.classify import Classify
from videoai.tasks.multi_label import MultiLabel
from videoai.tasks.supervised import scoring_task
from videoai.tasks.task import Metric, Setup
from videoai.tasks.validation import SupervisedValidation


def of_kind(multi_label: bool) -> Manifest:
    def item(label: int) -> VideoItem:
        spans = (LabelSpan(label),) if multi_label else None
        return VideoItem(f"{label}.mp4", MULTI_LABEL if multi_label else label, spans=spans)

    return Manifest(("a", "b"), {"train": [item(0), item(1)], "val": [], "test": []}, "here")


ONE, SEVERAL = of_kind(False), of_kind(True)


def with_imbalance(changes: dict) -> TrainSettings:
    return from_keywords(TrainSettings, {"imbalance": changes}).settings()


@pytest.mark.parametrize(
    ("setting", "multi_label", "message"),
    [
        (
            {"sampler": "sqrt"},
            True,
            "imbalance.sampler=sqrt goes by the one class of a clip, but the clips of here",
        ),
        ({"effective_number": 0.9}, True, "have several labels each; use pos_weight, focal or gamma_neg"),
        ({"balanced_softmax": True}, True, "imbalance.balanced_softmax=True goes by the one class of a clip"),
        ({"gamma_neg": 4.0}, False, "imbalance.gamma_neg=4.0 weighs one of several labels"),
        ({"margin": 0.05}, False, "imbalance.margin=0.05 weighs one of several labels"),
        ({"pos_weight": 0.5}, False, "imbalance.pos_weight=0.5 weighs one of several labels, but .* have one each"),
    ],
)
def test_an_imbalance_setting_that_such_labels_have_no_use_for_is_refused(setting, multi_label, message):
    task, other = (MultiLabel(), Classify()) if multi_label else (Classify(), MultiLabel())
    task.validate(of_kind(multi_label), with_imbalance({}))
    with pytest.raises(ValueError, match=message):
        task.validate(of_kind(multi_label), with_imbalance(setting))
    other.validate(of_kind(not multi_label), with_imbalance(setting))


def test_the_metric_is_the_fields_own_unless_another_is_named():
    assert [task.resolve_metric("auto", "here") for task in (Classify(), MultiLabel())] == ["top1", "map"]
    assert [task.resolve_metric("macro_f1", "here") for task in (Classify(), MultiLabel())] == ["macro_f1"] * 2
    with pytest.raises(ValueError, match="trainer.metric=top1: the clips of here have several labels each. Choose"):
        MultiLabel().resolve_metric("top1", "here")
    with pytest.raises(ValueError, match="trainer.metric=map: .* one label each. Choose from top1, mean"):
        Classify().resolve_metric("map", "here")


def test_a_metric_is_written_as_a_share_or_as_a_number():
    assert Metric("top-1").text(0.7123) == "top-1 71.2%"
    assert Metric("error", is_share=False).text(3.14159) == "error 3.142"


def test_labels_are_matched_by_name_whatever_the_order_and_the_number_of_classes():
    assert Classify().target(ONE, ["c", "b", "a"], "best.pt").output_of == [2, 1]
    clip = VideoItem("x.mp4", MULTI_LABEL, spans=(LabelSpan(1),))
    assert MultiLabel().target(SEVERAL, ["c", "b", "a"], "best.pt")(clip, ()).tolist() == [0, 1, 0]


def test_other_class_names_are_both_named():
    with pytest.raises(ValueError, match=r'only in the data: \["b"\]; only in the checkpoint: \["c"\]'):
        Classify().target(ONE, ["a", "c"], "best.pt")


def test_classes_in_their_hundreds_are_not_all_named():
    trained = [f"kinetics400 {number}" for number in range(400)]
    with pytest.raises(ValueError, match=r'trained on 400 classes: \["kinetics400 0", ') as caught:
        Classify().target(ONE, trained, "torchvision/r3d_18")
    assert len(str(caught.value)) < 600 and 'only in the data: ["a", "b"]' in str(caught.value)


def test_one_label_and_several_are_not_compared():
    Classify().target(ONE, ["a", "b"], "best.pt")
    MultiLabel().target(SEVERAL, ["a", "b"], "best.pt")
    message = r"best.pt takes several labels a video, but here has one label a video: set data.multi_label=true"
    with pytest.raises(ValueError, match=message):
        MultiLabel().target(ONE, ["a", "b"], "best.pt")
    with pytest.raises(ValueError, match="best.pt takes one label a video, but here has several labels"):
        Classify().target(SEVERAL, ["a", "b"], "best.pt")


def test_the_data_choose_the_task_and_a_checkpoint_names_it():
    assert [suiting(data)["name"] for data in (ONE, SEVERAL)] == ["classify", "multi_label"]
    assert node_of({"config": {}}) == {"name": "classify"}  # written before there were several
    assert node_of({"config": {}, "multi_label": True}) == {"name": "multi_label"}
    assert isinstance(task_of({"config": {"task": {"name": "multi_label"}}, "multi_label": False}), MultiLabel)


def test_an_unknown_task_and_one_from_outside_a_checkpoint_does_not_vouch_for_are_refused():
    with pytest.raises(ValueError, match="task: unknown name 'classifi'. Did you mean classify"):
        build_task("classifi")
    with pytest.raises(ValueError, match="task: 'mine.Task' is code from outside videoai.* Add 'trust=.mine.'"):
        task_of({"config": {"task": {"_target_": "mine.Task"}}})


def test_a_gan_scores_no_videos():
    with pytest.raises(
        ValueError, match="checkpoint=gan.pt: a GAN, which makes clips and names none.*videoai gan evaluate"
    ):
        scoring_task({"config": {"task": "gan"}}, "gan.pt")


def test_validation_without_a_single_label_is_refused():
    manifest = Manifest(("a", "b"), {"val": [VideoItem("x.mp4", MULTI_LABEL, spans=())]}, "here")
    nothing: Any = None
    parts = dict.fromkeys(
        ("fingerprint", "clip", "outputs", "target", "reading", "num_workers", "device", "settings"), nothing
    )
    setup = Setup(manifest=manifest, steps_per_epoch=1, folder=Path(), **parts)
    with pytest.raises(ValueError, match="here: no validation video has a label, so nothing can be scored"):
        SupervisedValidation(MultiLabel(), setup, nothing, nothing)


def test_the_settings_know_every_task_of_the_table():
    assert {*settings.TASKS, "gan"} == {*TASKS, "auto"}
