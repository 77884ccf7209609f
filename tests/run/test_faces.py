"""What a checkpoint that learned from crops of faces does with videos that are none."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image

import videoai
from videoai.core import checkpoint
from videoai.data.encode import write_clip
from videoai.run.datasets.prepare import prepare
from videoai.run.ensemble import check_members
from videoai.run.faces import cropping_as_trained
from videoai.run.features.extract import extract
from videoai.run.predict import predict
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.settings.features import ExtractSettings
from videoai.settings.parse import parse
from videoai.settings.verbs import PredictSettings

HAAR = {"faces": "auto", "faces_detector": "haar", "faces_per_second": 5.0, "faces_margin": 1.5}
NO_OPENCV = "finding faces needs videoai[faces]"


def crops(folder: Path) -> str:
    """A video in a folder that says it was cropped."""
    folder.mkdir()
    (folder / "prepare.json").write_text(json.dumps(HAAR))
    return str(folder / "videos" / "a.mp4")


@pytest.mark.parametrize("state", [{}, {"faces": None}, {"faces": "auto"}, {"faces": 3}])
def test_a_checkpoint_of_whole_pictures_reads_whole_pictures(state, caplog):
    assert cropping_as_trained(state, ["a.mp4"], faces="auto", model=None) is None
    assert not caplog.text


def test_raw_videos_are_cropped_as_in_training():
    pytest.importorskip("cv2", reason=NO_OPENCV)
    cropping = cropping_as_trained({"faces": HAAR}, ["a.mp4"], faces="auto", model=None)
    assert cropping is not None
    assert cropping.margin == 1.5
    assert (cropping.finder.detector, cropping.finder.model, cropping.finder.per_second) == ("haar", None, 5.0)  # pyright: ignore[reportAttributeAccessIssue]


def test_crops_are_not_cropped_again(tmp_path, caplog):
    caplog.set_level("INFO")
    assert cropping_as_trained({"faces": HAAR}, [crops(tmp_path / "made")], faces="auto", model=None) is None
    assert "these videos are crops already" in caplog.text


@pytest.mark.parametrize(
    ("trained", "faces", "words"),
    [
        (HAAR, "off", ["faces=auto", "faces_detector=haar"]),
        ({"faces": "auto", "faces_detector": "yunet"}, "off", ["faces=auto"]),
        ({"faces": "precomputed"}, "auto", ["faces=precomputed", "faces_boxes=BOXES.csv"]),
        ({"faces": "auto", "faces_detector": "a stranger's"}, "auto", ["faces=auto"]),
    ],
)
def test_what_is_not_cropped_is_said_with_the_command_that_crops(trained, faces, words, caplog):
    assert cropping_as_trained({"faces": trained}, ["a.mp4"], faces=faces, model=None) is None
    command = shlex.split(caplog.messages[0].partition("To crop first: ")[2])
    assert command[:3] == ["videoai", "data", "prepare"]
    assert command[-len(words) :] == words


def test_crops_among_raw_videos_are_said(tmp_path, caplog):
    paths = ["a.mp4", crops(tmp_path / "made")]
    assert cropping_as_trained({"faces": HAAR}, paths, faces="auto", model=None) is None
    assert "some of these are crops and some are not" in caplog.text


@pytest.mark.parametrize("margin", [1e9, -1, "wide", float("nan"), [1.3]])
def test_numbers_of_a_stranger_stay_within_limits(margin):
    pytest.importorskip("cv2", reason=NO_OPENCV)
    state = {"faces": {**HAAR, "faces_margin": margin}}
    cropping = cropping_as_trained(state, ["a.mp4"], faces="auto", model=None)
    assert cropping is not None
    assert cropping.margin == 1.3


def test_members_of_an_ensemble_were_cropped_alike():
    config = {"model": {"name": "tiny_r3d"}, "task": {"name": "classify"}}
    states = [{"config": config, "classes": ["a"], "clip": {}, "faces": faces} for faces in (HAAR, None)]
    with pytest.raises(ValueError, match="differ in how faces were cut out"):
        check_members([Path("one.pt"), Path("two.pt")], states)


def write_faces(root: Path) -> None:
    """Two classes of moving photographs, and one video without a face."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as picture:
        face = picture.convert("RGB").resize((128, 150))
    for name, step in (("left", -5), ("right", 5)):
        (root / name).mkdir(parents=True)
        for number in range(3):
            frames = []
            for at in range(16):
                whole = Image.new("RGB", (320, 200), (90, 100, 110))
                if (name, number) != ("left", 2):
                    whole.paste(face, (100 + step * at, 30 + 5 * number))
                frames.append(np.asarray(whole))
            write_clip(root / name / f"{number}.mp4", np.stack(frames), fps=8)


@pytest.mark.slow
def test_a_model_of_crops_answers_for_raw_videos_as_for_crops(tmp_path, caplog):
    pytest.importorskip("cv2", reason=NO_OPENCV)
    write_faces(tmp_path / "raw")
    settings = {"out": str(tmp_path / "made"), "to": "clips", "num_workers": 0}
    settings |= {"faces": "auto", "faces_detector": "haar"}
    made = prepare(parse(PrepareSettings, settings), parse(DataSettings, {"name": "folder", "root": f"{tmp_path}/raw"}))
    assert made.faces is not None
    assert made.faces.without == ("left/2.mp4",)
    trainer = {"batch_size": 2, "max_steps": 1, "precision": "fp32"}
    run, data = str(tmp_path / "run"), {"name": "csv", "path": made.manifest, "val_fraction": 0}
    videoai.train(data=data, model="tiny_r3d", loading={"num_workers": 0}, trainer=trainer, run_dir=run)
    best = f"{run}/checkpoints/last.pt"
    assert checkpoint.load(best)["faces"]["faces_detector"] == "haar"
    cropped = answers(best, tmp_path / "made/frames/right", tmp_path / "one")
    raw = answers(best, tmp_path / "raw/right", tmp_path / "two")
    whole = answers(best, tmp_path / "raw/right", tmp_path / "three", faces="off")
    assert len(cropped) == len(raw) == 3
    for one, two, three in zip(cropped, raw, whole, strict=True):
        assert two == pytest.approx(one, abs=1e-3)
        assert three != pytest.approx(one, abs=1e-5)
    answers(best, tmp_path / "raw/left/2.mp4", tmp_path / "four")
    assert "left/2.mp4: no face found, so the whole picture is read" in caplog.text
    given = {"checkpoint": best, "input": f"{tmp_path}/raw/right/*", "run_dir": f"{tmp_path}/table", "format": "npz"}
    caplog.clear()
    extract(parse(ExtractSettings, given))
    assert "trained on crops of faces, and these are read as they are" in caplog.text
    model = videoai.load(best)
    caplog.clear()
    model.predict(f"{tmp_path}/made/frames/right/*")
    assert not caplog.text
    model.predict(f"{tmp_path}/raw/right")
    assert "trained on crops of faces, and this is read whole, as are 3 of 3" in caplog.text


def answers(best: str, videos: Path, run_dir: Path, **settings: Any) -> list[dict[str, float]]:
    """The probability of each class, for each file."""
    given = {"checkpoint": best, "input": f"{videos}/*" if videos.is_dir() else str(videos), "run_dir": str(run_dir)}
    records = predict(parse(PredictSettings, {**given, **settings}))
    return [{one["label"]: one["probability"] for one in record["top"]} for record in records]
