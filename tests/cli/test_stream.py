"""``videoai stream``, as subprocesses on real files."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from videoai.cli.overrides import one_or_list
from videoai.compose.settings import from_arguments
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.models import create_model
from videoai.settings.stream import StreamSettings

KEYS = ["stream", "t_media", "t_wall", "label", "score", "topk", "event", "span", "latency_ms", "window", "dropped"]


@pytest.fixture(scope="module")
def acts(tmp_path_factory):
    """A checkpoint with fresh weights: each of its two classes has about one half."""
    return saved(tmp_path_factory.mktemp("checkpoints") / "acts.pt", "tiny_r3d")


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Likewise, of a network that answers frame by frame."""
    return saved(tmp_path_factory.mktemp("checkpoints") / "steps.pt", "tiny_causal_r2plus1d")


def saved(path, name):
    torch.manual_seed(0)
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": name}, "task": {"name": "classify"}, "data": {}},
        "classes": ["run", "background"],
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": create_model(name, num_classes=2).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return path


def film(clip_folder, number=0):
    return clip_folder / "left" / f"left_{number}.mp4"  # 32 frames at 15 a second


def test_lines_on_standard_output_and_in_a_file_and_a_summary(videoai_command, acts, clip_folder, tmp_path):
    words = (f"checkpoint={acts}", f"source={film(clip_folder)}", "on_threshold=0.1", "hop_seconds=0.25", "device=cpu")
    done = videoai_command("stream", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stdout == (tmp_path / "runs/stream/events.jsonl").read_text()
    assert all([*line] == KEYS for line in lines)
    assert [line["event"] for line in lines] == ["start", "update", "update", "update", "update", "end"]
    assert {line["label"] for line in lines} == {"run"}  # background is no event
    assert lines[-1]["span"] == [0.0, 2.0]
    summary = json.loads((tmp_path / "runs/stream/summary.json").read_text())
    (stream,) = summary["streams"]
    assert (stream["state"], stream["frames"], stream["dropped"], summary["windows"]) == ("ended", 32, 0, 5)
    assert stream["window_seconds"] == 1.0 and stream["hop_seconds"] == 0.25
    assert "5 windows, 32 frames, 0 dropped" in done.stderr and "latency p50" in done.stderr
    again = videoai_command("stream", *words, "pace=realtime", cwd=tmp_path)
    assert again.returncode == 0 and (tmp_path / "runs/stream-2/summary.json").exists()
    kept = videoai_command("stream", *words, "run_dir=runs/stream", cwd=tmp_path)
    assert kept.returncode == 1 and "which is kept" in kept.stderr


def test_frames_one_by_one(videoai_command, steps, clip_folder, tmp_path):
    words = (f"checkpoint={steps}", f"source={film(clip_folder)}", "on_threshold=0.1", "device=cpu")
    done = videoai_command("stream", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["start", *["update"] * 15, "end"]
    assert [line["window"][0] for line in lines[:3]] == [0.0, 0.133, 0.267]  # every second of 15 frames a second
    summary = json.loads((tmp_path / "runs/stream/summary.json").read_text())
    assert (summary["mode"], summary["windows"]) == ("frames", 16)
    assert "16 answers, 32 frames, 0 dropped, 0 steps left out" in done.stderr
    windows = videoai_command("stream", *words, "mode=windows", cwd=tmp_path)
    assert "windows, 32 frames" in windows.stderr
    rarely = videoai_command("stream", *words, "hop_seconds=0.5", "reset_seconds=never", cwd=tmp_path)
    assert len(rarely.stdout.splitlines()) == 5, rarely.stderr


def test_regions_of_a_table_are_streams_of_their_own(videoai_command, acts, clip_folder, tmp_path):
    (tmp_path / "regions.csv").write_text("region,x,y,w,h\nleft,0,0,0.5,1\nright,0.5,0,0.5,1\n")
    words = (
        f"checkpoint={acts}",
        f"source={film(clip_folder)}",
        "regions=regions.csv",
        "on_threshold=0.1",
        "device=cpu",
    )
    done = videoai_command("stream", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    streams = [json.loads(line)["stream"] for line in done.stdout.splitlines()]
    assert {*streams} == {f"{film(clip_folder)}#left", f"{film(clip_folder)}#right"}
    refused = videoai_command(
        "stream", f"checkpoint={acts}", "source=synthetic://a?seconds=1", "regions=regions.csv", cwd=tmp_path
    )
    assert refused.returncode == 1 and "Leave regions out" in refused.stderr


def test_a_source_that_cannot_be_read_is_named_and_the_others_go_on(videoai_command, acts, clip_folder, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    sources = f"source=[broken.mp4,'{film(clip_folder)}']"
    done = videoai_command("stream", f"checkpoint={acts}", sources, "device=cpu", cwd=tmp_path)
    assert done.returncode == 3
    assert "broken.mp4: unknown_format" in done.stderr
    assert {json.loads(line)["stream"] for line in done.stdout.splitlines()} == {str(film(clip_folder))}
    alone = videoai_command("stream", f"checkpoint={acts}", "source=broken.mp4", "device=cpu", cwd=tmp_path)
    assert alone.returncode == 1 and not alone.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["source=gone.mp4"], "source=gone.mp4: no such file"),
        (["source=here.mp4", "policy=latest"], "Add pace=realtime"),
        (["source=here.mp4", "on_threshold=0.4", "off_threshold=0.5"], "off_threshold=0.5"),
        (["source=[here.mp4,here.mp4]"], "names here.mp4 twice"),
        (["source=rtsp://127.0.0.1:99999/cam"], "give a host and a port from 1 to 65535"),
        (["source=http:///film"], "give a host and a port from 1 to 65535"),
        (["source=many"], "2 videos, which would all run at once"),
        (["source=here.mp4", "mode=frames"], "reads whole clips. Leave it out"),
        (["source=here.mp4", "mode=frames", "window_seconds=2"], "mode=frames has no windows"),
        (["source=here.mp4", "reset_seconds=2"], "reset_seconds=2 has no effect: windows are judged"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_runs(videoai_command, acts, clip_folder, tmp_path, words, message):
    (tmp_path / "here.mp4").symlink_to(film(clip_folder))
    (tmp_path / "many").mkdir()
    for number in range(2):
        (tmp_path / "many" / f"{number}.mp4").symlink_to(film(clip_folder, number))
    done = videoai_command("stream", f"checkpoint={acts}", *words, "device=cpu", cwd=tmp_path)
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_stream_with_a_last_answer_and_a_summary(acts, tmp_path, number):
    from videoai.data.encode import write_clip

    write_clip(tmp_path / "long.mp4", torch.randint(0, 255, (900, 32, 32, 3), dtype=torch.uint8).numpy(), 15.0)
    words = [f"checkpoint={acts}", "source=long.mp4", "pace=realtime", "on_threshold=0.1", "device=cpu"]
    command = [sys.executable, "-m", "videoai", "stream", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout and run.stderr
        first = json.loads(run.stdout.readline())
        time.sleep(1)
        os.kill(run.pid, number)
        rest, said = run.communicate(timeout=30)
    assert run.returncode == 0, said
    last = json.loads(rest.splitlines()[-1])
    assert (first["event"], last["event"]) == ("start", "end")
    summary = json.loads((tmp_path / "runs/stream/summary.json").read_text())
    assert 1 < summary["streams"][0]["media_seconds"] < 50
    assert "latency p50" in said


@pytest.mark.slow
def test_a_signal_ends_a_benchmark_and_half_a_run_is_no_row(acts, tmp_path):
    words = [f"checkpoint={acts}", "source=synthetic://a?seconds=600", "device=cpu"]
    command = [sys.executable, "-m", "videoai", "benchmark", "stream", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr and "pace=max ..." in run.stderr.readline()
        time.sleep(1)
        os.kill(run.pid, signal.SIGTERM)
        told, said = run.communicate(timeout=30)
    assert run.returncode == 75 and "was not measured to its end" in said, said
    assert "real-time factor" not in told


@pytest.mark.parametrize(
    ("typed", "sources"),
    [
        ("source=a b, c.mp4", ("a b, c.mp4",)),
        ("source=[a.mp4,'b c.mp4']", ("a.mp4", "b c.mp4")),
        ("source=rtsp://user:pass@10.0.0.1:554/cam?x=1&y=2", ("rtsp://user:pass@10.0.0.1:554/cam?x=1&y=2",)),
        ("source=0", ("0",)),
    ],
)
def test_a_source_is_taken_as_typed(typed, sources):
    settings = from_arguments(StreamSettings, ["checkpoint=a.pt", one_or_list(typed, "source")]).settings()
    assert settings.source == sources


def timeless(text):
    lines = [json.loads(line) for line in text.splitlines()]
    return [{key: value for key, value in line.items() if key not in ("t_wall", "latency_ms")} for line in lines]


@pytest.mark.parametrize("mode", ["frames", pytest.param("windows", marks=pytest.mark.slow)])
def test_a_recorded_run_is_repeated_to_the_bit(videoai_command, steps, clip_folder, tmp_path, mode):
    sources = f"source=['{film(clip_folder)}','{film(clip_folder, 1)}']"
    words = ("on_threshold=0.1", "smooth_windows=3", "pace=realtime", f"mode={mode}", "record=true", "device=cpu")
    done = videoai_command("stream", f"checkpoint={steps}", sources, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "runs/stream/summary.json").read_text())
    assert summary["recording_is_whole"] and summary["recording_mb"] > 0
    again = videoai_command("stream", f"checkpoint={steps}", "source=runs/stream", "device=cpu", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert timeless(again.stdout) == timeless(done.stdout) and len(done.stdout.splitlines()) > 5
    other = ("on_threshold=0.9", "run_dir=other")
    stricter = videoai_command("stream", f"checkpoint={steps}", "source=runs/stream", *other, cwd=tmp_path)
    assert {line["event"] for line in timeless(stricter.stdout)} == {None}
    for more, message in (
        ("overlay=true", "Leave out overlay"),
        ("record=true", "Leave out overlay"),
        ("window_seconds=3", f"holds its own {mode}"),
    ):
        refused = videoai_command("stream", f"checkpoint={steps}", "source=runs/stream", more, cwd=tmp_path)
        assert refused.returncode == 1 and message in refused.stderr, refused.stderr


def test_a_recording_is_of_the_clip_of_its_network(videoai_command, acts, steps, clip_folder, tmp_path):
    words = (f"source={film(clip_folder)}", "record=true", "device=cpu")
    assert videoai_command("stream", f"checkpoint={steps}", *words, cwd=tmp_path).returncode == 0
    other = videoai_command("stream", f"checkpoint={acts}", "source=runs/stream", cwd=tmp_path)
    assert other.returncode == 1 and "reads whole clips" in other.stderr
