"""``task=localize`` as a person types it: segments in, a timeline out, on real files."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch

import videoai
from videoai.data.layouts.elan import from_elan
from videoai.data.lists.from_files import from_csv

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., CompletedProcess[str]]
SMALL = ("model=tiny_r3d", "clip.num_frames=16", "clip.stride=1", "clip.fps=8", "trainer.max_steps=24", "device=cpu")


@pytest.fixture(scope="session")
def localizer(videoai_command: Command, segments_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a localiser, trained for a few steps."""
    folder = tmp_path_factory.mktemp("localizer")
    done = videoai_command("train", "task=localize", "data=csv", f"data.path={segments_csv}", *SMALL, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "model tiny_r3d with head ms_tcn" in done.stderr
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.mark.slow
def test_segments_in_a_table_train_a_localiser_whose_page_draws_each_timeline(localizer: Path, segments_csv: Path):
    page = (localizer / "report" / "report.html").read_text()
    assert "Timelines" in page
    assert page.count("annotated: ") == segments_csv.read_text().count(",val,")
    assert "#t=" in page  # a click opens the video at the moment
    assert page.count("so this score flatters") == 1
    record = json.loads((localizer / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"map", "f1_50", "edit", "frame_accuracy", "loss"} <= record.keys()


@pytest.mark.slow
def test_evaluate_writes_every_metric_and_events_that_data_csv_reads_back(
    videoai_command: Command, localizer: Path, segments_csv: Path, tmp_path: Path
):
    checkpoint = f"checkpoint={localizer / 'checkpoints' / 'best.pt'}"
    done = videoai_command("evaluate", checkpoint, "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["n_total"] == 2
    assert results["events"] == sum(",test," in line for line in segments_csv.read_text().splitlines())
    assert 0 <= results["map_50"] <= results["map_30"] <= 1
    again = videoai_command("evaluate", checkpoint, "run_dir=again", "batch_size=3", "num_workers=0", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / "per_class.csv").read_text() == (tmp_path / "out" / "per_class.csv").read_text()


@pytest.mark.slow
def test_predict_writes_a_timeline_for_every_program(
    videoai_command: Command, localizer: Path, segments_csv: Path, tmp_path: Path
):
    video = segments_csv.parent / "test_0.mp4"
    arguments = (f"checkpoint={localizer / 'checkpoints' / 'best.pt'}", f"input={video}", "annotate=true")
    # A few steps teach little: with low thresholds something is found all the same.
    low = ("threshold=0.05", "write=[csv,vtt,elan,label_studio]", "run_dir=out")
    done = videoai_command("predict", *arguments, *low, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["events"]
    for event in record["events"]:
        assert 0 <= event["start_seconds"] < event["end_seconds"] <= record["duration_seconds"]
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    names = {"events/test_0.vtt", "events/test_0.eaf", "events/test_0.json", "events.csv", "labelled/test_0.mp4"}
    assert names <= files
    with (tmp_path / "out" / "events.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [event["label"] for event in record["events"]]
    table = from_csv(tmp_path / "out" / "events.csv", multi_label=True, val_fraction=0, test_fraction=0)
    assert {*table.classes} == {event["label"] for event in record["events"]}
    whole = {"val_fraction": 0, "test_fraction": 0}
    for label in table.classes:
        annotations = str(tmp_path / "out" / "events")
        spans = from_elan(str(video.parent), annotations=annotations, tier=label, multi_label=True, **whole)
        found = sum(len(item.spans or ()) for item in spans.splits["train"])
        assert found == sum(event["label"] == label for event in record["events"])


@pytest.mark.slow
def test_python_finds_the_same_events_in_a_file_and_in_its_frames(localizer: Path, segments_csv: Path):
    model = videoai.load(str(localizer / "checkpoints" / "best.pt"))
    path = segments_csv.parent / "test_1.mp4"
    with videoai.open_video(path) as video:
        frames = video.frames(range(video.num_frames)).permute(0, 2, 3, 1).numpy()
        fps = video.fps
    (from_file,), (from_frames,) = model.predict(str(path)), model.predict(np.ascontiguousarray(frames), fps=fps)
    assert from_file.to_dict()["events"] == from_frames.to_dict()["events"]


@pytest.mark.slow
def test_a_classifier_with_a_background_class_is_the_sliding_window_baseline(
    videoai_command: Command, segments_csv: Path, tmp_path: Path
):
    table = tmp_path / "single.csv"
    seen, lines = set(), segments_csv.read_text().splitlines()
    kept = [lines[0]]
    for path, label, split, *times in (line.split(",") for line in lines[1:]):
        if (path, *times) not in seen:
            seen.add((path, *times))
            kept.append(",".join([str(segments_csv.parent / path), label, split, *times]))
    table.write_text("\n".join(kept) + "\n")
    data = ("data=csv", f"data.path={table}")
    small = ("model=tiny_r3d", "clip.num_frames=8", "trainer.max_steps=4", "device=cpu", "run_dir=run")
    done = videoai_command("train", *data, "data.background=true", *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of background: stretches of" in done.stderr
    scored = videoai_command(
        *("evaluate", "checkpoint=run/checkpoints/best.pt", *data, "split=test", "events=true", "window_seconds=1"),
        cwd=tmp_path,
    )
    assert scored.returncode == 0, scored.stderr
    assert "mAP at IoU .3 to .7" in scored.stdout
    counts = {}
    for threshold in (0.05, 0.999):
        found = videoai_command(
            *("evaluate", "checkpoint=run/checkpoints/best.pt", *data, "split=test", "events=true", "window_seconds=1"),
            *(f"threshold={threshold}", f"run_dir=at{threshold}"),
            cwd=tmp_path,
        )
        assert found.returncode == 0, found.stderr
        counts[threshold] = len((tmp_path / f"at{threshold}" / "predictions.csv").read_text().splitlines()) - 1
    assert counts[0.05] > counts[0.999] == 0
    written = videoai_command(
        *("predict", "checkpoint=run/checkpoints/best.pt", f"input={segments_csv.parent / 'test_0.mp4'}"),
        *("window_seconds=1", "write=[csv]", "run_dir=out"),
        cwd=tmp_path,
    )
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "out" / "events.csv").read_text().startswith("path,label,start_seconds,end_seconds,score\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["clip.sampling=uniform"], "task=localize needs consecutive frames"),
        (["imbalance.balanced_softmax=true"], "imbalance.balanced_softmax=True means nothing to task=localize"),
        (["finetune.head=attentive"], "Its own heads are task.head=ms_tcn"),
        (["finetune=linear_probe"], "tensors that nothing has trained"),
        (["task.head=local_attention", "task.width=6"], "Give a multiple of 4, such as task.width=8"),
        (["task.head=lstm"], "task.head=lstm: Choose from ms_tcn, local_attention, actionformer, linear"),
        (["trainer.metric=top1"], "task=localize measures map, map_50"),
        (["model=tiny_video_transformer"], "whose order in time is not known"),
        (["data.folds=2"], "an untrimmed video has several. Name the videos of test in a column split"),
    ],
)
def test_settings_that_mean_nothing_to_frames_are_refused(
    videoai_command: Command, segments_csv: Path, tmp_path: Path, changes: list[str], said: str
):
    base = [one for one in SMALL if not any(one.partition("=")[0] == change.partition("=")[0] for change in changes)]
    arguments = ("train", "task=localize", "data=csv", f"data.path={segments_csv}", *base, *changes)
    done = videoai_command(*arguments, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_thresholds_of_events_are_refused_for_a_classifier(videoai_command: Command, untrained: str, clip_folder: Path):
    done = videoai_command("predict", untrained, f"input={clip_folder}", "min_seconds=1", cwd=clip_folder.parent)
    assert done.returncode == 1
    assert "names clips and finds no events. Leave it out." in done.stderr


@pytest.mark.slow
def test_an_ensemble_of_localisers_is_refused(videoai_command: Command, localizer: Path, tmp_path: Path):
    other = tmp_path / "other.pt"
    other.write_bytes((localizer / "checkpoints" / "best.pt").read_bytes())
    done = videoai_command("ensemble", str(localizer), str(other), cwd=tmp_path)
    assert done.returncode == 1
    assert "finds events, and an ensemble joins what models say of clips" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("predict", "window_seconds=1"), ("predict", "hop_seconds=9"), ("evaluate", "events=true", "window_seconds=1")],
)
def test_windows_of_another_length_are_refused_for_a_localiser(
    videoai_command: Command, localizer: Path, segments_csv: Path, tmp_path: Path, words: tuple[str, ...]
):
    given = [f"input={segments_csv.parent / 'test_0.mp4'}"] if words[0] == "predict" else []
    checkpoint = f"checkpoint={localizer / 'checkpoints' / 'best.pt'}"
    done = videoai_command(words[0], checkpoint, *given, *words[1:], cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert f"{words[-1]}: " in done.stderr
    assert "looks through windows as long as its clip" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_times_that_count_frames_are_refused_before_a_step_is_made(
    videoai_command: Command, segments_csv: Path, tmp_path: Path
):
    lines = [line.split(",") for line in segments_csv.read_text().splitlines()]
    rows = [
        [str(segments_csv.parent / path), label, split, *(f"{100 + 30 * float(one)}" for one in times)]
        for path, label, split, *times in lines[1:]
    ]
    (tmp_path / "frames.csv").write_text("\n".join(",".join(row) for row in [lines[0], *rows]) + "\n")
    done = videoai_command("train", "task=localize", "data=csv", "data.path=frames.csv", *SMALL, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "no event of train lies within its video" in done.stderr
    assert "in seconds from the start of each file" in done.stderr


@pytest.fixture(scope="session")
def feature_table(
    videoai_command: Command, clip_folder: Path, segments_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Windows of the untrimmed videos, by a network of a few steps."""
    folder = tmp_path_factory.mktemp("features")
    small = ("model=tiny_r3d", "clip.num_frames=8", "clip.sampling=dense", "clip.stride=1", "trainer.max_steps=4")
    data = ("data=folder", f"data.root={clip_folder}", "report=false", "device=cpu")
    done = videoai_command("train", *data, *small, "run_dir=encoder", cwd=folder)
    assert done.returncode == 0, done.stderr
    films, windows = f"input={segments_csv.parent}", ("window_seconds=0.6", "stride_seconds=0.2", "device=cpu")
    network = "checkpoint=encoder/checkpoints/last.pt"
    done = videoai_command("features", "extract", network, films, *windows, "run_dir=table", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "table" / "features.parquet"


@pytest.fixture(scope="session")
def on_features(videoai_command: Command, feature_table: Path, segments_csv: Path) -> Path:
    """The checkpoint of a head that learned from these windows; a test video is in val, which has five events then."""
    table = feature_table.parent / "segments.csv"
    table.write_text(re.sub("(test_0.*),test,", r"\1,val,", segments_csv.read_text()))
    data = ("task=localize", "data=csv", f"data.path={table}", f"data.root={segments_csv.parent}")
    data += (f"data.features={feature_table}",)
    how = ("trainer.max_steps=30", "task.threshold=auto", "run_dir=run", "device=cpu")
    done = videoai_command("train", *data, *how, cwd=feature_table.parent)
    assert done.returncode == 0, done.stderr
    assert "features of 10 videos: 64 numbers each 0.2 s, from windows of 0.6 s" in done.stderr
    assert "features with head ms_tcn" in done.stderr
    page = (feature_table.parent / "run" / "report" / "report.html").read_text()
    assert "Timelines" in page and "test_1.mp4" not in page and "#t=" in page
    return feature_table.parent / "run" / "checkpoints" / "best.pt"


@pytest.mark.slow
def test_a_head_on_features_finds_the_same_in_a_table_in_videos_and_from_python(
    videoai_command: Command, on_features: Path, feature_table: Path, segments_csv: Path, tmp_path: Path
):
    checkpoint, low = f"checkpoint={on_features}", "threshold=0.2"
    done = videoai_command("evaluate", checkpoint, low, "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "predictions.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["path"].endswith("test_1.mp4")]
    video = segments_csv.parent / "test_1.mp4"
    found = []
    for source in (video, feature_table):
        done = videoai_command("predict", checkpoint, f"input={source}", low, cwd=feature_table.parent)
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines()]
        (record,) = (one for one in records if one["path"] == str(video))
        found.append(record["events"])
    assert len(records) == 10
    assert found[0] and len(found[0]) == len(found[1]) == len(rows)
    for one, other, row in zip(*found, rows, strict=True):
        assert one["label"] == other["label"] == row["label"]
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)  # batches of another size round otherwise
        times = (float(row["start_seconds"]), float(row["end_seconds"]))
        assert (one["start_seconds"], one["end_seconds"]) == pytest.approx(times, abs=1e-3)
    model = videoai.load(on_features)
    model.task = model.task.with_threshold(0.2)
    (answer,) = model.predict(video)
    assert [event["label"] for event in answer.to_dict()["events"]] == [one["label"] for one in found[0]]


@pytest.mark.slow
def test_the_threshold_that_val_chose_is_kept_and_said(videoai_command: Command, on_features: Path, tmp_path: Path):
    tuned = torch.load(on_features, weights_only=True)["tuned"]
    assert 0 < tuned["threshold"] < 1 and tuned["events"] >= 5
    done = videoai_command("evaluate", f"checkpoint={on_features}", "run_dir=out", "report=false", cwd=tmp_path)
    assert f"threshold {tuned['threshold']:g}, tuned on val" in done.stderr


@pytest.mark.slow
def test_other_features_or_pixels_are_refused_with_the_command_that_makes_them(
    videoai_command: Command, on_features: Path, segments_csv: Path, feature_table: Path, tmp_path: Path
):
    checkpoint, pixels = f"checkpoint={on_features}", ("data=csv", f"data.path={segments_csv}")
    done = videoai_command("evaluate", checkpoint, *pixels, cwd=tmp_path)
    assert done.returncode != 0
    assert "learned from features of encoder/checkpoints/last.pt" in done.stderr
    assert "videoai features extract checkpoint=" in done.stderr and "stride_seconds=0.2" in done.stderr
    home = feature_table.parents[1]
    network = f"checkpoint={home / 'encoder' / 'checkpoints' / 'last.pt'}"
    windows = (f"input={segments_csv.parent}", "window_seconds=0.6", "stride_seconds=0.4", "run_dir=wide")
    assert videoai_command("features", "extract", network, *windows, cwd=tmp_path).returncode == 0
    commands = (
        ("evaluate", *pixels, "data.features=wide/features.parquet"),
        ("predict", "input=wide/features.parquet"),
    )
    for command in commands:
        done = videoai_command(command[0], checkpoint, *command[1:], cwd=tmp_path)
        assert "(stride_seconds: 0.4, not 0.2)" in done.stderr, done.stderr
    (home / "encoder").rename(home / "moved")
    try:
        video = f"input={segments_csv.parent / 'test_1.mp4'}"
        done = videoai_command("predict", checkpoint, video, cwd=tmp_path)
        assert "which is not there. Say where it is: encoder=PATH" in done.stderr
        there = f"encoder={home / 'moved' / 'checkpoints' / 'last.pt'}"
        assert videoai_command("predict", checkpoint, video, there, cwd=tmp_path).returncode == 0
        done = videoai_command("predict", checkpoint, video, f"encoder={on_features}", cwd=tmp_path)
        assert done.returncode != 0 and "encoder=" in done.stderr
    finally:
        (home / "moved").rename(home / "encoder")


@pytest.mark.slow
def test_a_table_trains_no_classifier_and_no_other_model(
    videoai_command: Command, feature_table: Path, segments_csv: Path
):
    data = ("data=csv", f"data.path={segments_csv}", f"data.features={feature_table}", "run_dir=none")
    done = videoai_command("train", *data, cwd=feature_table.parent)
    assert "for task=localize" in done.stderr
    done = videoai_command("train", "task=localize", "model=tiny_r3d", *data, cwd=feature_table.parent)
    assert "model=tiny_r3d: data.features are those of encoder/checkpoints/last.pt" in done.stderr


@pytest.mark.slow
def test_a_head_that_gives_ends_trains_evaluates_and_predicts(
    videoai_command: Command, segments_csv: Path, tmp_path: Path
):
    data = ("task=localize", "task.head=actionformer", "data=csv", f"data.path={segments_csv}", "run_dir=run")
    done = videoai_command("train", *data, *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = videoai_command("evaluate", "checkpoint=run/checkpoints/best.pt", "threshold=0.02", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    video = f"input={segments_csv.parent / 'test_0.mp4'}"
    done = videoai_command("predict", "checkpoint=run/checkpoints/best.pt", video, "threshold=0.02", cwd=tmp_path)
    record = json.loads(done.stdout)
    assert record["events"]
    for event in record["events"]:
        assert 0 <= event["start_seconds"] < event["end_seconds"] <= record["duration_seconds"]
    done = videoai_command("train", *data, *SMALL, "augment.mixup=0.2", "run_dir=mixed", cwd=tmp_path)
    assert "augment.mixup=0.2: task.head=actionformer learns where actions end" in done.stderr


@pytest.mark.slow
def test_top_k_is_refused_for_a_localiser(videoai_command: Command, localizer: Path, segments_csv: Path):
    checkpoint = f"checkpoint={localizer / 'checkpoints' / 'best.pt'}"
    done = videoai_command("predict", checkpoint, f"input={segments_csv.parent}", "top_k=3", cwd=localizer)
    assert done.returncode == 1
    assert "top_k=3: " in done.stderr
    assert "finds events and ranks no classes. Leave it out." in done.stderr


@pytest.mark.slow
def test_a_video_that_is_damaged_in_the_middle_is_scored_by_the_rest_and_named(
    videoai_command: Command, localizer: Path, segments_csv: Path, tmp_path: Path
):
    for name in ("test_0.mp4", "test_1.mp4"):
        data = bytearray((segments_csv.parent / name).read_bytes())
        if name == "test_0.mp4":
            start, end = len(data) // 3, 2 * len(data) // 3
            data[start:end] = bytes(end - start)
        (tmp_path / name).write_bytes(data)
    lines = segments_csv.read_text().splitlines()
    (tmp_path / "segments.csv").write_text("\n".join([lines[0], *(line for line in lines if ",test," in line)]) + "\n")
    checkpoint = f"checkpoint={localizer / 'checkpoints' / 'best.pt'}"
    words = (checkpoint, "data=csv", "data.path=segments.csv", "split=test", "run_dir=out")
    done = videoai_command("evaluate", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (said,) = [line for line in done.stderr.splitlines() if "the rest of the video was read" in line]
    assert "test_0.mp4" in said
    assert "and nothing is found there" in said
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (results["n_total"], results["n_bad"]) == (2, 0)


@pytest.mark.slow
def test_a_killed_localiser_goes_on_to_the_weights_of_an_undisturbed_one(
    videoai_command: Command, segments_csv: Path, tmp_path: Path
):
    often = ("trainer.save_every=2", "trainer.log_every=1", "trainer.precision=fp32", "report=false")
    command = ["train", "task=localize", "data=csv", f"data.path={segments_csv}", *SMALL, *often]
    started = [sys.executable, "-m", "videoai", *command, "run_dir=killed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(started, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        if any(line.startswith("step 11/") for line in process.stderr):
            process.kill()
        process.stderr.read()
        assert process.wait(timeout=60) == -9
    weights = {}
    for run in ("killed", "undisturbed"):
        done = videoai_command(*command, f"run_dir={run}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("continuing killed at step" in done.stderr) == (run == "killed")
        weights[run] = torch.load(tmp_path / run / "checkpoints/last.pt", weights_only=True)
    for part in ("model", "ema"):
        first, second = weights["killed"][part], weights["undisturbed"][part]
        assert (first is None and second is None) or all(torch.equal(first[key], second[key]) for key in first)
