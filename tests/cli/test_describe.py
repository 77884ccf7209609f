"""``videoai describe``, as subprocesses on real files."""

import json
import os
import re

import numpy as np
import pytest
import torch

import videoai
from videoai.cli.overrides import one_or_list
from videoai.compose.settings import from_arguments
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.models import create_model
from videoai.settings.describe import DescribeSettings

ALONE = ("shots=false", "device=cpu")
COLORS = [(200, 150, 20), (30, 200, 90), (40, 40, 220)]


def saved(path, task, classes, **options):
    torch.manual_seed(0)
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": "tiny_r3d"}, "task": {"name": task, **options}, "data": {}},
        "classes": classes,
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": create_model("tiny_r3d", num_classes=len(classes)).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return path


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> str:
    """``checkpoint=[A,B,C]``: one class, numbers, several labels."""
    folder = tmp_path_factory.mktemp("checkpoints")
    paths = [
        saved(folder / "acts.pt", "classify", ["run", "<b>jump"]),
        saved(
            folder / "mood.pt",
            "regression",
            ["valence", "arousal"],
            targets=["valence", "arousal"],
            mean=[0.0, 0.0],
            std=[1.0, 1.0],
        ),
        saved(folder / "labels.pt", "multi_label", ["sea", "sand"]),
    ]
    return f"checkpoint=[{','.join(map(str, paths))}]"


@pytest.fixture
def film(tmp_path):
    """Nine seconds in three colours, with noise, under a name that is markup."""
    noise = np.random.default_rng(0).integers(0, 20, (90, 32, 48, 3), dtype=np.uint8)
    frames = noise + np.repeat(np.array(COLORS, np.uint8), 30, 0)[:, None, None]
    write_clip(tmp_path / "<b>film.mp4", frames, 10.0)
    return tmp_path / "<b>film.mp4"


def told_of(folder, name):
    return json.loads((folder / name / "description.json").read_text())


@pytest.mark.slow
def test_several_checkpoints_fill_one_description_and_one_page(videoai_command, checkpoints, film, tmp_path):
    done = videoai_command("describe", checkpoints, f"input={film.name}", *ALONE, "key_frames=3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    line, told = json.loads(done.stdout), told_of(tmp_path / "runs/describe", "<b>film")
    assert line["json"] == "runs/describe/<b>film/description.json"
    assert told["video"]["duration_seconds"] == 9.0 and told["shots"] == [{"start_seconds": 0.0, "end_seconds": 9.0}]
    assert [one["gives"] for one in told["checkpoints"]] == [["tags"], ["curves"], ["tags"]]
    assert {one["label"] for one in told["tags"]} >= {"run", "<b>jump"}
    assert [one["target"] for one in told["curves"]] == ["valence", "arousal"]
    assert len(told["curves"][0]["points"]) == told["checkpoints"][1]["windows"] > 1
    frames = [tmp_path / "runs/describe/<b>film" / one["file"] for one in told["key_frames"]]
    assert len(frames) == 3 and all(path.read_bytes().startswith(b"\xff\xd8") for path in frames)
    page = (frames[0].parent.parent / "description.html").read_text()
    assert "<b>film" not in page and "<b>jump" not in page
    assert len(re.findall("data:image/jpeg", page)) == 3
    assert f"{film.as_uri()}#t=" in page


@pytest.mark.parametrize(
    "word",
    ["checkpoint=it's, a [run] (1)/best.pt", 'checkpoint=["it\'s, a [run] (1)/best.pt"]', "checkpoint=runs/a/best.pt"],
)
def test_one_checkpoint_is_taken_as_typed(word):
    settings = from_arguments(DescribeSettings, [one_or_list(word, "checkpoint"), "input=a.mp4"]).settings()
    assert settings.checkpoint in (("it's, a [run] (1)/best.pt",), ("runs/a/best.pt",))


@pytest.mark.slow
def test_what_a_description_holds_is_no_video_for_the_next_one(videoai_command, untrained, film, tmp_path):
    words = ("describe", untrained, "input=.", *ALONE)
    first = videoai_command(*words, cwd=tmp_path)
    stale = tmp_path / "runs/describe/<b>film/key_frames/009_1.00s.jpg"
    stale.write_bytes(b"old")
    again = videoai_command(*words, cwd=tmp_path)
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert again.stdout == first.stdout and len(again.stdout.splitlines()) == 1
    assert "runs/describe: the results there are replaced" in again.stderr
    assert not stale.exists()


@pytest.mark.slow
def test_the_tags_are_the_answers_of_predict(videoai_command, checkpoints, film, tmp_path):
    first = checkpoints.removeprefix("checkpoint=[").split(",")[0]
    done = videoai_command("describe", f"checkpoint={first}", f"input={film.name}", *ALONE, "run_dir=a", cwd=tmp_path)
    answered = videoai_command("predict", f"checkpoint={first}", f"input={film.name}", "device=cpu", cwd=tmp_path)
    assert (done.returncode, answered.returncode) == (0, 0), done.stderr
    answer, told = json.loads(answered.stdout), told_of(tmp_path / "a", "<b>film")
    assert {one["label"]: one["probability"] for one in told["tags"]} == pytest.approx(
        {one["label"]: one["probability"] for one in answer["top"]}, abs=1e-4
    )
    assert told["tag_events"][-1]["end_seconds"] == answer["timeline"][-1]["end_seconds"]


@pytest.mark.slow
def test_python_gives_the_content_of_the_files(checkpoints, film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = checkpoints.removeprefix("checkpoint=[").rstrip("]").split(",")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    told, broken = videoai.describe(paths[:2], ".", shots=False, device="cpu", key_frames=0, run_dir="out")
    assert json.loads((tmp_path / told.pop("files")["json"]).read_text()) == told
    assert told["key_frames"] == [] and broken.keys() == {"path", "error"}


@pytest.mark.slow
def test_cuts_become_shots_and_each_has_a_key_frame(videoai_command, untrained, film, tmp_path):
    pytest.importorskip("scenedetect")
    done = videoai_command("describe", untrained, f"input={film.name}", "run_dir=out", "key_frames=3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = told_of(tmp_path / "out", "<b>film")
    assert [one["start_seconds"] for one in told["shots"]] == [0.0, 3.0, 6.0]
    assert [one["shot"] for one in told["key_frames"]] == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 40])
def test_a_video_of_few_frames_is_one_shot_with_a_key_frame(videoai_command, untrained, tmp_path, number):
    frames = np.random.default_rng(0).integers(0, 255, (number, 32, 32, 3), dtype=np.uint8)
    write_clip(tmp_path / "short.mp4", frames, 10.0)
    done = videoai_command("describe", untrained, "input=short.mp4", *ALONE, "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = told_of(tmp_path / "out", "short")
    assert told["video"]["num_frames"] == number
    assert len(told["shots"]) == 1 and told["key_frames"]


@pytest.mark.slow
def test_what_cannot_be_read_is_counted_and_stops_nobody(videoai_command, untrained, clip_folder, tmp_path):
    os.link(clip_folder / "up" / "up_0.mp4", os.fsencode(tmp_path) + b"/\xff.mp4")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "still.mp4").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 99)
    done = videoai_command("describe", untrained, "input=.", *ALONE, "run_dir=../out", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "2 of 3 videos could not be read." in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["error" in one for one in lines] == [True, True, False]
    assert told_of(tmp_path.parent / "out", "\udcff")["video"]["path"].endswith("\udcff.mp4")
    alone = videoai_command("describe", untrained, "input=broken.mp4", *ALONE, "run_dir=../out", cwd=tmp_path)
    assert alone.returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("checkpoint=[]", "input=x.mp4"), "checkpoint=[]: name one or more"),
        (("checkpoint=[a.pt,a.pt]", "input=x.mp4"), "checkpoint names a.pt twice"),
        (("checkpoint=a.pt", "input=x.mp4", "shots=false"), "input=x.mp4: no such file"),
        (("checkpoint=a.pt", "input=", "shots=false"), "input is empty"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_read(videoai_command, tmp_path, words, said):
    done = videoai_command("describe", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_generator_describes_nothing(videoai_command, clip_folder, tmp_path):
    state = {
        "format": checkpoint.FORMAT,
        "config": {"task": "gan", "data": {}},
        "classes": ["a"],
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": {},
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(tmp_path / "gan.pt", state)
    video = f"input={clip_folder}/up/up_0.mp4"
    done = videoai_command("describe", "checkpoint=gan.pt", video, *ALONE, cwd=tmp_path)
    assert done.returncode == 1
    assert "gan.pt" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
