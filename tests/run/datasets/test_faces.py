"""``data prepare faces=...`` on rendered videos whose boxes are known; with OpenCV also found."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.faces.record import recorded_faces
from videoai.data.lists.from_files import from_csv
from videoai.run.datasets.faces import WITHOUT, boxes_of
from videoai.run.datasets.prepare import prepare
from videoai.run.faces import yunet_file
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.settings.parse import parse

NAMES = ("a/0.mp4", "a/1.mp4", "b/2.mp4", "b/3.mp4")
NO_BOX = "b/3.mp4"  # the table has no box of it


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four videos of 96 x 64 px in which a bright square of 20 px moves, and a table of its boxes."""
    root, lines = tmp_path / "in", []
    for number, name in enumerate(NAMES):
        frames = np.full((12, 64, 96, 3), 90, np.uint8)
        for at, frame in enumerate(frames):
            x, y = 5 + 4 * at, 10 + number
            frame[y : y + 20, x : x + 20] = 240
            lines += [f"{name},{at / 10},{x},{y},20,20\n"] if name != NO_BOX else []
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_clip(root / name, frames, fps=10)
    (tmp_path / "boxes.csv").write_text("path,seconds,x,y,w,h\n" + "".join(lines))
    return root


def run(source: Path, out: Path, **settings: Any):
    given = {"faces": "precomputed", "faces_boxes": str(source.parent / "boxes.csv"), "num_workers": 0, **settings}
    data = {"name": "folder", "root": str(source)}
    return prepare(parse(PrepareSettings, {"out": str(out), **given}), parse(DataSettings, data))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def listed(out: Path) -> set[str]:
    return {row["path"] for row in csv.DictReader((out / "clips.csv").read_text().splitlines())}


@pytest.mark.parametrize("to", ["videos", "clips"])
def test_the_face_is_cut_out_and_a_video_without_one_is_whole_and_listed(source, tmp_path, to):
    done = run(source, tmp_path / "out", to=to, faces_margin=1.0)
    for item in (item for items in from_csv(done.manifest).splits.values() for item in items):
        with open_video(item.path) as video:
            if Path(NO_BOX).stem in Path(item.path).name:
                assert (video.height, video.width) == (64, 96)
            else:
                assert (video.height, video.width) == (20, 20)
                assert video.frames(range(12)).float().mean() > 215  # grey is 90
    assert done.faces is not None
    assert (done.faces.num_videos, done.faces.without, done.faces.num_several) == (4, (NO_BOX,), 0)
    assert (tmp_path / "out/no_face.csv").read_text() == f"path,outcome\n{NO_BOX},kept whole\n"


def test_videos_without_a_face_can_be_left_out(source, tmp_path):
    done = run(source, tmp_path / "out", faces_missing="leave_out")
    assert listed(tmp_path / "out") == {f"videos/{name}" for name in NAMES if name != NO_BOX}
    assert sum(done.splits.values()) == 3
    assert "left out of clips.csv" in (tmp_path / "out/no_face.csv").read_text()


@pytest.mark.parametrize("num_workers", [0, 1])
def test_the_written_table_makes_the_same_videos_again(source, tmp_path, num_workers):
    run(source, tmp_path / "one")
    run(source, tmp_path / "two", faces_boxes=str(tmp_path / "one/faces.csv"), num_workers=num_workers)
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    assert {name for name in one if one[name] != two[name]} <= {"prepare.json"}
    assert one["faces.csv"].count(b"\n") == 1 + 3 * 12


def test_a_stopped_preparation_goes_on_to_the_same_bytes(source, tmp_path):
    done = run(source, tmp_path / "out")
    whole = tree(tmp_path / "out")
    journal = tmp_path / "out/prepared.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    (tmp_path / "out/faces.csv").unlink()
    (tmp_path / "out/boxes/b/2.mp4.csv").unlink()
    again = run(source, tmp_path / "out")
    assert (done.num_made, again.num_made) == (4, 2)
    assert again.faces == done.faces
    assert tree(tmp_path / "out") == whole


@pytest.mark.parametrize("change", [{"faces_margin": 1.5}, {"faces": None}, {"faces_missing": "leave_out"}])
def test_other_settings_of_faces_want_another_folder(source, tmp_path, change):
    run(source, tmp_path / "out")
    with pytest.raises(ValueError, match=r"was made with faces"):
        run(source, tmp_path / "out", **change)


def test_another_table_wants_another_folder(source, tmp_path):
    run(source, tmp_path / "out")
    with (tmp_path / "boxes.csv").open("a") as file:
        file.write(f"{NO_BOX},0,1,1,9,9\n")
    with pytest.raises(ValueError, match="was made with faces_boxes="):
        run(source, tmp_path / "out")


def test_boxes_that_were_deleted_are_missed(source, tmp_path):
    run(source, tmp_path / "out")
    (tmp_path / "out/boxes/a/0.mp4.csv").unlink()
    with pytest.raises(OSError, match="is not there any more"):
        boxes_of(tmp_path / "out", "a/0.mp4")


def test_an_unreadable_video_is_no_video_without_a_face(source, tmp_path):
    (source / "a/broken.mp4").write_text("no video")
    done = run(source, tmp_path / "out")
    assert len(done.unreadable) == 1
    assert done.faces is not None
    assert done.faces.num_videos == 4


def test_a_set_without_any_face_cannot_be_left_out(source, tmp_path):
    pytest.importorskip("cv2", reason="finding faces needs videoai[faces]")
    found = {"faces": "auto", "faces_boxes": None, "faces_detector": "haar"}
    with pytest.raises(ValueError, match="leaves no video: none shows a face"):
        run(source, tmp_path / "out", **found, faces_missing="leave_out")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"to": "shards"}, "shards keep files as they are"),
        ({"faces_boxes": None}, "needs the table of boxes: faces_boxes=FILE"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(source, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        run(source, tmp_path / "out", **settings)


@pytest.mark.parametrize("path", ["clips.csv", "videos/a/0.mp4"])
def test_the_folder_says_how_faces_were_cut_out(source, tmp_path, path):
    run(source, tmp_path / "out")
    said = recorded_faces(tmp_path / "out" / path)
    assert said is not None
    assert (said["faces"], said["faces_margin"]) == ("precomputed", 1.3)
    assert recorded_faces(source / "a/0.mp4") is None
    (tmp_path / "out/prepare.json").write_text(json.dumps({"format": 1, "to": "videos"}))
    assert recorded_faces(tmp_path / "out" / path) is None


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"faces_model=.*no such file. It is fetched from https"):
        yunet_file(str(tmp_path / "none.onnx"), "")


def test_without_the_network_the_ways_on_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    monkeypatch.setattr("videoai.run.faces.YUNET_URL", (tmp_path / "none.onnx").as_uri())
    with pytest.raises(OSError, match=r"cannot be fetched here.*faces_model=FILE.*Without it: faces_detector=haar"):
        yunet_file(None, WITHOUT["yunet"])


def test_another_file_in_the_cache_is_refused(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/yunet_2026may.onnx").write_text("another")
    with pytest.raises(ValueError, match="not the published YuNet"):
        yunet_file(None, "")


def test_haar_finds_no_face_in_a_square(source, tmp_path):
    pytest.importorskip("cv2", reason="finding faces needs videoai[faces]")
    done = run(source, tmp_path / "out", faces="auto", faces_boxes=None, faces_detector="haar")
    assert done.faces is not None
    assert len(done.faces.without) == 4
