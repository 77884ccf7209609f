"""What a user's own package can bring, without a line changed here: it is imported from a folder on the path."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from videoai.compose.settings import from_keywords
from videoai.run.evaluate import evaluate
from videoai.run.predict import predict
from videoai.run.train import build_trainer, lower_is_better, resolve, train
from videoai.run.training.open_run import open_run
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings, PredictSettings

HERE = Path(__file__).parent
SMALL = {
    "batch_size": 6,
    "precision": "fp32",
    "num_threads": 1,
    "tensorboard": False,
    "log_every": 1,
    "max_steps": 4,
    "eval_every": 1,
    "ema_decay": None,
}
REGRESSION = yaml.safe_load((HERE / "conf/task/speed.yaml").read_text())


@pytest.fixture(autouse=True)
def own_package(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def speeds(clip_folder, tmp_path) -> dict:
    """A table whose labels are numbers; test holds one that train has not."""
    values = {"left": {"train": "1.5", "val": "1.5", "test": "-7"}, "up": {"train": "20", "val": "3e1", "test": "20"}}
    rows = [
        [str(path), values[name][split], split]
        for name in values
        for split, path in zip(("train", "train", "val", "test"), sorted((clip_folder / name).iterdir()), strict=False)
    ]
    with (tmp_path / "speeds.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label", "split"], *rows])
    return {"name": "csv", "path": str(tmp_path / "speeds.csv"), "num_workers": 0, "flip": 0.0}


def settings(tmp_path: Path, data: dict, **changes) -> TrainSettings:
    given = {"data": data, "model": "tiny_r3d", "clip": "16x2x32", "run_dir": str(tmp_path / "run"), "trainer": SMALL}
    return from_keywords(TrainSettings, {**given, **changes}).settings()


def scoring(checkpoint: str, **changes) -> EvaluateSettings:
    given = {"views": "2x1", "batch_size": 8, "num_workers": 0, "trust": ["regression"]}
    return parse(EvaluateSettings, {"checkpoint": checkpoint, "device": "cpu", **given, **changes})


def test_a_task_of_ones_own_trains_evaluates_and_predicts(speeds, tmp_path):
    done = train(settings(tmp_path, speeds, task=REGRESSION))
    assert done.metric == "mae" and done.best == f"mean absolute error {done.best_value:.4g}"
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    validated = [line["mae"] for line in lines if line["split"] == "val"]
    assert done.best_value == pytest.approx(min(validated), abs=1e-4)  # lower is better; logs are rounded
    assert len(set(validated)) == len(validated) == 4
    state = torch.load(done.checkpoint, weights_only=True)
    assert (state["classes"], state["config"]["task"]) == (["speed"], REGRESSION)

    evaluated = evaluate(scoring(done.checkpoint))
    results = evaluated.results
    assert (results["split"], results["n_total"]) == ("test", 2)
    assert evaluated.files == ["results.json", "predictions.csv", "report.html"]
    with (Path(evaluated.folder) / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["value"] for row in rows} == {"-7.000000", "20.000000"}  # -7 is in test alone
    errors = [abs(float(row["value"]) - float(row["predicted"])) for row in rows]
    assert results["mae"] == pytest.approx(sum(errors) / 2, abs=1e-5)
    assert dict(evaluated.table)["mean absolute error"] == f"{results['mae']:.3f}"

    out = {"input": str(tmp_path / rows[0]["path"]), "annotate": True, "run_dir": str(tmp_path / "out")}
    given = {"checkpoint": done.checkpoint, "device": "cpu", "trust": ["regression"], **out}
    (record,) = predict(parse(PredictSettings, given))
    assert set(record) == {"path", "value", "annotated"} and abs(record["value"]) < 50


def test_a_sweep_knows_the_direction_of_a_metric_before_any_data_are_read(speeds, tmp_path):
    assert lower_is_better(settings(tmp_path, speeds, task=REGRESSION))
    assert not lower_is_better(settings(tmp_path, speeds))
    assert not lower_is_better(settings(tmp_path, speeds, trainer={**SMALL, "metric": "map"}))  # map is multi_label's


@pytest.mark.slow
def test_a_task_of_ones_own_continues_bitwise(speeds, tmp_path):
    for run, stops in (("whole", [4]), ("parts", [2, 4])):
        for stop in stops:
            given = settings(tmp_path, speeds, task=REGRESSION, run_dir=str(tmp_path / run))
            train(replace(given, trainer=replace(given.trainer, max_steps=stop, max_epochs=4)))
    whole, parts = (torch.load(tmp_path / run / "checkpoints/last.pt", weights_only=True) for run in ("whole", "parts"))
    assert whole["step"] == parts["step"] == 4
    assert all(torch.equal(value, parts["model"][name]) for name, value in whole["model"].items())


def test_labels_that_are_no_numbers_and_a_checkpoint_that_nobody_trusts_are_refused(clip_folder, speeds, tmp_path):
    folder = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    with pytest.raises(ValueError, match="a label is no number .*'down'"):
        train(settings(tmp_path, folder, task=REGRESSION))
    done = train(settings(tmp_path, speeds, task=REGRESSION))
    with pytest.raises(ValueError, match="'regression.Regression' is code from outside videoai.*'trust=.regression.'"):
        evaluate(scoring(done.checkpoint, trust=[]))


def built(given: TrainSettings):
    with open_run(resolve(given)) as run:
        return build_trainer(run)


def test_batch_operations_and_clip_transforms_of_ones_own_stand_in_a_list(clip_folder, tmp_path):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0}
    own_ops = {
        "batch_ops": [{"_target_": "invert.Invert", "strength": 1.0}],
        "clip_transforms": [{"_target_": "noise.Noise", "most": 3}],
    }
    plain = settings(tmp_path, data)
    given = settings(tmp_path, data, run_dir=str(tmp_path / "own"), augment=own_ops)
    trainer, own = built(plain), built(given)
    first, noisy = next(trainer.batches(0)), next(own.batches(0))
    off = noisy.video.int() - first.video.int()
    assert off.min() == 0 and off.max() == 3  # the same clips, with noise
    seen = []
    own.learner.model.register_forward_pre_hook(lambda model, inputs: seen.append(inputs[0]))
    own.learner.train_step(noisy, own.precision, 0)
    assert torch.equal(seen[0], -own.learner.to_input(noisy).video)


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (
            {"batch_ops": [{"_target_": "invert.Invert", "strenth": 1}]},
            "augment.batch_ops.0.: Invert does not take 'stre",
        ),
        ({"batch_ops": [{"name": "invert"}]}, "augment.batch_ops.0.=.*: give _target_: mypackage.module.Class"),
        ({"clip_transforms": [{"_target_": "noise.Nois"}]}, "clip_transforms.0.: cannot import 'noise.Nois'"),
        (
            {"clip_transforms": [{"_target_": "noise.crop_corner", "size": 8}]},
            r"gave torch.uint8 \[16, 3, 8, 8\]; a clip",
        ),
        ({"clip_transforms": [{"_target_": "noise.forget"}]}, "gave a NoneType; a clip stays torch.uint8"),
        (
            {"clip_transforms": [{"_target_": "triangle.Triangle", "total_steps": 3}]},
            "called with .video, generator.",
        ),
        ({"batch_ops": [{"_target_": "noise.forget"}]}, "augment.batch_ops: .* returned a NoneType; return the batch"),
        ({"batch_ops": [{"_target_": "noise.first_clip"}]}, "first returned video .*'video': 1, 'label': 6"),
        (
            {"batch_ops": [{"_target_": "triangle.Triangle", "total_steps": 3}]},
            "called with .batch, position.",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(clip_folder, tmp_path, augment, message):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    given = settings(tmp_path, data, augment=augment)
    with pytest.raises(ValueError, match=message):
        train(given)


def test_an_optimizer_and_a_schedule_of_ones_own(clip_folder, tmp_path):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    given = settings(tmp_path, data, schedule={"_target_": "triangle.Triangle", "floor": 0.1})
    given = replace(given, trainer=replace(given.trainer, max_epochs=None))  # the schedule runs over max_steps
    trainer = built(replace(given, optim={"_target_": "sign_sgd.SignSGD", "lr": 0.01, "weight_decay": 0.1}))
    assert [group["weight_decay"] for group in trainer.optimizer.param_groups] == [0.1, 0.0]
    assert [trainer.schedule(step) for step in range(5)] == [0.1, 0.5, 1.0, 0.5, 0.1]
    trainer.train_step([next(trainer.batches(0))])
    assert {group["lr"] for group in trainer.optimizer.param_groups} == {0.001}
    with pytest.raises(ValueError, match="schedule: Triangle does not take 'flor'. Did you mean floor"):
        built(replace(given, schedule={"_target_": "triangle.Triangle", "flor": 0.1}))
    with pytest.raises(ValueError, match="schedule: Schedule does not take 'warm_up'. Did you mean warmup"):
        built(replace(given, schedule={"name": "cosine", "warm_up": 0.1}))
    with pytest.raises(ValueError, match="optim.lr is not set"):
        built(replace(given, optim={"_target_": "sign_sgd.SignSGD"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": {"_target_": "triangle.Triangle", "total_steps": 3}},
            "task: Triangle has no resolve, prefer, ",
        ),
        (
            {"data": {"_target_": "triangle.Triangle", "total_steps": 3}},
            "data: triangle.Triangle returned a Triangle",
        ),
        (
            {"model": {"_target_": "tiny_net.TinyNet", "width": 8, "learns": False}},
            "TinyNet: its logits depend on no",
        ),
        ({"model": {"_target_": "tiny_net.no_network"}}, "model: tiny_net.no_network gives a NoneType; a torch.nn.Mod"),
    ],
)
def test_classes_of_another_kind_are_not_blamed_on_videoai(clip_folder, tmp_path, changes, message):
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    with pytest.raises(ValueError, match=message):
        train(settings(tmp_path, **{"data": data, **changes}))
