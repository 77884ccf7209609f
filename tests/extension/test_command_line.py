"""Each addition of CONTRIBUTING's table through the command line: ONE Python file and ONE YAML file of a user's own."""

import csv
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from videoai.cli.main import main

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHORT = [
    "clip=16x2x32",
    "data.flip=0",
    "device=cpu",
    "loading.num_workers=0",
    "report=false",
    "trainer.batch_size=6",
    "trainer.log_every=1",
    "trainer.max_epochs=4",
    "trainer.max_steps=4",
    "trainer.num_threads=1",
    "trainer.precision=fp32",
]
# row of the table -> the YAML file, and what to type
ADDITIONS = {
    "task": ("task/speed.yaml", "task=speed"),
    "clip transform": ("augment/noise.yaml", "augment=noise"),
    "batch op": ("augment/invert.yaml", "augment=invert"),
    "optimizer": ("optim/sign_sgd.yaml", "optim=sign_sgd"),
    "schedule": ("schedule/triangle.yaml", "schedule=triangle"),
    "logger": ("experiment/csv_log.yaml", "experiment=csv_log"),
    "data source": ("data/suffixes.yaml", "data=suffixes"),
    "model": ("model/tiny_net.yaml", "model=tiny_net"),
}
TRUST = {"task": "regression", "model": "tiny_net"}  # what evaluate and predict import besides videoai


@pytest.fixture
def table(clip_folder, tmp_path) -> Path:
    """Two classes whose names are numbers, so that the regression can train on them too."""
    rows = [["path", "label", "split"]]
    for label, name in (("10", "left"), ("20", "up")):
        paths = sorted((clip_folder / name).iterdir())
        rows += [
            [str(path), label, split] for split, path in zip(("train", "train", "val", "test"), paths, strict=False)
        ]
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "clips.csv"


@pytest.fixture
def videoai(monkeypatch) -> Callable[..., None]:
    """Run a command in this process, started in the folder of the user's own files."""

    def run(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["videoai", *words])
        assert main() == 0

    monkeypatch.chdir(HERE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return run


def data_words(kind: str, table: Path, clip_folder: Path) -> list[str]:
    return [f"data.folder={clip_folder}"] if kind == "data source" else ["data=csv", f"data.path={table}"]


def losses(run_dir: Path) -> list[float]:
    lines = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["split"] == "train"]


QUICK = ("model", "data source")  # the others take as long, and go the same ways


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind in QUICK else pytest.mark.slow) for kind in ADDITIONS]
)
def test_one_python_file_and_one_yaml_file_train_evaluate_and_predict(
    kind, videoai, table, clip_folder, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    data = data_words(kind, table, clip_folder)
    videoai("train", "--config-dir", "conf", ADDITIONS[kind][1], *SHORT, *data, f"run_dir={run_dir}")
    assert len(losses(run_dir)) == 4 and all(map(math.isfinite, losses(run_dir)))
    checkpoint = f"checkpoint={run_dir}/checkpoints/last.pt"
    trust = [f"trust=[{TRUST[kind]}]"] if kind in TRUST else []
    same = ["--config-dir", "conf", "data=suffixes", f"data.folder={clip_folder}"] if kind == "data source" else []
    videoai("evaluate", checkpoint, "device=cpu", "num_workers=0", *trust, *same)
    results = json.loads(next(run_dir.glob("*/results.json")).read_text())
    capsys.readouterr()
    clip = clip_folder / "up" / "up_5.mp4"
    videoai("predict", checkpoint, f"input={clip}", "device=cpu", f"run_dir={tmp_path}/out", *trust)
    answer = json.loads(capsys.readouterr().out.splitlines()[0])
    CHECKS[kind](run_dir, results, answer)


def check_task(run_dir, results, answer):
    assert results["mae"] >= 0 and "top1" not in results
    assert set(answer) == {"path", "value"} and abs(answer["value"]) < 100


def check_clip_transform(run_dir, results, answer):
    from noise import Noise  # pyright: ignore[reportMissingImports]

    assert Noise.videos_seen >= 4 * 4, "four steps of the four training clips pass through it"


def check_batch_op(run_dir, results, answer):
    from invert import Invert  # pyright: ignore[reportMissingImports]

    assert Invert.positions_seen[:4] == [0, 1, 2, 3]


def check_optimizer(run_dir, results, answer):
    """Every entry of a weight moves by the learning rate, up or down: its state holds nothing."""
    state = torch.load(run_dir / "checkpoints/last.pt", weights_only=True)
    assert state["config"]["optim"] == {"_target_": "sign_sgd.SignSGD", "lr": 0.001, "weight_decay": 0.1}
    assert not any("exp_avg" in entry for entry in state["optimizer"]["state"].values())


def check_schedule(run_dir, results, answer):
    lines = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    rates = [line["lr"] for line in lines if line["split"] == "train"]
    assert [rate / max(rates) for rate in rates] == pytest.approx([0.1, 0.5, 1.0, 0.5], abs=1e-3)


def check_logger(run_dir, results, answer):
    with (run_dir / "curves.csv").open() as file:
        rows = [row for row in csv.reader(file) if row[1:3] == ["train", "loss"]]
    assert [float(row[3]) for row in rows] == pytest.approx(losses(run_dir), abs=1e-4)
    assert list((run_dir / "tensorboard").iterdir())


def check_data_source(run_dir, results, answer):
    assert results["n_total"] == 4 and [one["label"] for one in answer["top"]] != []
    state = torch.load(run_dir / "checkpoints/last.pt", weights_only=True)
    assert state["classes"] == ["down", "left", "right", "up"]


def check_model(run_dir, results, answer):
    state = torch.load(run_dir / "checkpoints/last.pt", weights_only=True)
    assert set(state["model"]) == {"conv.weight", "conv.bias", "head.weight", "head.bias"}
    assert state["model"]["conv.weight"].shape[0] == 8


CHECKS = {
    "task": check_task,
    "clip transform": check_clip_transform,
    "batch op": check_batch_op,
    "optimizer": check_optimizer,
    "schedule": check_schedule,
    "logger": check_logger,
    "data source": check_data_source,
    "model": check_model,
}


@pytest.mark.slow
def test_all_at_once_in_processes_of_their_own(table, clip_folder, tmp_path):
    def run(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}"}
        command = [sys.executable, "-m", "videoai", *words]
        return subprocess.run(command, cwd=HERE, env=environment, check=True, capture_output=True, text=True).stdout

    chosen = [ADDITIONS[kind][1] for kind in ("task", "batch op", "optimizer", "schedule", "logger", "model")]
    data = ["data=csv", f"data.path={table}"]
    run("train", "--config-dir", "conf", *chosen, *SHORT, *data, f"run_dir={tmp_path}/run")
    checkpoint = f"checkpoint={tmp_path}/run/checkpoints/best.pt"
    trust = "trust=[regression,tiny_net]"
    assert "mean absolute error" in run("evaluate", checkpoint, trust, "device=cpu")
    answer = run("predict", checkpoint, trust, f"input={clip_folder}/up", f"run_dir={tmp_path}/out")
    assert [set(json.loads(line)) for line in answer.splitlines()] == [{"path", "value"}] * 6


def rows_of_contributing() -> dict[str, tuple[str, str]]:
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## What an addition touches")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:2] == "| "
    ]
    return {name: (outside, inside.rstrip(" |")) for name, outside, inside in rows[1:]}


def test_the_table_of_contributing_names_what_these_additions_touch():
    rows = rows_of_contributing()
    assert {*rows} == {*ADDITIONS, "layout", "verb"}
    for kind, (file, _) in ADDITIONS.items():
        outside = rows[kind][0]
        assert f"conf/{Path(file).parent}/mine.yaml" in outside, kind
        shown = yaml.safe_load((HERE / "conf" / file).read_text())
        assert "_target_" in outside and "_target_" in json.dumps(shown)
        keys = [key for key in ("clip_transforms", "batch_ops", "logger") if key in shown]
        assert all(f"{key}:" in outside for key in keys), kind


@pytest.mark.parametrize("kind", rows_of_contributing())
def test_what_the_table_names_inside_exists(kind):
    """``a row in `NAME` of `FILE` ``: the file is there and holds the name; `mine` stands for what is added."""
    inside = rows_of_contributing()[kind][1]
    for file in re.findall(r"`((?:videoai|configs|docs)/[^`]*)`", inside):
        place = ROOT / file
        assert place.parent.is_dir() if "mine" in file else place.exists(), file
    for name, file in re.findall(r"`([A-Za-z_]+)` of `([^`]+)`", inside):
        assert re.search(rf"^(class |def )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), f"{name} in {file}"
    for name in re.findall(r"a field in `(\w+)`", inside):
        assert any(
            f"class {name}" in path.read_text()
            for path in (ROOT / "videoai/settings").iterdir()
            if path.suffix == ".py"
        )
