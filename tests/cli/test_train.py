"""``videoai train`` and what follows it, as subprocesses on real files."""

import contextlib
import csv
import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
import torch
import yaml

ROOT = Path(__file__).resolve().parents[2]
FAST = (
    "trainer.batch_size=6",
    "data.num_workers=0",
    "trainer.log_every=1",
    "trainer.precision=fp32",
    "trainer.tensorboard=false",
    "report=false",
)


@pytest.fixture(scope="module")
def trained(clip_folder, videoai_command, tmp_path_factory):
    """One short run that most tests here look at."""
    cwd = tmp_path_factory.mktemp("project")
    done = videoai_command(
        "train", "data=folder", f"data.root={clip_folder}", "trainer.max_steps=4", "run_dir=run", *FAST[:3], cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return cwd, done


def model_of(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["model"]


def same(first: Path, second: Path) -> bool:
    a, b = model_of(first), model_of(second)
    return all(torch.equal(a[key], b[key]) for key in a)


def test_a_run_folder_holds_what_the_documentation_says(trained):
    cwd, done = trained
    run = cwd / "run"
    assert {"config.yaml", "metrics.jsonl", "checkpoints", "tensorboard"} <= {path.name for path in run.iterdir()}
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"best.pt", "last.pt"}
    assert yaml.safe_load((run / "config.yaml").read_text())["trainer"]["max_steps"] == 4
    splits = [json.loads(line)["split"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert splits.count("train") == 4
    assert "videoai evaluate checkpoint=run/checkpoints/best.pt" in done.stdout
    assert "precision: measured" in done.stderr
    assert "Videos per class" in done.stderr


def test_running_the_same_command_again_continues(trained, videoai_command, clip_folder, tmp_path):
    command = ("train", "data=folder", f"data.root={clip_folder}", "run_dir=r", *FAST)
    for steps in (2, 5):
        assert videoai_command(*command, f"trainer.max_steps={steps}", cwd=tmp_path).returncode == 0
    straight = videoai_command(*command[: -len(FAST) - 1], "run_dir=s", *FAST, "trainer.max_steps=5", cwd=tmp_path)
    assert straight.returncode == 0, straight.stderr
    assert same(tmp_path / "r/checkpoints/last.pt", tmp_path / "s/checkpoints/last.pt")
    steps = [
        json.loads(line)["step"] for line in (tmp_path / "r/metrics.jsonl").read_text().splitlines() if "train" in line
    ]
    assert steps == [1, 2, 3, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize(("task", "newer"), [("classify", "augment.features"), ("gan", "gan.aux_classifier_width")])
def test_a_run_of_a_version_with_fewer_settings_continues(task, newer, videoai_command, clip_folder, tmp_path):
    """But not where the newer setting is given another value than its default."""
    fast = [word for word in FAST if task == "classify" or word != "report=false"]  # a GAN has no report
    small = ("clip.num_frames=8", "clip.size=16", "clip.resize=16", *fast)
    command = ("train", f"task={task}", "data=folder", f"data.root={clip_folder}", "run_dir=run", *small)
    assert videoai_command(*command, "trainer.max_steps=1", cwd=tmp_path).returncode == 0
    last = tmp_path / "run/checkpoints/last.pt"
    state = torch.load(last, weights_only=True)
    group, name = newer.split(".")
    del state["config"]["loading"]["frame_fps"], state["config"][group][name]
    torch.save(state, last)
    refused = videoai_command(*command, "trainer.max_steps=2", "loading.frame_fps=12", cwd=tmp_path)
    assert refused.returncode == 1, refused.stderr
    assert "other settings: loading.frame_fps was None, is 12. To continue" in refused.stderr
    again = videoai_command(*command, "trainer.max_steps=2", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert torch.load(last, weights_only=True)["step"] == 2


KILLED = ("trainer.max_steps=14", "trainer.save_every=2", *FAST)


@pytest.fixture(scope="module")
def undisturbed(clip_folder, videoai_command, tmp_path_factory) -> Path:
    """The last checkpoint of a run that nobody stopped."""
    cwd = tmp_path_factory.mktemp("undisturbed")
    done = videoai_command("train", "data=folder", f"data.root={clip_folder}", *KILLED, "run_dir=run", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd / "run/checkpoints/last.pt"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_a_killed_run_ends_in_the_weights_of_an_undisturbed_one(
    number, clip_folder, undisturbed, videoai_command, tmp_path
):
    command = ["train", "data=folder", f"data.root={clip_folder}", *KILLED]
    started = [sys.executable, "-m", "videoai", *command, "run_dir=killed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(started, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step 3/"):
                process.send_signal(number)
                break
        process.stderr.read()
        code = process.wait(timeout=60)
    assert code == {signal.SIGKILL: -9, signal.SIGTERM: 75, signal.SIGINT: 130}[number]
    again = videoai_command(*command, "run_dir=killed", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "continuing killed at step" in again.stderr
    assert same(undisturbed, tmp_path / "killed/checkpoints/last.pt")


@pytest.mark.slow
def test_a_signal_to_the_whole_group_saves_although_the_workers_hear_it_too(clip_folder, tmp_path):
    """As Ctrl-C in a terminal and a scheduler's SIGTERM do."""
    plain = [option for option in FAST if "num_workers" not in option]
    command = [
        "train",
        "data=folder",
        f"data.root={clip_folder}",
        "data.num_workers=2",
        "trainer.max_epochs=500",
        *plain,
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "videoai", *command, "run_dir=run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step 3/"):
                os.killpg(process.pid, signal.SIGTERM)
                break
        assert "SIGTERM: saved at step" in process.stderr.read()
        assert process.wait(timeout=60) == 75
    assert (tmp_path / "run/checkpoints/last.pt").exists()


@pytest.mark.slow
def test_the_number_of_workers_does_not_change_the_weights(clip_folder, videoai_command, tmp_path):
    for workers in (0, 2):
        done = videoai_command(
            *("train", "data=folder", f"data.root={clip_folder}", f"run_dir=w{workers}", "trainer.max_steps=3"),
            *(f"data.num_workers={workers}", *(option for option in FAST if "num_workers" not in option)),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
    assert same(tmp_path / "w0/checkpoints/last.pt", tmp_path / "w2/checkpoints/last.pt")


@pytest.mark.slow
def test_a_continued_run_refuses_other_settings_and_other_data(trained, videoai_command, clip_folder, tmp_path):
    cwd, _ = trained
    command = ("train", "data=folder", f"data.root={clip_folder}", "run_dir=run", *FAST[:3], "trainer.max_steps=6")
    refused = videoai_command(*command, "optim.lr=0.5", cwd=cwd)
    assert refused.returncode == 1
    assert "optim.lr was 0.00245, is 0.5" in refused.stderr
    refused = videoai_command(*command, "seed=1", "data.val_fraction=0.3", cwd=cwd)
    assert "data.val_fraction was 0.15, is 0.3" in refused.stderr
    assert "Traceback" not in refused.stderr
    other = tmp_path / "other"
    for name in ("left", "right", "up"):
        (other / name).mkdir(parents=True)
        for file in (clip_folder / name).iterdir():
            (other / name / file.name).symlink_to(file)
    refused = videoai_command("train", "data=folder", f"data.root={other}", *command[3:], cwd=cwd)
    assert refused.returncode == 1
    assert "left, right, up" in refused.stderr
    assert "down, left, right, up" in refused.stderr


@pytest.mark.slow
def test_a_label_map_with_a_wrong_name_and_directional_classes_end_in_one_line(videoai_command, clip_folder, tmp_path):
    command = ("train", "data=folder", f"data.root={clip_folder}", *FAST)
    for settings, message in (
        (["data.flip=0.5", "data.directional=true"], "data.flip=0.5: the classes are declared directional"),
        (["data.flip_labels={left: rihgt}"], "data.flip_labels: 'rihgt' is no class. Did you mean right?"),
    ):
        refused = videoai_command(*command, *settings, cwd=tmp_path)
        assert refused.returncode == 1
        assert message in refused.stderr.splitlines()[-1]
        assert "Traceback" not in refused.stderr
    assert not (tmp_path / "runs").exists()


def test_a_random_split_over_people_warns_with_the_command_to_paste(clip_folder, videoai_command, tmp_path):
    lines = ["path,label,subject"]
    for name in ("left", "right"):
        lines += [f"{clip_folder / name / name}_{index}.mp4,{name},p{index // 2}" for index in range(6)]
    (tmp_path / "clips.csv").write_text("\n".join(lines))
    words = ["data=csv", "data.path=clips.csv", "data.flip=0", "run_dir=it's new", "trainer.max_steps=1", *FAST]
    done = videoai_command("train", *words, cwd=tmp_path)
    command = f"which flatters the score: {shlex.join(['videoai', 'train', *words, 'data.split_by=subject'])}\n"
    assert command in done.stderr
    shutil.rmtree(tmp_path / "it's new")
    again = videoai_command("train", *words, "data.split_by=subject", cwd=tmp_path)
    assert again.returncode == 0 and "flatters" not in again.stderr


def test_evaluation_needs_the_checkpoint_only_and_repeats_to_the_byte(trained, videoai_command, tmp_path):
    cwd, _ = trained
    for name in ("one", "two"):
        done = videoai_command(
            *("evaluate", f"checkpoint={cwd}/run/checkpoints/best.pt", "views=2x3", f"run_dir={name}", "num_workers=0"),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    tables = ["confusion.csv", "confusion.png", "per_class.csv", "predictions.csv"]
    assert files == [*tables, "report.html", "results.json"]
    one, two = (
        {file: (tmp_path / name / file).read_bytes().replace(b"run_dir=" + name.encode(), b"") for file in files}
        for name in ("one", "two")
    )
    assert one == two  # the page shows the command
    results = json.loads((tmp_path / "one" / "results.json").read_text())
    assert results["views"] == "2x3"
    assert results["n_total"] == 4
    assert not {"video_top4", "video_top5"} & {*results}  # there are four classes


def test_an_unreadable_test_video_counts_as_wrong_and_is_listed(trained, videoai_command, clip_folder, tmp_path):
    cwd, _ = trained
    root = tmp_path / "data"
    for split, files in (("train", (0, 1)), ("val", (2,)), ("test", (3, 4))):
        for name in ("left", "right", "up", "down"):
            (root / split / name).mkdir(parents=True)
            for index in files:
                (root / split / name / f"{index}.mp4").symlink_to(clip_folder / name / f"{name}_{index}.mp4")
    (root / "test" / "left" / "3.mp4").unlink()
    (root / "test" / "left" / "3.mp4").write_text("not a video")
    done = videoai_command(
        *("evaluate", f"checkpoint={cwd}/run/checkpoints/best.pt", "data=folder", f"data.root={root}", "run_dir=out"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert (results["n_total"], results["n_bad"]) == (8, 1)
    assert results["bad_videos"][0]["path"].endswith("left/3.mp4")
    rows = list(csv.DictReader((tmp_path / "out/predictions.csv").read_text().splitlines()))
    assert [row["correct"] for row in rows if row["error"]] == ["0"]
    correct = sum(int(row["correct"]) for row in rows)
    assert results["video_top1"] == pytest.approx(correct / 8)


@pytest.mark.slow
def test_other_data_without_splits_is_scored_whole_and_own_data_must_not_have_changed(
    trained, videoai_command, clip_folder, tmp_path
):
    cwd, _ = trained
    best = f"checkpoint={cwd}/run/checkpoints/best.pt"
    for name in ("left", "right", "up", "down"):
        (tmp_path / "new" / name).mkdir(parents=True)
        for file in sorted((clip_folder / name).iterdir())[:2]:
            (tmp_path / "new" / name / file.name).symlink_to(file)
    done = videoai_command("evaluate", best, "data=folder", "data.root=new", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/results.json").read_text())["n_total"] == 8
    done = videoai_command("evaluate", best, "data.root=new", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 1
    assert "its test split may hold training clips" in done.stderr


@pytest.mark.slow
def test_a_checkpoint_cannot_name_code_to_run_as_its_data(trained, videoai_command, tmp_path):
    cwd, _ = trained
    state = torch.load(cwd / "run/checkpoints/best.pt", weights_only=True)
    state["config"]["data"] = {"_target_": "os.mkdir", "path": str(tmp_path / "ran"), "name": "csv"}
    torch.save(state, tmp_path / "evil.pt")
    for extra in ([], ["data.path=elsewhere"], ["data.num_workers=0"]):
        done = videoai_command("evaluate", "checkpoint=evil.pt", *extra, cwd=tmp_path)
        assert done.returncode == 1
        assert "code from outside videoai" in done.stderr
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()


def test_predict_prints_one_json_line_a_video(trained, videoai_command, clip_folder, tmp_path):
    cwd, _ = trained
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a b (1).mp4").write_bytes((clip_folder / "up" / "up_0.mp4").read_bytes())
    (tmp_path / "in" / "broken.mp4").write_text("no video")
    done = videoai_command(
        *("predict", f"checkpoint={cwd}/run/checkpoints/best.pt", "input=in", "top_k=9", "annotate=true"),
        *("window_seconds=0.5", "run_dir=out"),
        cwd=tmp_path,
    )
    assert done.returncode == 3, done.stderr
    good, bad = (json.loads(line) for line in done.stdout.splitlines())
    assert len(good["top"]) == 4
    assert sum(answer["probability"] for answer in good["top"]) == pytest.approx(1, abs=1e-4)
    ends = [window["end_seconds"] for window in good["timeline"]]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(good["duration_seconds"], abs=0.26)
    assert (tmp_path / good["annotated"]).stat().st_size > 1000
    assert "broken.mp4" in bad["path"]
    assert "error" in bad
    assert "1 of 2 videos could not be read" in done.stderr
    assert (tmp_path / "out" / "predictions.jsonl").read_text() == done.stdout


@pytest.mark.slow
def test_on_a_terminal_lines_stand_above_the_bar_and_the_rates_are_seen(clip_folder, tmp_path):
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [
        "train",
        "data=folder",
        f"data.root={clip_folder}",
        "trainer.max_steps=3",
        "trainer.num_threads=1",
        *FAST,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "videoai", *command],
        cwd=tmp_path,
        env=environment,
        stderr=inside,
        stdout=subprocess.PIPE,
    )
    os.close(inside)
    written = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end was closed
        while chunk := os.read(terminal, 65536):
            written += chunk
    os.close(terminal)
    process.communicate(timeout=60)
    assert process.returncode == 0, written.decode()
    lines = re.split(r"\r?\n|\r", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode()))
    bars = [line for line in lines if line.startswith("train ")]
    assert re.fullmatch(r"train \S+ 3/3 loss \S+  lr \S+  ETA 00:00", bars[-1].strip())
    assert not [line for line in bars if "step" in line]
    assert [line for line in lines if line.startswith("step 3/3  val")]


@pytest.mark.slow
def test_a_train_folder_alone_is_split_and_one_class_is_refused(videoai_command, clip_folder, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train").symlink_to(clip_folder)
    command = ("train", "data=folder", "trainer.max_steps=1", *FAST)
    done = videoai_command(*command, "data.root=data", "run_dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 classes, {'train': 16, 'val': 4, 'test': 4}" in done.stderr
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "up").symlink_to(clip_folder / "up")
    done = videoai_command(*command, "data.root=one", "run_dir=none", cwd=tmp_path)
    assert done.returncode == 1
    assert "the only class is 'up', so there is nothing to learn" in done.stderr
    assert not (tmp_path / "none").exists()


def test_fine_tuning_says_what_was_loaded(trained, videoai_command, clip_folder, tmp_path):
    cwd, _ = trained
    other = tmp_path / "two"
    other.mkdir()
    for name in ("left", "right"):
        (other / name).symlink_to(clip_folder / name)
    done = videoai_command(
        *(
            "train",
            "data=folder",
            f"data.root={other}",
            f"weights={cwd}/run/checkpoints/best.pt",
            "trainer.max_steps=1",
            *FAST,
        ),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "tensors; new: " in done.stderr


@pytest.mark.slow
def test_a_second_process_in_one_run_folder_is_refused(clip_folder, videoai_command, tmp_path):
    command = ["train", "data=folder", f"data.root={clip_folder}", *FAST, "run_dir=run", "trainer.max_epochs=500"]
    first = subprocess.Popen(
        [sys.executable, "-m", "videoai", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "run" / "metrics.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        second = videoai_command(*command, cwd=tmp_path)
        assert second.returncode == 1
        assert "another process is training here" in second.stderr
    finally:
        first.kill()
        first.wait()


@pytest.mark.slow
def test_an_error_in_ones_own_model_is_not_blamed_on_videoai(videoai_command, clip_folder, tmp_path):
    (tmp_path / "mynet.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Linear):\n"
        "    def __init__(self, num_classes, width=3):\n"
        "        super().__init__(3, num_classes)\n"
        "        self.width = {}[width]\n"
    )
    (tmp_path / "mine" / "model").mkdir(parents=True)
    (tmp_path / "mine" / "model" / "own.yaml").write_text(
        "defaults:\n  - /clip@_global_.clip: 16x2x32\n_target_: mynet.Net\n"
    )
    data = ("data=folder", f"data.root={clip_folder}", "data.num_workers=0", "trainer.max_steps=1")
    done = videoai_command("train", "--config-dir", "mine", "model=own", *data, cwd=tmp_path)
    assert done.returncode == 1
    assert "KeyError: 3 (in your own Net.__init__, mynet.py line 5; debug=true shows where)" in done.stderr
    source = (tmp_path / "mynet.py").read_text()
    (tmp_path / "mynet.py").write_text(source.replace("{}[width]", "width"))
    done = videoai_command("train", "--config-dir", "mine", "model=own", *data, cwd=tmp_path)
    assert done.returncode == 1
    assert "videoai: model Net: fails on a video [16, 3, 16, 32, 32] with RuntimeError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_error_in_a_worker_ends_the_command_soon(videoai_command, clip_folder, tmp_path):
    """It took 24 s: the loader waited for workers that nobody had told to end."""
    text = "def make(*, most):\n    def fail(video, generator):\n        raise ValueError('boom')\n    return fail\n"
    (tmp_path / "broken_transform.py").write_text(text)
    own = "augment.clip_transforms=[{_target_: broken_transform.make, most: 1}]"
    given = [
        f"data.root={clip_folder}",
        "data=folder",
        "data.flip=0",
        "loading.num_workers=2",
        "trainer.precision=fp32",
    ]
    started = time.monotonic()
    done = videoai_command("train", *given, own, "trainer.num_threads=1", cwd=tmp_path)
    assert "videoai: boom (in your own" in done.stderr
    assert time.monotonic() - started < 15
