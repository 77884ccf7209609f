"""``videoai features`` as a person types it, on real files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch

import videoai
from videoai.data.dataset import EvalClips
from videoai.data.feature_table import Block, FeatureRow, read_features, write_table
from videoai.data.lists.manifest import from_folder
from videoai.data.normalize import ToModelInput

Command = Callable[..., CompletedProcess[str]]


def best(run: Path) -> str:
    return f"checkpoint={run / 'checkpoints' / 'best.pt'}"


@pytest.mark.slow
def test_features_of_the_checkpoints_own_data_are_those_of_training(
    videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path: Path
):
    done = videoai_command("features", "extract", best(evaluated_run), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "24 rows of 24 videos, 64 features each: runs/features/features.parquet" in done.stdout
    table = read_features(tmp_path / "runs" / "features" / "features.parquet")
    model, manifest = videoai.load(str(evaluated_run / "checkpoints" / "best.pt")), from_folder(clip_folder)
    items = {
        str(Path(item.path).relative_to(clip_folder)): (split, item)
        for split in manifest.splits
        for item in manifest.splits[split]
    }
    for row, features in zip(table.rows, table.features, strict=True):
        split, item = items[row.video]
        assert (row.split, row.label) == (split, manifest.classes[item.label])
        clip = EvalClips([item], model.clip)[0][0]
        with torch.inference_mode():
            network, video = model.model, ToModelInput(model.clip).normalized(clip.video[None])
            expected = network.forward_head(network.forward_features(video), pre_logits=True)  # pyright: ignore[reportCallIssue]
        np.testing.assert_allclose(features, expected[0].numpy(), atol=1e-6)  # batches of another size round otherwise


@pytest.mark.slow
def test_windows_of_files_and_an_unreadable_one(
    videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path: Path
):
    films = tmp_path / "films"
    shutil.copytree(clip_folder / "left", films)
    (films / "broken.mp4").write_bytes(b"no video")
    words = ("features", "extract", best(evaluated_run), "input=films", "window_seconds=0.4", "stride_seconds=0.2")
    done = videoai_command(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert "no features of films/broken.mp4: films/broken.mp4: unknown_format" in done.stderr
    table = read_features(tmp_path / "runs" / "features" / "features.parquet")
    wrong = [row.video for row in table.rows if row.error]
    assert wrong == ["films/broken.mp4"]
    assert np.isnan(table.features).any(1).tolist() == [bool(row.error) for row in table.rows]
    starts = [row.start_seconds for row in table.rows if row.video == "films/left_0.mp4"]
    assert starts[:3] == [0.0, 0.2, 0.4]
    again = videoai_command(*words, cwd=tmp_path)
    assert "is there already" in again.stderr
    assert again.returncode == 3
    shutil.copy(clip_folder / "up" / "up_0.mp4", films / "left_0.mp4")  # another video of the same name
    changed = videoai_command(*words, cwd=tmp_path)
    assert "runs/features-2/features.parquet" in changed.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["input=nowhere"], "input=nowhere: no such file"),
        (["input=.", "data=folder", "data.root=."], "both name videos"),
        (["layer=stages.9"], "no such layer"),
        (["preset=thumos14", "stride_seconds=1"], "preset=thumos14 sets"),
        (["windows_seconds=1"], "window_seconds"),
        (["split=tset"], "split=tset"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(
    videoai_command: Command, evaluated_run: Path, tmp_path: Path, words: list[str], message: str
):
    done = videoai_command("features", "extract", best(evaluated_run), *words, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 rows of three classes, two a video. Columns 0 to 5 know the class, 6 to 29 nothing. 60 are split test."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=120).repeat(2)
    known = labels[:, None] + rng.normal(size=(240, 6))
    features = np.concatenate([known, rng.normal(size=(240, 24))], axis=1).astype(np.float32)
    features[7] = np.nan
    rows = [
        FeatureRow(
            f"{number // 2}.mp4", number % 2, None, "test" if number % 8 > 5 else "train", f"class{label}", None, ""
        )
        for number, label in enumerate(labels)
    ]
    rows[7] = rows[7]._replace(error="corrupt while decoding")
    path = tmp_path_factory.mktemp("table") / "features.npz"
    write_table(path, iter([Block(rows, features)]), 30, {"classes": []})
    lines = [
        "video,weather,noise",
        *(f"{number}.mp4,{'sun' if number % 3 else 'rain'},{number}" for number in range(110)),
    ]
    (path.parent / "more.csv").write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_select_keeps_the_columns_that_know_and_says_what_they_must_beat(
    videoai_command: Command, table: Path, tmp_path: Path
):
    words = ["sizes=[3,6,12]", "methods=[anova,l1,chi2]", f"add={table.parent / 'more.csv'}", "columns=[weather,noise]"]
    done = videoai_command("features", "select", str(table), *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 rows without features" in done.stderr
    assert "20 of 240 rows are not in it" in done.stderr
    assert "chi2 is left out: chi2 is for counts" in done.stderr
    for said in ("random", "pca", "The choice matters", "rows of split test", "selection.png"):
        assert said in done.stdout
    folder = tmp_path / "runs" / "features_select"
    selected = json.loads((folder / "selected.json").read_text())
    assert set(selected["features"]) <= {*range(6)}
    importance = (folder / "importance.csv").read_text()
    assert "noise," in importance
    assert "weather_1" in importance or "weather_0" in importance
    assert (folder / "selection.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_probe_says_what_features_know(videoai_command: Command, table: Path, tmp_path: Path):
    done = videoai_command("features", "probe", str(table), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "runs" / "features_probe" / "results.json").read_text())
    assert results["tested"] == "59 rows of split test"  # one has no features
    scores = {name: one["accuracy"] for name, one in results["probes"].items()}
    assert scores["linear"] > results["majority"] + 0.15
    assert set(scores) == {
        "linear",
        "1 nearest",
        "5 nearest",
        "20 nearest",
        "1 a class",
        "2 a class",
        "5 a class",
        "10 a class",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["label=lable"], "no such column. Did you mean label?"),
        (["columns=[weather]"], "no such column"),
        (["group=class"], "group=class"),
        (["folds=500"], "groups of rows. Use fewer folds"),
        (["methods=[anvoa]"], "anova"),
        (["add=nowhere.csv", "columns=[a]"], "nowhere.csv"),
    ],
)
def test_select_says_what_is_wrong_with_a_table(
    videoai_command: Command, table: Path, tmp_path: Path, words: list[str], message: str
):
    done = videoai_command("features", "select", str(table), *words, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr, done.stderr
    assert "fault in videoai" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_select_of_a_file_that_is_no_table(videoai_command: Command, tmp_path: Path):
    (tmp_path / "x.npz").write_bytes(b"nothing")
    done = videoai_command("features", "select", "x.npz", cwd=tmp_path)
    assert done.returncode == 1
    assert "x.npz: not an .npz file of videoai features extract" in done.stderr


@pytest.mark.slow
def test_map_draws_the_rows_by_a_column(videoai_command: Command, table: Path, tmp_path: Path):
    done = videoai_command("features", "map", str(table), "method=pca", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of the rows have the label of their nearest row" in done.stdout
    folder = tmp_path / "runs" / "features_map"
    assert (folder / "map.png").read_bytes().startswith(b"\x89PNG")
    assert len((folder / "map.csv").read_text().splitlines()) == 240  # a header, and one row has no features
    wrong = videoai_command("features", "map", str(table), "color=lable", cwd=tmp_path)
    assert "Did you mean label?" in wrong.stderr
