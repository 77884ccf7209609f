import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from videoai.data.decode import open_video
from videoai.data.decode.frame_folder import open_frame_folder
from videoai.data.media import BadVideo


def grey(value: int, size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.new("RGB", size, (value, value, value))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Frames 1 ... 12, without leading zeros; frame i is of grey level 10 i."""
    path = tmp_path / "clip"
    path.mkdir()
    for number in range(1, 13):
        grey(10 * number).save(path / f"img_{number}.png")
    return path


def levels(frames: torch.Tensor) -> list[int]:
    return frames[:, 0, 0, 0].tolist()


def test_numbers_decide_the_order(folder):
    with open_video(folder) as video:
        assert (video.num_frames, video.height, video.width, video.fps) == (12, 6, 8, 30.0)
        assert levels(video.frames([0, 1, 9, 11])) == [10, 20, 100, 120]
        assert video.frames([0], size=3).shape == (1, 3, 3, 4)


def test_the_rate_comes_from_the_caller(folder):
    with open_video(folder, frame_fps=12.5) as video:
        assert video.fps == 12.5
        assert video.timestamps[5] == pytest.approx(5 / 12.5)


def test_a_gap_in_the_numbers_is_no_frame(folder):
    (folder / "img_2.png").unlink()
    with open_video(folder) as video:
        assert levels(video.frames([0, 1, 2])) == [10, 30, 40]


def test_other_files_are_no_frames(folder):
    (folder / "notes.txt").write_text("x")
    (folder / "cover.jpg").write_bytes(b"x")
    with open_video(folder) as video:
        assert video.num_frames == 12


def test_flow_beside_images_is_left_out(folder):
    for number in range(1, 4):
        grey(0).save(folder / f"flow_x_{number:05d}.jpg")
    with open_video(folder) as video:
        assert video.num_frames == 12


def test_two_series_without_a_name_for_one_are_refused(folder):
    for number in range(1, 13):
        os.rename(folder / f"img_{number}.png", folder / f"left_{number}.png")
    grey(0).save(folder / "right_1.png")
    with pytest.raises(BadVideo, match=r"unknown_format while opening: 2 series of numbered images \(left_\*, right_"):
        open_video(folder)


def test_grey_and_palette_images_become_rgb(tmp_path):
    grey(50).convert("L").save(tmp_path / "1.jpg")
    grey(90).convert("P").save(tmp_path / "2.png")
    with open_video(tmp_path) as video:
        assert video.frames([0, 1]).shape == (2, 3, 6, 8)


def test_jpeg_pixels_are_those_that_pillow_decodes(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "1.JPEG")
    with open_video(tmp_path) as video, Image.open(tmp_path / "1.JPEG") as image:
        assert np.array_equal(video.frames([0])[0].permute(1, 2, 0).numpy(), np.asarray(image))


DAMAGES = ("cut", "empty", "text", "pipe", "other size", "gif")


@pytest.mark.parametrize(
    ("damage", "number"), [("missing", 5), *((damage, number) for damage in DAMAGES for number in (1, 5))]
)
def test_a_damaged_image_makes_a_bad_video(folder, damage, number):
    path = folder / f"img_{number}.png"
    data = path.read_bytes()
    opened = open_frame_folder(folder) if damage == "missing" else None  # it goes after the folder was listed
    path.unlink()
    if damage == "pipe":
        os.mkfifo(path)
    elif damage == "gif":
        grey(0).save(path, format="GIF")
    elif damage == "other size":
        grey(0, (10, 10)).save(path)
    elif damage != "missing":
        path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "text": b"no image"}[damage])
    with pytest.raises(BadVideo, match="clip: ") as bad:
        (opened or open_frame_folder(folder)).frames(range(12))
    assert bad.value.reason == {"missing": "missing", "pipe": "not_a_file"}.get(damage, "corrupt")
    assert bad.value.path == str(folder)


def test_a_huge_image_is_refused_before_it_is_decoded(folder, monkeypatch):
    monkeypatch.setattr("videoai.data.decode.frame_folder.MAX_PIXELS", 47)
    with pytest.raises(BadVideo, match="too_large while decoding: img_1.png is 8 x 6, above 47 pixels"):
        open_video(folder)


def test_a_folder_without_images_is_no_video(tmp_path):
    with pytest.raises(BadVideo, match=r"not_a_file while opening: a folder without numbered \.jpg or \.png files"):
        open_video(tmp_path)
