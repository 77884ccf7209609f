"""``videoai features`` as a person types it, on real files."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch

import videoai
from videoai.data.dataset import EvalClips
from videoai.data.feature_table import read_features
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
