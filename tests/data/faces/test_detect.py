"""A real detector on a photograph that matplotlib ships: Grace Hopper, a work of the US Navy in the public domain."""

import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image

from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.faces.detect import Detecting, looked_at, open_detector

YUNET = os.environ.get("VIDEOAI_YUNET", "")  # the file of the network, which no package brings
DETECTORS = ["haar", pytest.param("yunet", marks=pytest.mark.skipif(not YUNET, reason="VIDEOAI_YUNET names no file"))]


@pytest.fixture(autouse=True)
def _needs_opencv() -> None:
    pytest.importorskip("cv2", reason="finding faces needs videoai[faces]")


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    path = str(get_sample_data("grace_hopper.jpg", asfileobj=False))
    with Image.open(path) as picture:
        return picture.convert("RGB").resize((128, 150))


def model_of(name: str) -> str | None:
    return YUNET if name == "yunet" else None


def moving_face(photograph: Image.Image, path: Path, *, copies: int = 1) -> Path:
    """The photograph goes right, 4 px a frame; a smaller one may hang in the corner."""
    frames = []
    for number in range(20):
        picture = Image.new("RGB", (320, 200), (90, 100, 110))
        picture.paste(photograph, (20 + 4 * number, 40))
        if copies == 2:
            picture.paste(photograph.resize((85, 100)), (232, 0))
        frames.append(np.asarray(picture))
    write_clip(path, np.stack(frames), fps=10)
    return path


@pytest.mark.parametrize("name", DETECTORS)
def test_a_face_is_found_where_it_is(name, photograph):
    (face,) = open_detector(name, model_of(name))(np.asarray(photograph))
    x, y = face.middle
    assert (x, y) == pytest.approx((66, 55), abs=8)
    assert 35 < face.w < 70


@pytest.mark.parametrize("name", DETECTORS)
def test_a_picture_without_a_face_has_none(name):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    assert open_detector(name, model_of(name))(noise) == []


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("copies", [1, 2])
def test_the_main_face_of_a_video_is_followed_and_the_same_each_time(name, copies, photograph, tmp_path):
    finder = Detecting(detector=name, model=model_of(name))
    with open_video(moving_face(photograph, tmp_path / "a.mp4", copies=copies)) as video:
        track = finder.track(video, "a.mp4")
        assert finder.track(video, "a.mp4") == track
    assert track is not None
    middles = [box.middle[0] for box in track.boxes]
    assert middles == pytest.approx([86 + 40 * at for at in track.seconds], abs=10)
    assert track.is_alone == (copies == 1)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_text("no network")
    with pytest.raises(ValueError, match="cannot read it as YuNet"):
        open_detector("yunet", str(tmp_path / "x.onnx"))


@pytest.mark.parametrize(
    ("fps", "per_second", "numbers"),
    [(10, 10, [0, 1, 2, 3, 4, 5]), (30, 10, [0, 3]), (10, 100, [0, 1, 2, 3, 4, 5]), (10, 2, [0, 5])],
)
def test_the_first_frame_of_each_interval_is_looked_at(fps, per_second, numbers):
    assert looked_at(np.arange(6) / fps, per_second).tolist() == numbers
