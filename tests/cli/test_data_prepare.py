"""``videoai data prepare`` as a subprocess on real files, and the training that follows it."""

import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import videoai
from videoai.cli.data_prepare import main
from videoai.cli.overrides import named_data
from videoai.settings.parse import to_dict

ROOT = Path(__file__).resolve().parents[2]
TRAINER = {"batch_size": 6, "log_every": 1, "precision": "fp32", "tensorboard": False, "max_steps": 2}
CLIP_SIDE = 32  # size of the built-in models; a cache of this size gives the same pixels


def losses(run: Path, *overrides: str) -> list[float]:
    """The losses of two training steps, to the last bit."""
    data = to_dict(named_data([override for override in overrides if override.startswith("data")]))
    videoai.train(data=data, loading={"num_workers": 0}, trainer=TRAINER, run_dir=str(run))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["split"] == "train"]


@pytest.fixture(scope="module")
def on_files(clip_folder, tmp_path_factory) -> list[float]:
    return losses(tmp_path_factory.mktemp("files") / "run", "data=folder", f"data.root={clip_folder}", "data.flip=0")


@pytest.mark.parametrize("to", ["videos", "clips", "shards"])
@pytest.mark.slow
def test_the_printed_command_trains_on_what_was_made(to, clip_folder, on_files, videoai_command, tmp_path, monkeypatch):
    settings = (f"to={to}", f"short_side={CLIP_SIDE}", "shard_mb=0.05", "out=made", "num_workers=0")
    done = videoai_command("data", "prepare", str(clip_folder), *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "24 of 24 videos made in made: " in done.stdout
    assert "times as fast" in done.stdout
    assert "24 videos, " in done.stderr and " free" in done.stderr
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("next: videoai train ")]
    monkeypatch.chdir(tmp_path)
    values = losses(tmp_path / "run", *shlex.split(command)[3:])
    assert len(values) == 2
    if to == "videos":  # encoded once more
        assert values == pytest.approx(on_files, rel=0.2)
    else:
        assert values == on_files


@pytest.fixture
def prepare(tmp_path, monkeypatch, capsys):
    """What the command prints, without the seconds that a process takes to start."""

    def run(*words: str) -> str:
        monkeypatch.chdir(tmp_path)
        assert main([*words, "num_workers=0"]) == 0
        return capsys.readouterr().out

    return run


def test_a_second_run_says_that_there_is_nothing_to_do(clip_folder, prepare):
    prepare(str(clip_folder), "out=made", "to=shards")
    lines = prepare(str(clip_folder), "out=made", "to=shards").splitlines()
    assert lines == [
        "nothing to do: made holds all 24 videos.",
        "next: videoai train data=shards data.path=made data.flip=0",
    ]


def test_data_is_named_as_for_training(clip_folder, prepare, tmp_path):
    shutil.copytree(clip_folder, tmp_path / "a=b c")
    table = tmp_path / "a=b c" / "clips.csv"
    table.write_text("path,label,use\nleft/left_0.mp4,left,1\nup/up_0.mp4,up,1\nup/up_1.mp4,up,0\n")
    settings = ("data.where={use:1}", "data.val_fraction=0", "data.test_fraction=0")
    for name, words in (("one", ("data=csv", f"data.path={table}")), ("two", (str(table),))):
        printed = prepare(*words, *settings, f"out={name}")
        assert "2 of 2 videos made" in printed
        assert f"next: videoai train data=csv data.path={name}/clips.csv data.val_fraction=0 data.flip=0\n" in printed
    assert (tmp_path / "one/clips.csv").read_bytes() == (tmp_path / "two/clips.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), r"out is not set\. Add out=\.\.\."),
        (("out=x",), "say which videos, once: videoai data prepare PATH out=DIR, or data=csv data.path=FILE"),
        (("{clips}", "data=folder", "out=x"), "say which videos, once"),
        (("data=folder", "out=x"), "data.root is not set"),
        (("nowhere", "out=x"), "nowhere: no such file or folder"),
        (("{clips}", "out={clips}/new"), "lies inside the input"),
        (("{clips}", "out=x", "to=shard"), "to=shard: .*Choose from videos, clips, shards"),
        (("{clips}", "out=x", "shortside=3"), r"unknown setting 'shortside'\. Did you mean short_side\?"),
    ],
)
def test_what_cannot_be_is_refused(words, problem, clip_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError), match=problem):
        main([word.format(clips=clip_folder) for word in words])
    assert not (tmp_path / "x").exists()


def test_a_refusal_is_one_line(clip_folder, videoai_command, tmp_path):
    done = videoai_command("data", "prepare", str(clip_folder), f"out={clip_folder}/new", cwd=tmp_path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_unreadable_videos_are_counted_and_named(clip_folder, prepare, tmp_path):
    shutil.copytree(clip_folder, tmp_path / "in")
    (tmp_path / "in/up/zz.mp4").write_text("no video")
    printed = prepare("in", "out=made")
    assert "1 video cannot be read in full and stays in the set; see made/unreadable.csv. First:" in printed
    assert "  up/zz.mp4: unknown_format while opening: begins with b'no video'" in printed


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def many_clips(clip_folder, tmp_path_factory) -> Path:
    """96 clips, one of them broken: some seconds of work."""
    root = tmp_path_factory.mktemp("many")
    for copy in range(4):
        for path in clip_folder.rglob("*.mp4"):
            (root / path.parent.name).mkdir(exist_ok=True)
            shutil.copy2(path, root / path.parent.name / f"{path.stem}_{copy}.mp4")
    (root / "up" / "up_0_3.mp4").write_text("no video")
    return root


def kill_after(command: list[str], cwd: Path, is_time: Callable[[], bool]) -> bool:
    """Whether it was killed before it had ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "videoai", *command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and not is_time() and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        return process.wait() == -9


def num_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_bytes_of_an_undisturbed_one(many_clips, videoai_command, prepare, tmp_path):
    command = ["data", "prepare", str(many_clips), "to=videos"]
    journal = tmp_path / "killed" / "prepared.jsonl"
    assert kill_after([*command, "out=killed", "num_workers=1"], tmp_path, lambda: num_lines(journal) >= 5)
    assert 5 <= num_lines(journal) < 96
    assert not (tmp_path / "killed" / "clips.csv").exists()
    done = videoai_command(*command, "out=killed", "num_workers=0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    prepare(*command[2:], "out=straight")
    assert tree(tmp_path / "killed") == tree(tmp_path / "straight")


@pytest.mark.slow
@pytest.mark.parametrize("to", ["shards", *(pytest.param(to, marks=pytest.mark.nightly) for to in ("videos", "clips"))])
def test_a_run_killed_again_and_again_goes_on(to, many_clips, videoai_command, prepare, tmp_path):
    command = ["data", "prepare", str(many_clips), f"to={to}", "shard_mb=0.01"]
    prepare(*command[2:], "out=straight")
    num_jobs = num_lines(tmp_path / "straight" / "prepared.jsonl")
    journal, rng = tmp_path / "killed" / "prepared.jsonl", random.Random(0)
    for share in (0, 0.2, 0.4, 0.6):
        enough, seconds = share * num_jobs, rng.uniform(0, 0.02)  # somewhere within a file

        def is_time(enough: float = enough, seconds: float = seconds) -> bool:
            if num_lines(journal) < enough or not journal.exists():
                return False
            time.sleep(seconds)
            return True

        assert kill_after([*command, "out=killed", "num_workers=2"], tmp_path, is_time)
    assert not (tmp_path / "killed" / "clips.csv").exists()
    assert videoai_command(*command, "out=killed", cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "killed") == tree(tmp_path / "straight")
