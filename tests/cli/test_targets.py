"""Tasks beyond one class, from the table to the answers, as subprocesses on real files."""

import csv
import json
from pathlib import Path

import pytest
import torch

from videoai.data.encode import write_clip
from videoai.data.motion16.motion import LEVELS
from videoai.data.motion16.variants import render_variant

FAST = (
    *("model=tiny_r3d", "clip.num_frames=4", "clip.stride=8", "clip.size=32", "trainer.batch_size=8"),
    *("trainer.precision=fp32", "trainer.max_epochs=2", "loading.num_workers=0", "logger=[]", "data.flip=0"),
)
TASKS = {
    "regression": ("task=regression", "task.targets=[speed,angle]", "task.loss=ccc", "augment.mixup=0.2"),
    "ordinal": ("task=ordinal", "task.order=[slow,medium,fast]", "augment.mixup=0.2"),
    "multi_head": ("task=multi_head", "task.heads={hand: class, angle: value}", "task.weights={hand: 2}"),
    "votes": ("task=classify", "task.votes=[calm,wild]", "augment.cutmix=1.0", "imbalance.balanced_softmax=true"),
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Forty clips, with a table of targets of which some are missing."""
    cwd = tmp_path_factory.mktemp("project")
    scene = {"level": LEVELS["easy"], "seed": 0, "split": "train", "num_frames": 32, "fps": 15}
    lines = ["path,label,split,speed,angle,hand,calm,wild"]
    for index in range(40):
        frames, truth = render_variant("regression", **scene, index=index, size_px=32)
        write_clip(cwd / f"{index}.mp4", frames)
        speed, split = float(truth["speed"]), ("train", "train", "val", "test")[index % 4]
        level = "slow" if speed < 0.4 else "medium" if speed < 0.65 else "fast"
        missing = "" if index % 5 == 0 else truth["angle"]
        hand = "" if index % 7 == 0 else ("left", "up")[index % 2]
        lines.append(f"{index}.mp4,{level},{split},{speed},{missing},{hand},{index % 3},{1 + index % 2}")
    (cwd / "clips.csv").write_text("\n".join(lines))
    return cwd


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_each_task_trains_continues_evaluates_and_answers(name, project, videoai_command):
    train = ("train", "data=csv", "data.path=clips.csv", *FAST, *TASKS[name], f"run_dir={name}")
    for steps in (3, 6):  # the second command goes on with the statistics of the first
        done = videoai_command(*train, f"trainer.max_steps={steps}", cwd=project)
        assert done.returncode == 0, done.stderr
    state = torch.load(project / name / "checkpoints/last.pt", weights_only=True)
    assert state["step"] == 6
    assert (project / name / "report/report.html").exists()
    done = videoai_command(
        "evaluate", f"checkpoint={name}/checkpoints/best.pt", "views=2x1", "run_dir=eval", cwd=project
    )
    assert done.returncode == 0, done.stderr
    results, predictions = (
        json.loads((project / "eval/results.json").read_text()),
        rows(project / "eval/predictions.csv"),
    )
    assert len(predictions) == results["n_total"] == 10
    assert (project / "eval/report.html").exists()
    done = videoai_command(
        "predict", f"checkpoint={name}/checkpoints/best.pt", "input=3.mp4", "annotate=true", cwd=project
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    check = {"regression": check_regression, "ordinal": check_ordinal, "multi_head": check_heads, "votes": check_votes}
    check[name](state, results, predictions, answer)


COLUMNS = {
    "regression": "{speed: value, angle: value}",
    "ordinal": "",
    "multi_head": "{hand: class, angle: value}",
    "votes": "{calm: votes, wild: votes}",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_each_task_learns_the_same_weights_from_shards(name, project, videoai_command, tmp_path):
    columns = [f"data.columns={COLUMNS[name]}"] if COLUMNS[name] else []
    source = ("data=csv", f"data.path={project}/clips.csv")
    done = videoai_command("data", "prepare", *source, *columns, "to=shards", "out=packed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    weights = {}
    for run, data in {"files": source, "shards": ("data=shards", "data.path=packed")}.items():
        how = (*FAST, *TASKS[name], "trainer.max_steps=3", "report=false", f"run_dir={run}")
        done = videoai_command("train", *data, *how, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        weights[run] = torch.load(tmp_path / run / "checkpoints/last.pt", weights_only=True)["model"]
    assert all(torch.equal(weights["files"][key], value) for key, value in weights["shards"].items())


def check_regression(state, results, predictions, answer):
    assert state["config"]["task"]["mean"] == pytest.approx([0.5, 0], abs=60)
    assert state["config"]["data"]["columns"] == {"speed": "value", "angle": "value"}
    assert results["per_target"]["angle"]["n_missing"] == sum(row["angle"] == "" for row in predictions) == 2
    known = [(float(row["angle"]), float(row["angle_predicted"])) for row in predictions if row["angle"]]
    mae = sum(abs(one - other) for one, other in known) / len(known)
    assert results["per_target"]["angle"]["mae"] == pytest.approx(mae, abs=1e-4)
    assert {*answer["values"]} == {"speed", "angle"}


def check_ordinal(state, results, predictions, answer):
    assert state["classes"] == results["order"] == ["slow", "medium", "fast"]
    places = {name: place for place, name in enumerate(state["classes"])}
    off = [abs(places[row["label"]] - places[row["predicted"]]) for row in predictions]
    assert results["mean_level_error"] == pytest.approx(sum(off) / len(off))
    assert results["within_one"] == pytest.approx(sum(one <= 1 for one in off) / len(off))
    assert sum(one["probability"] for one in answer["top"]) == pytest.approx(1, abs=1e-4)


def check_heads(state, results, predictions, answer):
    assert state["classes"] == ["hand: left", "hand: up", "angle"]
    known = [row for row in predictions if row["hand"]]
    assert results["heads"]["hand"]["n"] == results["n_joint"] == len(known) < len(predictions)
    right = sum(row["hand"] == row["hand_predicted"] for row in known) / len(known)
    assert results["heads"]["hand"]["top1"] == results["joint_top1"] == pytest.approx(right)
    assert {one["label"] for one in answer["heads"]["hand"]} == {"left", "up"}
    assert isinstance(answer["heads"]["angle"], float)


def check_votes(state, results, predictions, answer):
    assert state["classes"] == ["calm", "wild"]
    assert {row["label"] for row in predictions} <= {"calm", "wild"}
    assert {one["label"] for one in answer["top"]} == {"calm", "wild"}


@pytest.mark.slow
def test_a_check_of_the_data_counts_missing_targets(project, videoai_command):
    columns = "data.columns={angle: value, hand: class}"
    done = videoai_command("data", "check", "data=csv", "data.path=clips.csv", columns, "out=checked", cwd=project)
    assert "8 clips lack it" in done.stderr + done.stdout
    assert "hand: 2 classes, 6 clips lack it." in done.stderr + done.stdout
    assert "6 clips lack it" in (project / "checked/report.html").read_text()


@pytest.mark.slow
def test_folds_of_numbers_end_in_an_ensemble(project, videoai_command):
    train = ("train", "data=csv", "data.path=clips.csv", *FAST, "task=regression", "task.targets=[speed]")
    done = videoai_command(*train, "trainer.max_epochs=1", "data.folds=2", "run_dir=folds", cwd=project)
    assert done.returncode == 0, done.stderr
    means = {
        tuple(
            torch.load(project / f"folds/fold{fold}/checkpoints/best.pt", weights_only=True)["config"]["task"]["mean"]
        )
        for fold in range(2)
    }
    assert len(means) == 1  # one scale, so that outputs can be averaged
    assert "ccc" in json.loads((project / "folds/folds.json").read_text())["summary"]
    done = videoai_command("predict", "checkpoint=folds/checkpoints/ensemble.pt", "input=0.mp4", cwd=project)
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout.splitlines()[-1])["values"]["speed"] < 1
