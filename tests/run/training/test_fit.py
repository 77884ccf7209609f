"""Does the advice at the end of a run name settings that exist, and fit the run?"""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from videoai.compose.settings import from_arguments
from videoai.core.log import RunLog
from videoai.report.fit import Fit
from videoai.run.training.fit import advice, verdict, with_data
from videoai.run.training.pace import total_steps
from videoai.run.training.set_up import steps_per_epoch
from videoai.settings.parse import to_dict
from videoai.settings.training import TrainSettings
from videoai.tasks.validation import SupervisedValidation

TYPED = "videoai train data=folder 'data.root=my clips' run_dir=here"
OTHER_WEIGHTS = ["model=x3d_xs", "model.pretrained=true"]
GIVEN = ["data=folder", "data.root=my clips", "run_dir=here"]


def settings(*words: str) -> TrainSettings:
    return from_arguments(TrainSettings, [*GIVEN, "trainer.max_epochs=10", "task=classify", *words]).settings()


def advised(kind: Any, *words: str, at_chance: bool = False, stop: Any = "", total: int = 0) -> str:
    return "; ".join(advice(Fit(kind, "", at_chance), settings(*words), TYPED, stop, total))


def settings_in(text: str) -> list[str]:
    """The words of the advice that set something of ``train``."""
    words = [word.strip(",;)") for word in text.split("(")[0].split() + text.partition(")")[2].split()]
    return [word for word in words if "=" in word]


@pytest.mark.parametrize(
    ("kind", "words", "wanted"),
    [
        ("overfitting", ["model=small_r3d"], ["augment=strong", "model.dropout=0.5", *OTHER_WEIGHTS]),
        ("overfitting", ["model=c2d_r50", "augment=strong"], ["model.pretrained=true"]),
        ("overfitting", ["model=x3d_xs", "weights=w.pt"], ["augment=strong"]),
        ("underfitting", ["model=tiny_r3d"], ["trainer.max_epochs=20", "model=small_r3d"]),
        ("underfitting", ["model=r3d_18", "finetune.freeze=true"], ["trainer.max_epochs=20", "finetune=full"]),
        ("improving", ["trainer.max_epochs=null", "trainer.max_steps=30"], ["trainer.max_steps=60"]),
        ("improving", ["trainer.minutes=1.5"], ["trainer.minutes=3"]),
        ("fits", [], []),
        ("unknown", [], []),
    ],
)  # fmt: skip
def test_the_advice_names_settings_that_train_takes(kind, words, wanted):
    found = settings_in(advised(kind, *words))
    assert found == wanted
    both = {word.partition("=")[0]: word for word in (*GIVEN, *words, *found)}
    from_arguments(TrainSettings, list(both.values())).settings()  # raises for one that does not exist


def test_a_schedule_that_was_stopped_goes_on_with_its_own_length():
    said = advised("underfitting", "model=tiny_r3d", stop="trainer.max_steps", total=900)
    assert said == "the same command goes on with trainer.max_steps=900"
    assert "trainer.max_steps" not in advised("overfitting", stop="trainer.max_steps", total=900)


def test_a_run_that_patience_ended_is_advised_to_wait_longer_and_a_pruned_one_is_not():
    patient = ["trainer.patience=5", "model=tiny_r3d"]
    assert (
        advised("improving", *patient, stop="trainer.patience") == "the same command goes on with trainer.patience=10"
    )
    assert advised("underfitting", *patient, stop="sweep.pruner") == "take a larger network, model=small_r3d"
    assert advised("improving", stop="sweep.pruner") == ""


def test_more_clips_are_advised_with_the_study_that_says_what_they_give():
    assert "(videoai study more_data data=folder 'data.root=my clips' says" in advised("overfitting")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("videoai train data=folder data.folds=5 data.test_fold=0 run_dir=here", "data=folder"),
        ("videoai train --config-dir 'my own' data=mine model=net", "data=mine --config-dir 'my own'"),
        ("videoai train data=mine --config-dir=own experiment=mine", "data=mine experiment=mine --config-dir=own"),
        (None, "data=..."),
    ],
)
def test_a_study_is_advised_with_words_that_it_takes(typed, wanted):
    assert with_data("study label_noise", typed) == f"videoai study label_noise {wanted}"


@pytest.mark.parametrize("task", [{"name": "multi_label"}, {"_target_": "mine.Regression"}])
def test_no_study_is_advised_for_a_task_that_the_studies_do_not_take(task):
    given = replace(settings("optim.lr=0.03"), task=task)
    for kind in ("overfitting", "underfitting"):
        said = "; ".join(advice(Fit(kind, "", True), given, TYPED))  # pyright: ignore[reportArgumentType]
        assert "at the labels" in said and "videoai study" not in said


def test_validation_at_chance_sends_to_the_labels_first():
    said = advised("overfitting", at_chance=True)
    assert said.startswith("look at the training clips on the page and at the labels (videoai study label_noise data=")
    assert "label_noise" not in advised("overfitting")


def test_a_model_at_chance_gets_a_lower_rate_and_a_look_at_labels():
    said = advised("underfitting", "optim.lr=0.03", at_chance=True)
    assert "optim.lr=0.01;" in said and "videoai study label_noise data=folder" in said


def trainer_of(given: TrainSettings, **more: object) -> Any:
    """What ``verdict`` reads of a trainer at the end of a run: 100 training clips, 20 of validation, two classes."""
    validation = object.__new__(SupervisedValidation)
    splits = {"train": range(100), "val": range(20)}
    vars(validation).update(manifest=SimpleNamespace(splits=splits), items=splits["val"], outputs=["a", "b"])
    config = {**to_dict(given), "task": {"name": "classify"}}
    return SimpleNamespace(
        evaluate=validation, facts={"config": config}, metric="top1", best=SimpleNamespace(step=7), **more
    )


def test_a_verdict_that_fails_costs_one_warning_and_not_the_run(tmp_path, caplog):
    missing = tmp_path / "metrics.jsonl"
    assert verdict(trainer_of(settings("trainer.batch_size=16")), missing, TYPED) is None
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("no verdict on the run (FileNotFoundError") and line.endswith("the run is saved")


@pytest.mark.parametrize(
    ("stale", "pruned", "said"),
    [
        (True, False, "trainer.patience. What to do: the same command goes on with trainer.patience=4."),
        (True, True, "sweep.pruner."),
        (False, False, "trainer.max_steps. What to do: the same command goes on with trainer.max_steps=70."),
    ],
)
def test_the_verdict_says_what_stopped_the_schedule(stale, pruned, said, tmp_path):
    log = RunLog(tmp_path)
    for step in range(1, 15):
        log.scalars(step, "val", {"loss": 1 / step, "top1": 0.5})
    log.close()
    given = settings("trainer.batch_size=16", "trainer.patience=2", "trainer.max_steps=14")
    trainer = trainer_of(given, step=14, is_stopped=pruned, is_stale=lambda: stale)
    found = verdict(trainer, tmp_path / "metrics.jsonl", TYPED)
    assert found and found.kind == "improving" and found.text.endswith(f"stopped at step 14 by {said}")


def test_losses_that_were_not_finite_are_counted_in_the_verdict(tmp_path):
    log = RunLog(tmp_path)
    for step, loss in enumerate([0.5, math.nan, math.inf, 0.4]):
        log.scalars(step, "val", {"loss": loss, "top1": 0.5})
    log.close()
    found = verdict(trainer_of(settings("trainer.batch_size=16"), step=70), tmp_path / "metrics.jsonl", TYPED)
    assert found and found.text == "Cannot tell from 2 evaluations, 2 more were not finite: 4 make a curve."


@pytest.mark.parametrize("dropout", [None, [0.1, 0.2]])
def test_a_dropout_that_is_no_number_gets_no_advice_of_a_higher_one(dropout):
    own = replace(settings(), model={"_target_": "mine.Net", "dropout": dropout})
    said = "; ".join(advice(Fit("overfitting", ""), own, TYPED))
    assert "augment=strong" in said and "model.dropout" not in said


@pytest.mark.parametrize(
    ("words", "steps"),
    [([], 70), (["trainer.max_epochs=null", "trainer.max_steps=9"], 9), (["augment.repeats=2"], 130)],
)
def test_the_length_of_the_schedule_is_that_of_its_epochs(words, steps):
    given = settings("trainer.batch_size=16", *words)
    assert total_steps(given.trainer, steps_per_epoch(given, 100)) == steps  # 7 an epoch, 13 with two of each clip
