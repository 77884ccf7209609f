"""A frame of some videos of each class, in one picture."""

import shutil

import numpy as np
import pytest
from PIL import Image

from videoai.core import sheet
from videoai.data.lists.from_files import from_folder
from videoai.run.datasets import montage
from videoai.run.datasets.montage import write_montage


@pytest.fixture
def rows(monkeypatch) -> list:
    """The rows that are drawn."""
    drawn = []
    monkeypatch.setattr(montage, "sheet", lambda given: drawn.extend(given) or sheet.sheet(given))
    return drawn


def test_each_class_has_a_row_with_its_count(clip_folder, tmp_path, rows):
    write_montage(tmp_path / "montage.png", from_folder(clip_folder), None)
    assert [row.title for row in rows] == ["down", "left", "right", "up"]
    for row in rows:
        assert row.note.startswith("6 clips: train ")
        assert sorted(cell.caption for cell in row.cells) == [f"{row.title}_{index}.mp4" for index in range(6)]
    with Image.open(tmp_path / "montage.png") as image:
        assert np.asarray(image).std() > 5


def test_a_video_that_cannot_be_read_has_a_grey_place(clip_folder, tmp_path, rows):
    root = tmp_path / "clips"
    shutil.copytree(clip_folder, root)
    (root / "up" / "up_3.mp4").write_bytes(b"no video")
    write_montage(tmp_path / "montage.png", from_folder(root), None)
    (bad,) = [cell for row in rows for cell in row.cells if ":" in cell.caption]
    assert bad.caption == "unknown_format: up_3.mp4"
    assert bad.picture.float().std() == 0


def test_more_classes_than_one_can_look_at_are_counted(clip_folder, tmp_path, rows, monkeypatch):
    monkeypatch.setattr(montage, "MAX_CLASSES", 3)
    write_montage(tmp_path / "montage.png", from_folder(clip_folder), None)
    assert [row.note for row in rows][-1] == "more classes: 1"
