"""``videoai explain``, as subprocesses on real files."""

import json
import re
from pathlib import Path

import av
import pytest
import torch

import videoai
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import render
from videoai.models import create_model

CLASSES = ["run", "<b>jump", "fall"]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("classifier") / "a.pt"
    checkpoint.save(
        path,
        {
            "format": checkpoint.FORMAT,
            "config": {"model": {"name": "tiny_r3d"}, "task": {"name": "classify"}, "data": {}},
            "classes": CLASSES,
            "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
            "model": create_model("tiny_r3d", num_classes=len(CLASSES)).state_dict(),
            "step": 0,
            "versions": checkpoint.versions(),
        },
    )
    return path


@pytest.fixture
def film(tmp_path) -> Path:
    """Four clips of 16 frames behind each other: long enough for several windows."""
    frames, _ = render(label=0, seed=0, split="train", index=0, level="easy", size_px=64, num_frames=64)
    write_clip(tmp_path / "<b>film.mp4", frames, 15.0)
    return tmp_path / "<b>film.mp4"


@pytest.mark.slow
def test_a_folder_is_explained_and_what_cannot_be_read_is_a_line(videoai_command, classifier, film, tmp_path):
    (tmp_path / "films").mkdir()
    film.rename(tmp_path / "films" / film.name)
    (tmp_path / "films" / "broken.mp4").write_bytes(b"nothing")
    done = videoai_command("explain", f"checkpoint={classifier}", "input=films", "device=cpu", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    good, bad = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda one: "error" in one)
    assert "broken.mp4" in bad["error"] and "1 of 2 videos could not be read" in done.stderr
    assert good["method"] == "grad_cam" and good["target"] in CLASSES
    folder = tmp_path / "runs/explain/<b>film"
    told = json.loads((folder / "explanation.json").read_text())
    assert len(told["frames"]) == 8 and sum(one["share"] for one in told["frames"]) == pytest.approx(1, abs=1e-4)
    assert 0 <= told["hottest"]["x"] <= 1 and told["window"]["end_seconds"] > told["window"]["start_seconds"]
    with av.open(str(folder / "overlay.mp4")) as video:
        frames = list(video.decode(video=0))
    assert len(frames) == 8 and frames[0].width == 2 * frames[0].height >= 512
    page = (folder / "explanation.html").read_text()
    assert "<b>film" not in page and "<b>jump" not in page and not re.search(r'(src|href)="https?:', page)
    assert (folder / "contact_sheet.png").read_bytes().startswith(b"\x89PNG")


def explained(classifier, film, tmp_path, **settings):
    settings = {"device": "cpu", "run_dir": str(tmp_path / "out"), **settings}
    return videoai.explain(str(classifier), str(film), **settings)[0]


def test_a_class_and_a_moment_can_be_asked_for(classifier, film, tmp_path):
    told = explained(classifier, film, tmp_path, target="fall", at_seconds=2.5)
    assert told["target"] == "fall"
    assert told["window"]["start_seconds"] <= 2.5 <= told["window"]["end_seconds"]


@pytest.mark.parametrize("method", ["layer_cam", "occlusion", "temporal_occlusion", "integrated_gradients"])
def test_each_method_writes_its_files(classifier, film, tmp_path, method):
    told = explained(classifier, film, tmp_path, method=method, at_seconds=1.0)
    assert told["method"] == method and bool(told["layer"]) == (method == "layer_cam")
    assert all(Path(path).is_file() for path in told["files"].values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "runn"}, r"target=runn: no class.*Did you mean run"),
        ({"at_seconds": 99.0}, r"at_seconds=99: .* lasts from 0 to 4\.27 s"),
        ({"method": "attention_rollout"}, "method=grad_cam"),
        ({"layer": "stages.7"}, r"layer=stages\.7.*stages\.1"),
        ({"method": "occlusion", "layer": "stages.1"}, "reads no layer"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_what_can(classifier, film, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        explained(classifier, film, tmp_path, **settings)


def test_the_score_is_the_one_that_predict_gives(classifier, film, tmp_path):
    told = explained(classifier, film, tmp_path)
    answer = videoai.predict(str(classifier), [str(film)], device="cpu")[0].to_dict()
    best = max((window for window in answer["timeline"]), key=lambda one: one["probability"])
    assert told["target"] == best["label"]
    assert told["score"] == pytest.approx(best["probability"], abs=1e-4)
    assert told["window"]["start_seconds"] == pytest.approx(best["start_seconds"], abs=2e-3)


@pytest.mark.slow
def test_the_page_of_an_evaluation_shows_what_the_answers_depend_on(videoai_command, clip_folder, tmp_path):
    data = ("data=folder", f"data.root={clip_folder}", "model=tiny_r3d", "clip.num_frames=8", "device=cpu")
    done = videoai_command("train", *data, "trainer.max_steps=4", "run_dir=run", "report=false", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    checkpoint = "checkpoint=run/checkpoints/best.pt"
    done = videoai_command("evaluate", checkpoint, "explain=grad_cam", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "was not made" not in done.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    assert "explain=grad_cam: the brighter, the more" in page
    plain = videoai_command("evaluate", checkpoint, "run_dir=plain", cwd=tmp_path)
    assert plain.returncode == 0 and ": heat" not in (tmp_path / "plain" / "report.html").read_text()
    done = videoai_command("evaluate", checkpoint, "explain=attention_rollout", "run_dir=other", cwd=tmp_path)
    assert "other/report.html" not in done.stdout and "method=grad_cam" in done.stderr
