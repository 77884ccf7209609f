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
from videoai.data.lists.from_files import from_folder
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
    assert "no features: films/broken.mp4: unknown_format" in done.stderr
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
    again = videoai_command("features", "select", str(table), *words, "importance=false", cwd=tmp_path)
    assert "importance.csv" not in again.stdout
    assert not (folder / "importance.csv").exists()  # that of the selection before


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


@pytest.fixture(scope="module")
def selection(videoai_command: Command, evaluated_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a table of features, and a list of columns that was selected from it."""
    cwd = tmp_path_factory.mktemp("selection")
    assert videoai_command("features", "extract", best(evaluated_run), "format=npz", cwd=cwd).returncode == 0
    words = ("sizes=[4]", "methods=[anova]", "importance=false", "folds=2")
    done = videoai_command("features", "select", "runs/features/features.npz", *words, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd


SELECTED = "runs/features_select/selected.json"


@pytest.mark.slow
def test_a_selection_feeds_a_head_and_is_needed_no_more_afterwards(
    videoai_command: Command, selection: Path, evaluated_run: Path, clip_folder: Path
):
    own = torch.load(evaluated_run / "checkpoints" / "best.pt", weights_only=True)["clip"]
    clip = [f"clip.{key}={own[key]}" for key in ("num_frames", "size", "resize", "stride")]
    words = ["train", "data=folder", f"data.root={clip_folder}", "model=tiny_r3d", *clip, "finetune=linear_probe"]
    words += ["trainer.precision=fp32", "report=false", "trainer.eval_every=1"]
    words += ["run_dir=head", "finetune.features=list.json"]
    start = f"weights={evaluated_run / 'checkpoints' / 'best.pt'}"
    shutil.copy(selection / SELECTED, selection / "list.json")
    done = videoai_command(*words, start, "trainer.max_steps=1", cwd=selection)
    assert done.returncode == 0, done.stderr
    assert "head: on 4 of 64 features, by list.json" in done.stderr
    columns = json.loads((selection / "list.json").read_text())["features"]
    state = torch.load(selection / "head/checkpoints/last.pt", weights_only=True)
    assert list(state["config"]["finetune"]["columns"]) == columns
    learns = videoai_command(*words, start, "finetune.freeze=false", "trainer.max_steps=1", cwd=selection)
    assert "Use finetune=linear_probe" in learns.stderr
    (selection / "list.json").unlink()
    goes_on = videoai_command(*words, start, "trainer.max_steps=2", cwd=selection)
    assert goes_on.returncode == 0, goes_on.stderr
    done = videoai_command("evaluate", "checkpoint=head/checkpoints/last.pt", "run_dir=eval", cwd=selection)
    assert done.returncode == 0, done.stderr
    anew = videoai_command(*words, start, "trainer.max_steps=1", "run_dir=anew", cwd=selection)
    assert "finetune.features=list.json: no such file" in anew.stderr


@pytest.mark.slow
def test_a_selection_is_probed_and_one_of_another_network_is_refused(videoai_command: Command, selection: Path):
    words = ("features", "probe", "runs/features/features.npz", "shots=[1]", "folds=2")
    done = videoai_command(*words, f"selected={SELECTED}", cwd=selection)
    assert done.returncode == 0, done.stderr
    content = json.loads((selection / SELECTED).read_text())
    content["network"]["body"] = "0123456789abcdef"
    (selection / "other.json").write_text(json.dumps(content))
    done = videoai_command(*words, "selected=other.json", cwd=selection)
    assert done.returncode == 1 and "Give the selection that was made of this network" in done.stderr
    del content["network"]
    (selection / "other.json").write_text(json.dumps(content))
    done = videoai_command(*words, "selected=other.json", cwd=selection)
    assert "does not say of which network its columns are" in done.stderr


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


@pytest.mark.slow
def test_report_writes_a_page_and_says_what_it_left_out(videoai_command: Command, table: Path, tmp_path: Path):
    done = videoai_command("features", "report", str(table), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "240 rows of 120 videos, 30 features each; a linear probe tells" in done.stdout
    assert "skipped selection: no selection of this table lies beside it: videoai features select" in done.stderr
    page = (tmp_path / "runs" / "features_report" / "report.html").read_text()
    assert "corrupt while decoding" in page and "Recall@1" in page


@pytest.fixture(scope="module")
def index(videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """Features of all windows of the clips, made in a folder that is gone from where the searches run."""
    folder = tmp_path_factory.mktemp("index")
    words = (f"input={clip_folder}", "window_seconds=0.4", "stride_seconds=0.3")
    done = videoai_command("features", "extract", best(evaluated_run), *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "features" / "features.parquet"


@pytest.mark.slow
def test_a_search_finds_windows_that_were_made_alike(
    videoai_command: Command, index: Path, clip_folder: Path, tmp_path: Path
):
    video = str(clip_folder / "left" / "left_0.mp4")
    shutil.copy(video, tmp_path / "copy.mp4")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    done = videoai_command("search", str(index), "query=*.mp4", "top_k=3", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "1 of 8 queries have no features: broken.mp4: broken.mp4: unknown_format" in done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert (tmp_path / "runs" / "search" / "matches.jsonl").read_text() == done.stdout
    assert [record["start_seconds"] for record in records][:3] == pytest.approx([0.0, 0.3, 0.6])
    for record in records:  # a copy of another name is a match, at the same window
        assert record["query"] == "copy.mp4"
        similarity = [match["similarity"] for match in record["matches"]]
        assert similarity == sorted(similarity, reverse=True)
        assert similarity[0] == pytest.approx(1, abs=1e-5)
        alike = [match["start_seconds"] for match in record["matches"] if match["video"] == video]
        assert record["start_seconds"] in alike
    own = videoai_command("search", str(index), f"query={video}", "top_k=100", cwd=tmp_path)
    assert video not in {match["video"] for line in own.stdout.splitlines() for match in json.loads(line)["matches"]}
    assert (tmp_path / "runs" / "search-2" / "matches.jsonl").exists()


@pytest.mark.slow
def test_a_search_by_a_table_says_what_changed(
    videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path: Path
):
    shutil.copytree(clip_folder, tmp_path / "clips")
    words = ("data=folder", "data.root=clips", "format=npz")
    assert videoai_command("features", "extract", best(evaluated_run), *words, cwd=tmp_path).returncode == 0
    (tmp_path / "clips" / "up" / "up_0.mp4").unlink()
    shutil.copy(clip_folder / "left" / "left_0.mp4", tmp_path / "clips" / "left" / "left_1.mp4")
    table = "runs/features/features.npz"
    done = videoai_command("search", table, f"query={table}", "top_k=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 24
    assert "1 of 24 videos changed: left/left_1.mp4" in done.stderr
    assert "1 of 24 videos went away: up/up_0.mp4" in done.stderr
    labels = [json.loads(line)["matches"][0]["label"] for line in done.stdout.splitlines()]
    assert set(labels) <= {"left", "right", "up", "down"}


@pytest.mark.slow
def test_an_index_of_a_preset_is_searched_with_its_windows(
    videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path: Path
):
    words = (f"input={clip_folder / 'up'}", "preset=thumos14", "layer=outputs")
    assert videoai_command("features", "extract", best(evaluated_run), *words, cwd=tmp_path).returncode == 0
    words = ("runs/features/features.parquet", f"query={clip_folder / 'up' / 'up_3.mp4'}", "exclude_same_video=false")
    done = videoai_command("search", *words, "top_k=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for record in map(json.loads, done.stdout.splitlines()):
        (match,) = record["matches"]
        assert (match["video"], match["start_seconds"]) == (record["query"], record["start_seconds"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["query=nowhere"], "query=nowhere: no such file"),
        (["query=https://example.org/a.mp4"], "then query=a.mp4"),
        (["query=nowhere.parquet"], "nowhere.parquet: no such file. videoai features extract writes one"),
        (["query=.", "top_k=0"], "top_k=0"),
        (["query={clips}", "checkpoint=other.pt"], "checkpoint=other.pt: its weights are "),
        (["query={clips}", "device=tpu"], "device=tpu: choose"),
    ],
)
def test_what_is_wrong_with_a_search_is_said_before_any_work(
    videoai_command: Command,
    index: Path,
    evaluated_run: Path,
    clip_folder: Path,
    tmp_path: Path,
    words: list[str],
    message: str,
):
    state = torch.load(evaluated_run / "checkpoints" / "best.pt", weights_only=True)
    state["model"] = {key: value + 1 for key, value in state["model"].items()}
    torch.save(state, tmp_path / "other.pt")
    words = [word.format(clips=clip_folder) for word in words]
    done = videoai_command("search", str(index), *words, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("format", ["parquet", "npz"])
def test_neighbors_names_a_copy_that_crosses_the_splits(
    videoai_command: Command, evaluated_run: Path, clip_folder: Path, tmp_path: Path, format: str
):
    for split, numbers in {"train": range(4), "test": (4, 5)}.items():
        for name in ("left", "right", "up", "down"):
            (tmp_path / "clips" / split / name).mkdir(parents=True)
            for number in numbers:
                shutil.copy(clip_folder / name / f"{name}_{number}.mp4", tmp_path / "clips" / split / name)
    shutil.copy(clip_folder / "up" / "up_0.mp4", tmp_path / "clips" / "test" / "up" / "another.mp4")
    words = ("data=folder", "data.root=clips", f"format={format}", "run_dir=table")
    assert videoai_command("features", "extract", best(evaluated_run), *words, cwd=tmp_path).returncode == 0
    table = f"table/features.{format}"
    done = videoai_command("features", "neighbors", table, "threshold=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Near-duplicates (cosine similarity 1 or more): 1 pair among 25 videos, 1 across splits: " in done.stdout
    assert "train/up/up_0.mp4 (train)" in done.stdout and "test/up/another.mp4 (test)" in done.stdout
    assert "leave-one-out: Recall@1 " in done.stdout and "test against train: Recall@1 " in done.stdout
    (leak, *_) = (tmp_path / "runs" / "neighbors" / "pairs.csv").read_text().splitlines()[1:]
    assert leak.startswith("yes,1.000000,")
    assert "files: runs/neighbors/pairs.csv, runs/neighbors/retrieval.csv, runs/neighbors/neighbors.json" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.parquet"], "nowhere.parquet: no such file. videoai features extract writes one"),
        (["{index}", "threshold=2"], "threshold=2"),
        (["{clip}"], "not a Parquet file of videoai features extract"),
        ([], "table"),
    ],
)
def test_what_is_wrong_with_neighbors_is_said(
    videoai_command: Command, index: Path, clip_folder: Path, tmp_path: Path, words: list[str], message: str
):
    words = [word.format(index=index, clip=clip_folder / "up" / "up_0.mp4") for word in words]
    done = videoai_command("features", "neighbors", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "runs").exists()
