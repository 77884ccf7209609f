import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from PIL import Image

from videoai.cli import data_check
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import CLASSES, render

ROOT = __file__.partition("/tests/")[0]


@pytest.fixture
def clean(tmp_path):
    """A table of 2 classes x 3 splits x 4 clips in which nothing is wrong, as (folder, rows)."""
    folder, rows = tmp_path / "set", []
    folder.mkdir()
    for name in ("left", "up"):
        for number in range(12):
            split = ("train", "train", "val", "test")[number % 4]
            frames = render(label=CLASSES.index(name), seed=0, split=split, index=number, level="default", size_px=64)[
                0
            ]
            write_clip(folder / f"{name}{number}.mp4", frames)
            rows.append([f"{name}{number}.mp4", name, split, f"{name}{number}", "", ""])
    return folder, rows


def write_table(folder, rows) -> None:
    with open(folder / "clips.csv", "w", newline="") as file:
        header = ["path", "label", "split", "group", "start_seconds", "end_seconds"]
        csv.writer(file).writerows([header, *rows])


def reported(folder) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    with open(folder / "out" / "report.csv", newline="") as file:
        for row in csv.DictReader(file):
            faults.setdefault(row["kind"], []).append(os.path.basename(row["path"]))
    return faults


def test_a_clean_set_raises_no_alarm(clean, videoai_command):
    folder, rows = clean
    write_table(folder, rows)
    done = videoai_command("data", "check", "clips.csv", "out=out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "24 files, 0 faults and 0 warnings." in done.stdout
    assert reported(folder) == {}


@pytest.mark.slow
def test_every_planted_fault_is_found_and_nothing_else_and_training_goes_on_without_them(clean, videoai_command):
    folder, rows = clean
    add = rows.append
    data = (folder / "left0.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes((folder / "left1.mp4").read_bytes()[:9000])
    (folder / "text.mp4").write_text("ffconcat version 1.0\n")
    (folder / "zero.mp4").write_bytes(b"")
    for name in ("cut.mp4", "text.mp4", "zero.mp4"):
        add([name, "left", "train", "", "", ""])
    (folder / "twin.mp4").write_bytes(data)  # left0 is in train
    add(["twin.mp4", "left", "train", "", "", ""])
    shutil.copy(folder / "up2.mp4", folder / "leak.mp4")  # up2 is in val
    add(["leak.mp4", "up", "train", "", "", ""])
    shutil.copy(folder / "left4.mp4", folder / "other.mp4")
    add(["other.mp4", "up", "train", "", "", ""])
    os.symlink(folder / "up3.mp4", folder / "link.mp4")  # up3 is in test
    add(["link.mp4", "up", "train", "", "", ""])
    with open_video(folder / "up7.mp4") as video:  # in test
        frames = video.frames(range(video.num_frames)).permute(0, 2, 3, 1).numpy()
    write_clip(folder / "near.mp4", (frames[:, ::2, ::2] * 0.95).astype(np.uint8))
    add(["near.mp4", "up", "train", "", "", ""])
    rows[1][3], rows[3][3] = "shared", "shared"  # left1 in train, left3 in test
    rows[5][4:] = ["0.5", "60"]
    write_table(folder, rows)
    done = videoai_command("data", "check", "clips.csv", "out=out", cwd=folder)
    assert done.returncode == 3, done.stderr
    faults = reported(folder)
    broken = {kind: faults.pop(kind) for kind in ("corrupt", "unknown_format", "empty")}
    assert broken == {"corrupt": ["cut.mp4"], "unknown_format": ["text.mp4"], "empty": ["zero.mp4"]}
    assert faults == {
        "duplicate": ["twin.mp4"],
        "leak_content": ["leak.mp4"],
        "conflict": ["other.mp4"],
        "leak_path": ["link.mp4"],
        "leak_near": ["near.mp4"],
        "leak_group": [""],
        "segment": ["left5.mp4"],
    }
    page = (folder / "out" / "report.html").read_text()
    assert page.count("data:image/jpeg") == 11  # both files of five pairs, and one more that can be read
    arguments = ["data=csv", "data.path=clips.csv", "data.quarantine=out/quarantine.csv", "clip.size=32"]
    arguments += ["clip.resize=32", "trainer.max_steps=1", "data.num_workers=0", "run_dir=run"]
    trained = videoai_command("train", *arguments, cwd=folder)
    assert trained.returncode == 0, trained.stderr
    assert "left 8 clips out of train." in trained.stderr


def folders(clean, root):
    """The clean set as split folders, `root/SPLIT/CLASS/*.mp4`."""
    folder, rows = clean
    for name, label, split, *_ in rows:
        (root / split / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, root / split / label / name)
    return root


@pytest.mark.slow
def test_what_training_refuses_or_passes_over_is_named_and_the_rest_is_examined(clean, videoai_command, tmp_path):
    root = folders(clean, tmp_path / "clips")
    broken = root / "train" / "left"
    (broken / "gone.mp4").symlink_to("nowhere")
    os.mkfifo(broken / "pipe.mp4")
    done = videoai_command("data", "check", "clips", "out=out", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert reported(tmp_path) == {"missing": ["gone.mp4"], "not_a_file": ["pipe.mp4"]}
    (root / "train" / "jump").mkdir()
    done = videoai_command("data", "check", "clips", "out=out", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "next: mend what is refused" in done.stdout and "videoai train" not in done.stdout
    faults = reported(tmp_path)
    assert faults.pop("few") == faults.pop("imbalance") == [""]  # the empty class has few videos, too
    assert faults == {"missing": ["gone.mp4"], "not_a_file": ["pipe.mp4"], "empty_class": [""], "refused": [""]}


@pytest.mark.slow
def test_lines_that_training_refuses_are_named_and_the_rest_is_examined(clean, videoai_command):
    folder, rows = clean
    rows.append(["gone.mp4", "left", "train", "", "", ""])
    rows[2][1] = "lefft"  # in val
    rows[4][1] = ""
    rows.append(["up1.mp4", "up", "test", "", "", ""])  # in train too
    write_table(folder, rows)
    done = videoai_command("data", "check", "clips.csv", "out=out", cwd=folder)
    assert done.returncode == 3, done.stderr
    faults = reported(folder)
    assert faults.pop("few") == faults.pop("imbalance") == [""]  # the misspelt class
    assert faults == {
        "missing": ["gone.mp4"],
        "label_without_class": ["left2.mp4", "left4.mp4"],
        "leak_path": ["up1.mp4"],
        "refused": [""],
    }


@pytest.mark.slow
def test_a_file_that_was_cut_and_one_shorter_than_a_clip_are_named(clean, videoai_command):
    folder, rows = clean
    with av.open(str(folder / "left0.mp4")) as source, av.open(str(folder / "cut.mkv"), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    whole = (folder / "cut.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: 2 * len(whole) // 3])  # decodes without complaint
    rows[0][0] = "cut.mkv"
    with open_video(folder / "left1.mp4") as video:
        write_clip(folder / "left1.mp4", video.frames(range(4)).permute(0, 2, 3, 1).numpy())
    write_table(folder, rows)
    done = videoai_command("data", "check", "clips.csv", "out=out", cwd=folder)
    assert (done.returncode, reported(folder)) == (3, {"short": ["cut.mkv"]})
    done = videoai_command("data", "check", "clips.csv", "clip=16x1x112", "out=out", cwd=folder)
    assert reported(folder)["too_short"] == ["left1.mp4"]
    done = videoai_command("data", "check", "clips.csv", "clip.num_frames=16", "out=out", cwd=folder)  # else auto
    assert (done.returncode, reported(folder)) == (3, {"short": ["cut.mkv"]})  # spread over short videos


@pytest.mark.slow
def test_folders_of_images_are_examined_at_the_rate_that_is_given(tmp_path, videoai_command):
    for clip in range(8):
        folder = tmp_path / "clips" / "ab"[clip % 2] / f"clip{clip}"
        folder.mkdir(parents=True)
        for number in range(10):
            Image.fromarray(np.full((32, 32, 3), 20 * clip + 8 * number, np.uint8)).save(folder / f"{number:03d}.png")

    def seconds(*given: str) -> set[float]:
        done = videoai_command("data", "check", "clips", "out=out", "near_duplicates=false", *given, cwd=tmp_path)
        assert "8 files, 0 faults" in done.stdout, done.stdout + done.stderr
        lines = (tmp_path / "out" / "examined.jsonl").read_text().splitlines()[-8:]
        return {round(json.loads(line)[1]["seconds"], 3) for line in lines}

    assert seconds("loading.frame_fps=5") == {2.0}
    assert seconds("loading.frame_fps=10") == {1.0}  # not what was found at another rate
    done = videoai_command("data", "check", "clips", "out=out", "loading.frame_fps=0", cwd=tmp_path)
    assert "loading.frame_fps=0: give a number above 0, or null" in done.stderr


@pytest.mark.slow
def test_a_killed_check_goes_on_where_it_was(clean, videoai_command):
    folder, rows = clean
    write_table(folder, rows)
    command = [sys.executable, "-m", "videoai", "data", "check", "clips.csv", "out=out", "num_workers=1"]
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": ROOT}, stderr=subprocess.DEVNULL
    ) as run:
        journal = folder / "out" / "examined.jsonl"
        deadline = time.monotonic() + 60
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3) and time.monotonic() < deadline:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
    with journal.open("a") as file:
        file.write('[[1, 2], {"path": "cut o')  # as a kill may leave it
    done = videoai_command("data", "check", "clips.csv", "out=out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "of 24 files were examined before" in done.stderr
    assert "24 files, 0 faults" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "videoai data check PATH"),
        (["check", "nowhere"], "nowhere: no such file or folder"),
        (["chekc", "."], "Did you mean check?"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, message, videoai_command, tmp_path):
    done = videoai_command("data", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert message in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [["left"], ["left", "empty"], ["left", "up"]])  # one class, an empty one, too few
def test_no_training_is_printed_that_would_be_refused(kinds, clip_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for kind in kinds:
        (tmp_path / "clips" / kind).mkdir(parents=True)
        if kind != "empty":
            shutil.copy(clip_folder / kind / f"{kind}_0.mp4", tmp_path / "clips" / kind)
    assert (
        data_check.main(["clips", "num_workers=1"]) == data_check.FAULTS_FOUND
    )  # too few, or one class, or an empty one
    printed = capsys.readouterr().out
    assert "next: mend what is refused, which no quarantine does; then again: videoai data check" in printed
    assert "videoai train" not in printed
